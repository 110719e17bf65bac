"""The error words of the product.

Temporary: the same call may succeed later; whoever waits keeps what they have and tries again.
Permanent: it will not; refuse, and tell the person who can change it.
Everything else is a bug and stops at the outermost loop (`docs/architecture.md`, *Errors*).
"""

from datetime import datetime


class CareerRelayError(Exception):
    """Base of the expected errors; ``message`` is one clear line for the person who has to act."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Temporary(CareerRelayError):
    """Try again later."""


class NotYet(Temporary):
    """What a job waits for is known not to come before ``at``: nothing was tried, so no try is counted."""

    def __init__(self, message: str, at: datetime) -> None:
        super().__init__(message)
        self.at = at


class Permanent(CareerRelayError):
    """Refuse and tell."""


class NotFound(Permanent):
    """What was asked for does not exist, or not for this asker."""


class ConfigError(Permanent):
    """Wrong settings or wrong operator input; one line a problem: where, what is wrong, what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
