"""The entry: hands the command line to `bot.cli`, and turns whatever comes back into an exit code.

0 done, 1 the user's problem, 2 usage, 3 our bug.
"""

from __future__ import annotations

import gc
import sys
import time


def main() -> int:
    """Run the command line of this process."""
    try:
        return _main()
    finally:
        # Python's last search for garbage takes a tenth of a second with this many modules, for nothing.
        gc.freeze()


def _main() -> int:
    began = time.monotonic()
    from bot import cli  # noqa: PLC0415 - its time counts towards the run's own
    from bot.errors import BotError, UsageError, UserError  # noqa: PLC0415 - as above

    try:
        return cli.main(sys.argv[1:], began)
    except UsageError as error:
        return _say(error, 2)
    except UserError as error:
        return _say(error, 1)
    except BotError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the one place where anything unforeseen ends
        return _bug(error)


def _say(error: Exception, code: int) -> int:
    what, _, remedy = str(error).partition("\n")
    sys.stderr.write(f"error: {what}\n" + (f"  {remedy}\n" if remedy else ""))
    return code


def _bug(error: Exception) -> int:
    import traceback  # noqa: PLC0415 - only for bugs

    if "--debug" in sys.argv:
        traceback.print_exc()
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name} in {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
    sys.stderr.write(f"error: this is a bug in Draftgate: {type(error).__name__} at {place}\n")
    sys.stderr.write("  Please report it; run with --debug for the traceback.\n")
    return 3


if __name__ == "__main__":
    sys.exit(main())
