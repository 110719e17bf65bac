"""`careerrelay anonymize`: text in, text without the person out. Runs on a bare machine; nothing is stored."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Literal, cast

import click

from core.errors import ConfigError

LINE_BYTES_MAX = 4 * 1024 * 1024
TEXT_BYTES_MAX = 64 * 1024 * 1024
LANGUAGES = ("ja", "en", "mixed")
IDENTITY_FIELDS = ("name", "kana", "romaji", "email", "phone", "role")
Language = Literal["ja", "en", "mixed"]
_BOM = b"\xef\xbb\xbf"


@click.command()
@click.option("--jsonl", is_flag=True, help="One JSON object a line in and out, as below.")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="ja",
    show_default=True,
    help="Language of plain text, and of lines that name none.",
)
@click.option("--trace", is_flag=True, help='With --jsonl: add "findings": what was taken, by which rule, and why.')
def anonymize(jsonl: bool, lang: Language, trace: bool) -> None:
    """Take names, addresses, numbers and dates of birth out of the UTF-8 text on standard input.

    \b
    With --jsonl each line
      {"id", "lang": "ja|en|mixed", "text", "filename",
       "identities": [{"name", "kana", "romaji", "email", "phone", "role"}]}
    becomes at once, in the same order, a line
      {"id", "text"}, and "filename" where one was given
    Only "text" is required. Identities are the people known to take part, in any of their fields.
    A line that cannot be read becomes {"id", "line", "error"}, does not stop the others, and makes
    the exit status 1. Empty lines are skipped. No message repeats anything of the text.
    """
    if trace and not jsonl:
        raise click.UsageError("--trace goes with --jsonl")
    source, target = sys.stdin.buffer, sys.stdout.buffer
    if not jsonl:
        _write(target, _stripped(_decoded(_whole(source)), [], lang)[0])
        return
    bad = 0
    for number, line in _lines(source):
        answer = _answer(number, line, lang, trace)
        bad += "error" in answer
        _write(target, json.dumps(answer, ensure_ascii=False) + "\n")
    if bad:
        click.echo(f"careerrelay: {bad} line(s) could not be read", err=True)
        sys.exit(1)


def _whole(source: BinaryIO) -> bytes:
    data = source.read(TEXT_BYTES_MAX + 1)
    if len(data) > TEXT_BYTES_MAX:
        raise ConfigError(f"the text is longer than {TEXT_BYTES_MAX} bytes")
    return data


def _lines(source: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield (number, line) as lines arrive, None for one that is too long; empty ones are left out."""
    number = 0
    while line := source.readline(LINE_BYTES_MAX + 1):
        number += 1
        too_long = len(line) > LINE_BYTES_MAX
        while too_long and not line.endswith(b"\n") and line:
            line = source.readline(LINE_BYTES_MAX)
        if too_long:
            yield number, None
        elif line.strip(_BOM + b" \t\r\n"):
            yield number, line


def _answer(number: int, line: bytes | None, lang: Language, trace: bool) -> dict[str, object]:
    identifier: object = None
    try:
        if line is None:
            raise ConfigError(f"longer than {LINE_BYTES_MAX} bytes")
        item = _object(line)
        identifier = item.get("id")
        text, known, language = _fields(item, lang)
        stripped, findings = _stripped(text, known, language)
        answer: dict[str, object] = {"id": identifier, "text": stripped}
        if item.get("filename") is not None:
            answer["filename"] = _stripped_filename(item["filename"], known, language)
    except ConfigError as error:
        return {"id": identifier, "line": number, "error": f"line {number}: {error.message}"}
    return answer | ({"findings": findings} if trace else {})


def _object(line: bytes) -> Mapping[str, object]:
    try:
        item = json.loads(_decoded(line))
    except ValueError as error:
        # Its message would name a character of the text; the place is enough.
        raise ConfigError(f"no JSON: {getattr(error, 'msg', 'cannot be read')}") from None
    except RecursionError:
        raise ConfigError("no JSON: nested too deeply") from None
    if not isinstance(item, dict):
        raise ConfigError("no JSON object")
    return item


def _decoded(data: bytes) -> str:
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError("no UTF-8") from None


def _fields(item: Mapping[str, object], lang: Language) -> tuple[str, list[dict[str, str]], Language]:
    """Return text, identities and language of a record; what is not known of an identity is not read."""
    text, people, language = item.get("text"), item.get("identities") or [], item.get("lang") or lang
    if not isinstance(text, str):
        raise ConfigError('"text" is missing or no string')
    if language not in LANGUAGES:
        raise ConfigError('"lang" is none of ja, en, mixed')
    if not isinstance(people, list) or not all(isinstance(one, dict) for one in people):
        raise ConfigError('"identities" is no list of objects')
    for one in people:
        for name in IDENTITY_FIELDS:
            if not isinstance(one.get(name), str | int | float | None):
                raise ConfigError(f'"{name}" of an identity is no string')
    known = [{name: str(one[name]) for name in IDENTITY_FIELDS if one.get(name) is not None} for one in people]
    return text, known, cast("Language", language)


def _stripped(text: str, identities: list[dict[str, str]], lang: Language) -> tuple[str, list[dict[str, object]]]:
    from anonymizer.engine import Identity, anonymise  # a second of imports: --help needs none of them

    found = anonymise(text, [Identity(**one) for one in identities], lang)
    return found.text, [
        {"type": each.type, "start": each.start, "end": each.end, "replacement": each.replacement,
         "recogniser": each.recogniser, "score": round(each.score, 2), "why": each.why}
        for each in found.findings
    ]  # fmt: skip


def _stripped_filename(name: object, identities: list[dict[str, str]], lang: Language) -> str:
    from anonymizer.filenames import anonymise_filename
    from anonymizer.model import Identity

    if not isinstance(name, str):
        raise ConfigError('"filename" is no string')
    return anonymise_filename(name, [Identity(**one) for one in identities], lang)


def _write(target: BinaryIO, text: str) -> None:
    """Write and flush; half a character, which JSON may hold and UTF-8 may not, leaves as a question mark."""
    target.write(text.encode("utf-8", "replace"))
    target.flush()
