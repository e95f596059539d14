"""The model process: `adapters/model.py` starts it, asks it over stdin and reads its answers from stdout.

It exists because `import openai` takes longer than all the rest of a short run: here it happens while the parent talks
to GitHub. It gets endpoints and keys on the first line and no other secret at all, and it ends with its parent.

One JSON object a line. In: `{"endpoints": [...]}`, then requests with an `id`. Out: `{"id", "completion"}`,
`{"id", "error", "partial"}`, or `{"fatal"}` when the process cannot go on.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import queue
import resource
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from bot.adapters.lean_import import defer
from bot.adapters.model_chat import Chat, Request, Target
from bot.adapters.model_errors import ModelFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType

_THREADS = 16
"""Requests at once; more of them wait in line."""

_MEMORY = 512 * 1024 * 1024
"""Bytes of data the process may hold, ten times its usual: no reply can take the whole machine."""

_PR_SET_DUMPABLE = 4
"""From prctl(2)."""


def main() -> NoReturn:
    """Serve until stdin ends."""
    gc.disable()  # what the imports make stays: looking for garbage in it is a twentieth of their time
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, inbox), daemon=True).start()
    mouth = _Mouth(_private_stdout())
    sys.excepthook = mouth.report_crash
    _harden()
    _import_clients()
    gc.freeze()
    gc.enable()
    targets = [Target(**endpoint) for endpoint in json.loads(inbox.get())["endpoints"]]
    mouth.secrets = tuple(target.api_key for target in targets if target.api_key)
    chat = Chat(targets)
    chat.warm()
    pool = ThreadPoolExecutor(_THREADS)
    while True:
        question = json.loads(inbox.get())
        pool.submit(_answer, chat, question).add_done_callback(mouth.sayer(question["id"]))


def _listen(stdin: BinaryIO, inbox: queue.SimpleQueue[bytes]) -> NoReturn:
    """Take lines in from the first moment; the end of stdin is the end of the parent, so of everything here."""
    for line in stdin:
        inbox.put(line)
    os._exit(0)


def _private_stdout() -> BinaryIO:
    """The pipe to the parent, out of reach of any library that prints."""
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return own


def _harden() -> None:
    """Bound the memory, and keep other processes of this user from reading the key out of it (Linux)."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    bound = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _import_clients() -> None:
    """Import here, in the main thread, what requests need, so that none of them waits for it."""
    defer("openai.types")
    import openai  # noqa: PLC0415, F401  only after `defer`
    import tenacity  # noqa: PLC0415, F401  as above


def _answer(chat: Chat, question: dict[str, Any]) -> dict[str, Any]:
    messages = [{**message, "content": _encodable(message["content"])} for message in question["messages"]]
    request = Request(messages, question["max_tokens"], question["temperature"], question["deadline"])
    try:
        return {"completion": chat.ask(request)}
    except ModelFailure as failure:
        return {"error": str(failure), "partial": failure.partial}


def _encodable(text: str) -> str:
    """The text without lone surrogates, which JSON can say and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


class _Mouth:
    """Writes lines to the parent, from several threads; no key leaves through an error."""

    def __init__(self, pipe: BinaryIO) -> None:
        self.secrets: tuple[str, ...] = ()
        self._pipe = pipe
        self._lock = threading.Lock()

    def sayer(self, identity: int) -> Callable[[Future[dict[str, Any]]], None]:
        """What says the end of request `identity`, also when it met a bug of ours."""

        def say(future: Future[dict[str, Any]]) -> None:
            bug = future.exception()
            self._say({"id": identity, **({"error": _crash(bug), "partial": ""} if bug else future.result())})

        return say

    def report_crash(self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        """Python's own hook for an exception that nobody catches."""
        self._say({"fatal": _crash(error)})
        os._exit(1)

    def _say(self, line: dict[str, Any]) -> None:
        for name in {"error", "fatal"} & line.keys():
            for secret in self.secrets:
                line[name] = line[name].replace(secret, "***")
        data = json.dumps(line).encode() + b"\n"
        with self._lock:
            self._pipe.write(data)
            self._pipe.flush()


def _crash(error: BaseException) -> str:
    """Where and what, without a traceback, whose lines could hold anything."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "unknown place"
    return f"the model process failed at {place}: {type(error).__name__}: {str(error)[:200]}"


if __name__ == "__main__":
    main()
