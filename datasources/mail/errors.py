"""Why a mail was not sent, in words that name nobody."""


class MailError(Exception):
    """A mail that was not sent. `permanent` where it never will be, however often it is tried."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
