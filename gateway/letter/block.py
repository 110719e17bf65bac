"""The few lines that are added to a rejection mail, in both forms a mail can have."""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Block:
    """``text`` and ``html`` say the same; ``links`` are (relay, opt-out), each exactly once in both.

    Lines of ``text`` and ``html`` are separated by a line feed and have no line end after the last one.
    """

    text: str
    html: str
    links: tuple[str, str]

    def __post_init__(self) -> None:
        for link in self.links:
            if self.text.count(link) != 1 or self.html.count(escape(link)) != 1:
                raise ValueError("a block holds each of its links once in the text and once in the HTML")
        if "\r" in self.text or "\r" in self.html or "\0" in self.text or "\0" in self.html:
            raise ValueError("a block holds no carriage return and no NUL")

    @property
    def link_prefixes(self) -> tuple[str, ...]:
        """What every link of this installation starts with, whatever its token."""
        return tuple(link[: link.rindex("/") + 1] for link in self.links)
