"""`careerrelay anonymize`: text in, text without the person out. Runs on a bare machine; nothing is stored."""

import io
import json
import select
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

import click

from core.errors import ConfigError

if TYPE_CHECKING:
    from anonymizer.model import Identity

LINE_BYTES_MAX = 4 * 1024 * 1024
TEXT_BYTES_MAX = 64 * 1024 * 1024
#: Lines that are there already are stripped together, so many and of so many bytes at most: short ones cost less then.
GROUP_LINES_MAX = 64
GROUP_BYTES_MAX = 131_072
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
        ((text, _),) = _stripped([_Record(1, text=_decoded(_whole(source)), lang=lang)])
        _write(target, text)
        return
    bad = 0
    for group in _groups(source):
        answers = _answers(group, lang, trace)
        bad += sum("error" in answer for answer in answers)
        _write(target, "".join(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers))
    if bad:
        click.echo(f"careerrelay: {bad} line(s) could not be read", err=True)
        sys.exit(1)


def _whole(source: BinaryIO) -> bytes:
    data = source.read(TEXT_BYTES_MAX + 1)
    if len(data) > TEXT_BYTES_MAX:
        raise ConfigError(f"the text is longer than {TEXT_BYTES_MAX} bytes")
    return data


def _groups(source: BinaryIO) -> Iterator[list[tuple[int, bytes | None]]]:
    """Yield (number, line) in groups of what can be read without waiting: whoever waits for an answer gets it.

    None for a line that is too long; empty ones are left out.
    """
    group: list[tuple[int, bytes | None]] = []
    size = 0
    for number, line in _lines(source):
        if line is None or line.strip(_BOM + b" \t\r\n"):
            group.append((number, line))
            size += len(line or b"")
        full = len(group) >= GROUP_LINES_MAX or size >= GROUP_BYTES_MAX
        if group and (full or not _line_is_here(source)):
            yield group
            group, size = [], 0
    if group:
        yield group


def _line_is_here(source: BinaryIO) -> bool:
    """Can a whole line be read at once? No, rather than wait."""
    try:
        ready, _, _ = select.select([source], [], [], 0)
    except (OSError, ValueError):  # nothing that the system could ask
        return False
    return bool(ready) and isinstance(source, io.BufferedReader) and b"\n" in source.peek()


def _lines(source: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    number = 0
    while line := source.readline(LINE_BYTES_MAX + 1):
        number += 1
        too_long = len(line) > LINE_BYTES_MAX
        while too_long and not line.endswith(b"\n") and line:
            line = source.readline(LINE_BYTES_MAX)
        yield number, None if too_long else line


@dataclass(slots=True)
class _Record:
    """A line, and what is wrong with it or to be stripped in it."""

    number: int
    identifier: object = None
    error: str = ""
    text: str = ""
    identities: list[dict[str, str]] = field(default_factory=list)
    lang: Language = "ja"
    filename: object = None


def _record(number: int, line: bytes | None, lang: Language) -> _Record:
    record = _Record(number)
    try:
        if line is None:
            raise ConfigError(f"longer than {LINE_BYTES_MAX} bytes")
        item = _object(line)
        record.identifier = item.get("id")
        record.text, record.identities, record.lang = _fields(item, lang)
        record.filename = item.get("filename")
        if not isinstance(record.filename, str | None):
            raise ConfigError('"filename" is no string')
    except ConfigError as error:
        record.error = f"line {number}: {error.message}"
    return record


def _answers(group: Sequence[tuple[int, bytes | None]], lang: Language, trace: bool) -> list[dict[str, object]]:
    from anonymizer.filenames import anonymise_filename  # a second of imports: --help needs none of them

    records = [_record(number, line, lang) for number, line in group]
    stripped = iter(_stripped([record for record in records if not record.error]))
    answers: list[dict[str, object]] = []
    for record in records:
        if record.error:
            answers.append({"id": record.identifier, "line": record.number, "error": record.error})
            continue
        text, findings = next(stripped)
        answer: dict[str, object] = {"id": record.identifier, "text": text}
        if isinstance(record.filename, str):
            answer["filename"] = anonymise_filename(record.filename, _people(record), record.lang)
        answers.append(answer | ({"findings": findings} if trace else {}))
    return answers


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


def _people(record: _Record) -> "list[Identity]":
    from anonymizer.model import Identity

    return [Identity(**one) for one in record.identities]


def _stripped(records: Sequence[_Record]) -> list[tuple[str, list[dict[str, object]]]]:
    from anonymizer.engine import Request, anonymise_all

    requests = [Request(record.text, _people(record), record.lang) for record in records]
    return [
        (
            found.text,
            [
                {"type": each.type, "start": each.start, "end": each.end, "replacement": each.replacement,
                 "recogniser": each.recogniser, "score": round(each.score, 2), "why": each.why}
                for each in found.findings
            ],
        )
        for found in anonymise_all(requests)
    ]  # fmt: skip


def _write(target: BinaryIO, text: str) -> None:
    """Write and flush; half a character, which JSON may hold and UTF-8 may not, leaves as a question mark."""
    target.write(text.encode("utf-8", "replace"))
    target.flush()
