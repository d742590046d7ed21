"""What goes wrong, said once: a sentence, and a hint about the way out."""


class WatchhouseError(Exception):
    """A failure that the person at the terminal can act on.

    `message` is one sentence without a full stop; `hint` says what to do next.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"


class UsageError(WatchhouseError):
    """An argument or a setting that cannot be meant."""

    exit_code = 2
