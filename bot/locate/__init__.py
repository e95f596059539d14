"""Issue text and a file table in, ranked files and line windows out; nothing here reads a file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.locate.located import Located

if TYPE_CHECKING:
    from bot.locate.history import PastChange
    from bot.locate.ranking import locate
    from bot.locate.scan import FileTable

__all__ = ["FileTable", "Located", "PastChange", "locate"]


def __getattr__(name: str) -> Any:
    """Import the search when it is first asked for: its tables take longer than reading back a kept answer."""
    if name == "locate":
        from bot.locate.ranking import locate  # noqa: PLC0415 - see above

        return locate
    if name == "PastChange":
        from bot.locate.history import PastChange  # noqa: PLC0415 - see above

        return PastChange
    if name == "FileTable":
        from bot.locate.scan import FileTable  # noqa: PLC0415 - see above

        return FileTable
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
