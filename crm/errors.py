"""What the people floor refuses. The web turns each refusal's ``code`` into ja or en; the message is for the CLI."""

from dataclasses import dataclass

from core.errors import Permanent


class Refused(Permanent):
    """A rule of the product forbids this. ``code`` is stable, lower case, and names the rule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LinkGone(Refused):
    """The link is unknown, expired or revoked: the page is the same neutral one for all three."""

    def __init__(self) -> None:
        super().__init__("link_gone", "this link is not valid (any more)")


class WrongState(Refused):
    """The thing exists, but what was asked is not possible where it stands now."""


@dataclass(frozen=True, slots=True)
class WrongCode:
    """The six digits do not fit: ``code_wrong`` (try again), ``code_expired`` or ``code_tries`` (start anew).

    A value and no exception: the try must be counted, and an exception would roll that back.
    """

    code: str
    tries_left: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One field of a form and what is wrong with it."""

    field: str
    code: str


class FormRefused(Refused):
    """A form with problems; the page shows each beside its field."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        listed = ", ".join(f"{problem.field}: {problem.code}" for problem in problems)
        super().__init__("form", f"the form has problems ({listed})")
        self.problems = problems
