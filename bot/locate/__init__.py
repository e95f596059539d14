"""Issue text and a file table in, ranked files and line windows out; nothing here reads a file itself."""

from bot.locate.ranking import Located, locate
from bot.locate.scan import FileTable

__all__ = ["FileTable", "Located", "locate"]
