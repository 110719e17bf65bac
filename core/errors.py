"""The error words of the product.

Temporary: the same call may succeed later; whoever waits keeps what they have and tries again.
Permanent: it will not; refuse, and tell the person who can change it.
Everything else is a bug and stops at the outermost loop (`docs/architecture.md`, *Errors*).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class CareerRelayError(Exception):
    """Base of the expected errors; ``message`` is one clear line for the person who has to act."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Temporary(CareerRelayError):
    """Try again later."""


class Damaged(Temporary):
    """Stored data cannot be read: senders keep their mail until a person has restored it."""


class NotYet(Temporary):
    """What a job waits for is known not to come before ``at``: nothing was tried, so no try is counted."""

    def __init__(self, message: str, at: datetime) -> None:
        super().__init__(message)
        self.at = at


class Permanent(CareerRelayError):
    """Refuse and tell."""


class NotFound(Permanent):
    """What was asked for does not exist, or not for this asker."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One line of a ConfigError. ``text`` is for the command line; a page says it in its reader's language, by ``code``
    (stable, lower case) and the ``values`` that stand in it."""

    text: str
    code: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


class ConfigError(Permanent):
    """Wrong settings or wrong operator input; one line a problem: where, what is wrong, what to do."""

    def __init__(self, *problems: str | Mistake) -> None:
        self.mistakes = tuple(one if isinstance(one, Mistake) else Mistake(one) for one in problems)
        self.problems = tuple(one.text for one in self.mistakes)
        super().__init__("\n".join(self.problems))
