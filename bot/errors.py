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
    """The model endpoint gave no usable answer; the message says why in words for the thread, never with the key.

    `text` is what had come of the answer, without reasoning; empty where nothing had. `kind` says what to look at:
    `unreachable`, `key`, `model`, `quota`, `rate`, `prompt`, `time`, `cut`, `refused`, or empty; where several
    endpoints failed, of the first.
    """

    def __init__(self, message: str, text: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.text = text
        self.kind = kind


class CutAnswerError(ModelError):
    """The answer ran into the limit of tokens; `text` is what came until then."""


class RefusedError(ModelError):
    """The model did not want to answer, or a content filter stopped it; asking again is of little use."""


class AbandonedError(ModelError):
    """Whoever listened to the answer wanted no more of it; `text` is what they had heard."""


class WorktreeError(BotError):
    """The local checkout cannot give what was asked of it."""
