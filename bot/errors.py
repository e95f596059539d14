"""The exceptions that leave a room: one for people, one for each door to the outside."""


class BotError(Exception):
    """Anything Draftgate raises on purpose."""


class UserError(BotError):
    """A person can mend it: the text is shown to them, so it says what is wrong and what to do.

    `what` is one sentence without a final full stop; `remedy` is the next step, or empty.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}\n{remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class UsageError(UserError):
    """The command line was not understood (exit code 2)."""


class ForgeError(BotError):
    """GitHub gave no usable answer; `status` is the HTTP status, 0 for no answer at all.

    `uncertain` says that the request may have taken effect all the same: look before repeating it.
    """

    def __init__(self, message: str, status: int = 0, *, uncertain: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.uncertain = uncertain


class ModelError(BotError):
    """The model endpoint gave no usable answer; the text says why in words for the thread, never with the key."""


class WorktreeError(BotError):
    """The local checkout cannot give what was asked of it."""
