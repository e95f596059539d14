"""The model process: `adapters/model.py` starts it, asks it over stdin and reads its answers from stdout.

It exists because `import openai` takes longer than all the rest of a short run: here it happens while the parent talks
to GitHub. It gets endpoints and keys on the first line and no other secret at all, and it ends with its parent.

One JSON object a line. In: `{"endpoints": [...], "effort"}`, then requests with an `id`. Out: `{"id", "completion"}`,
`{"id", "error", "kind", "partial"}`, or `{"fatal"}` when the process cannot go on; before the end of a request
`{"id", "limits"}`, and `{"id", "at", "text"}` where it is `listening`. `{"cancel": id}` gives a request up: no more is
said of it.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import resource
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from bot.adapters.lean_import import defer
from bot.adapters.model_chat import Chat
from bot.adapters.model_errors import ModelFailure
from bot.adapters.model_request import AbandonedRequest, Request
from bot.adapters.model_target import Target
from bot.adapters.sandbox_view import guard_memory
from bot.core.endpoints import Profile

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

_THREADS = 16
"""Requests at once; more of them wait in line."""

_MEMORY = 512 * 1024 * 1024
"""Bytes of data the process may hold, ten times its usual: no reply can take the whole machine."""


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
    greeting = json.loads(inbox.get())
    targets = [Target(**endpoint, profile=Profile(greeting["effort"])) for endpoint in greeting["endpoints"]]
    mouth.secrets = tuple(target.api_key for target in targets if target.api_key)
    chat = Chat(targets)
    chat.warm()
    desk = _Desk(chat, mouth)
    if inbox.empty():  # nobody waits yet: the first request shall not share the machine with a look around
        desk.look()
    while True:
        desk.take(json.loads(inbox.get()))


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
    guard_memory()


def _import_clients() -> None:
    """Import here, in the main thread, what requests need, so that none of them waits for it."""
    defer("openai.types")
    import openai  # noqa: PLC0415, F401  only after `defer`
    import tenacity  # noqa: PLC0415, F401  as above


class _Desk:
    """Takes requests in, has them answered by threads, and gives up those that nobody waits for any more."""

    def __init__(self, chat: Chat, mouth: _Mouth) -> None:
        self._chat = chat
        self._mouth = mouth
        self._pool = ThreadPoolExecutor(_THREADS)
        self._open: dict[int, Request] = {}

    def look(self) -> None:
        """Learn what the first endpoint offers while there is nothing else to do."""
        self._pool.submit(self._chat.look)

    def take(self, line: dict[str, Any]) -> None:
        """Begin what the line asks for."""
        if request := self._open.get(line.get("cancel", 0)):
            request.abandon()
        elif identity := line.pop("id", None):
            self._open[identity] = request = Request(**line, report=partial(self._mouth.say, identity))
            self._pool.submit(_answer, self._chat, request).add_done_callback(partial(self._close, identity))

    def _close(self, identity: int, future: Future[dict[str, Any]]) -> None:
        """Say how the request ended, also when it met a bug of ours."""
        del self._open[identity]
        match future.exception():
            case None:
                self._mouth.say(identity, {"completion": future.result()})
            case ModelFailure() as failure:
                said = {"error": str(failure), "kind": failure.kind, "partial": failure.partial}
                self._mouth.say(identity, said)
            case AbandonedRequest():
                return
            case bug:
                self._mouth.say(identity, {"error": _crash(bug), "kind": "", "partial": ""})


def _answer(chat: Chat, request: Request) -> dict[str, Any]:
    request.messages = [{**message, "content": _encodable(message["content"])} for message in request.messages]
    return chat.ask(request)


def _encodable(text: str) -> str:
    """The text without lone surrogates, which JSON can say and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


class _Mouth:
    """Writes lines to the parent, from several threads; no key leaves through an error."""

    def __init__(self, pipe: BinaryIO) -> None:
        self.secrets: tuple[str, ...] = ()
        self._pipe = pipe
        self._lock = threading.Lock()

    def say(self, identity: int, line: dict[str, Any]) -> None:
        """Something about one request."""
        self._say({"id": identity, **line})

    def report_crash(self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        """Python's own hook for an exception that nobody catches."""
        self._say({"fatal": _crash(error)})
        os._exit(1)

    def _say(self, line: dict[str, Any]) -> None:
        for said in (line, line.get("completion", {})):
            for name in {"error", "fatal", "detour"} & said.keys():
                said[name] = self._masked(said[name])
        data = json.dumps(line).encode() + b"\n"
        with self._lock:
            self._pipe.write(data)
            self._pipe.flush()

    def _masked(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def _crash(error: BaseException) -> str:
    """Where and what, without a traceback, whose lines could hold anything."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "unknown place"
    return f"the model process failed at {place}: {type(error).__name__}: {str(error)[:200]}"


if __name__ == "__main__":
    main()
