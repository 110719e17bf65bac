"""What is wrong with a form, as its page shows it."""

from dataclasses import dataclass

from core.errors import ConfigError
from web.config_words import in_words


@dataclass(frozen=True, slots=True)
class Problem:
    """``field`` is the name of the form field, or empty when the whole form is meant."""

    field: str
    text: str


class Said(ConfigError):
    """Wrong input that a page found itself, said already in its reader's language."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def of_config(error: ConfigError) -> list[Problem]:
    """An operator's wrong input: the floor below names each mistake, `config_words` has the words."""
    if isinstance(error, Said):
        return [Problem(error.field, error.message)]
    return [Problem(*in_words(mistake)) for mistake in error.mistakes]


def lines(text: str) -> tuple[str, ...]:
    """A text area with one entry a line (or separated by commas), as a tuple."""
    return tuple(entry.strip() for line in text.splitlines() for entry in line.split(",") if entry.strip())
