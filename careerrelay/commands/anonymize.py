"""`careerrelay anonymize`: text in, text without the person out. Runs on a bare machine."""

import json
import sys
from typing import Literal

import click

from core.errors import ConfigError

LINE_CHARS_MAX = 4 * 1024 * 1024
LANGUAGES = ("ja", "en", "mixed")
IDENTITY_FIELDS = ("name", "kana", "romaji", "email", "phone", "role")


@click.command()
@click.option("--jsonl", is_flag=True, help='Lines {"id","lang","text","identities"} in, lines {"id","text"} out.')
@click.option("--lang", type=click.Choice(LANGUAGES), default="ja", show_default=True, help="Language of plain text.")
def anonymize(jsonl: bool, lang: str) -> None:
    """Take names, addresses, numbers and dates of birth out of the text on standard input."""
    if not jsonl:
        click.echo(_anonymous(sys.stdin.read(), [], lang), nl=False)
        return
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            click.echo(json.dumps(_one(number, line), ensure_ascii=False))
            sys.stdout.flush()


def _one(number: int, line: str) -> dict[str, object]:
    if len(line) > LINE_CHARS_MAX:
        raise ConfigError(f"line {number}: longer than {LINE_CHARS_MAX} characters")
    try:
        item = json.loads(line)
        identities = [{name: value or "" for name, value in one.items()} for one in item.get("identities") or ()]
        text, language = item["text"], item.get("lang") or "ja"
        if not isinstance(text, str) or language not in LANGUAGES:
            raise TypeError("text is no string, or lang none of ja, en, mixed")
        if unknown := {name for one in identities for name in one} - set(IDENTITY_FIELDS):
            raise TypeError(f"identities have no {', '.join(sorted(unknown))}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"line {number}: not a line of the expected form: {error}") from None
    return {"id": item.get("id"), "text": _anonymous(text, identities, language)}


def _anonymous(text: str, identities: list[dict[str, str]], lang: str) -> str:
    from anonymizer.engine import Identity, anonymise

    language: Literal["ja", "en", "mixed"] = "en" if lang == "en" else "mixed" if lang == "mixed" else "ja"
    return anonymise(text, [Identity(**one) for one in identities], language).text
