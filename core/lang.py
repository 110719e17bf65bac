"""The two languages of everything that people read."""

from typing import Literal

Lang = Literal["ja", "en"]


def lang_of(word: str | None) -> Lang:
    """Return the language that a stored word or a request names; anything but "en" is Japanese."""
    return "en" if word == "en" else "ja"
