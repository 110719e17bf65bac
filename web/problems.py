"""What is wrong with a form, as its page shows it."""

from dataclasses import dataclass

from core.errors import ConfigError
from web.config_words import in_words


@dataclass(frozen=True, slots=True)
class Problem:
    """``field`` is the name of the form field, or empty when the whole form is meant."""

    field: str
    text: str


def of_config(error: ConfigError) -> list[Problem]:
    """An operator's wrong input: the floor below says it in one line each, `config_words` in the reader's language."""
    return [Problem(*in_words(line)) for line in error.problems]


def lines(text: str) -> tuple[str, ...]:
    """A text area with one entry a line (or separated by commas), as a tuple."""
    return tuple(entry.strip() for line in text.splitlines() for entry in line.split(",") if entry.strip())
