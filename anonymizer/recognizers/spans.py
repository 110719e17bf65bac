"""A recogniser is a name, the kinds it may report, and a pure function from a page to spans."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from anonymizer.model import Kind, Span
from anonymizer.page import Page

#: Known participants, 12 digits beside マイナンバー, who is greeted: stronger than any phrase around them.
SURE = 0.97


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One recogniser: what it may report, and how."""

    name: str
    kinds: tuple[Kind, ...]
    find: Callable[[Page], Iterable[Span]]
