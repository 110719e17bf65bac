"""Splits a mail's text into what its writer says now and what is quoted, signed or boilerplate.

The layout is read line by line (`sections`), then the lines of one kind are joined into sentences
(`pieces`): mail programmes wrap inside words, and some writers put blanks between characters.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import re2

from rules.pieces import Spelled, sentences, squeeze
from rules.sections import Kind, Line, sections
from rules.spelling import Mapped, normalise, respell

TEXT_BYTES_MAX = 262_144
SENTENCES_MAX = 20_000
SUBJECT_CHARS_MAX = 1_000
REMEMBERED_SENTENCES = 4_096


class Sentence(NamedTuple):
    """One sentence of a mail, and the way back to where it stands: ``source`` maps offsets of the normalised text,
    in which its piece begins at ``start``.
    """

    text: str
    kind: Kind
    quoted: bool
    spelled: Spelled
    source: Sequence[int]
    start: int

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the mail's text that ``text[start:end]`` came from; of a variant always the whole word."""
        if not self.spelled.edits and start < end:
            at = self.spelled.at
            return self.source[self.start + at[start]], self.source[self.start + at[end - 1]] + 1
        first = self._origin_of(start)[0]
        return first, self._origin_of(end - 1)[1] + 1 if start < end else first

    def _origin_of(self, index: int) -> tuple[int, int]:
        """Return where the first and the last letter of what became the character at ``index`` stand."""
        shift = 0
        for edit in self.spelled.edits:
            if index < edit.start:
                break
            if index < edit.start + edit.size:
                return self._source_of(edit.first), self._source_of(edit.end - 1)
            shift = edit.end - edit.start - edit.size
        place = self._source_of(index + shift)
        return place, place

    def _source_of(self, index: int) -> int:
        return self.source[self.start + self.spelled.at[index]]


@dataclass(frozen=True, slots=True)
class Layout:
    """A mail's text in pieces. ``cuts`` are spans of the mail's text that are no evidence, with their kind.

    ``wrapped`` holds quoted text, signatures and boilerplate as sentences. ``short``: the text was longer
    than what is judged.
    """

    new: tuple[Sentence, ...]
    wrapped: tuple[Sentence, ...]
    cuts: tuple[tuple[Kind, int, int], ...]
    short: bool


def read_layout(text: str) -> Layout:
    """Split ``text`` (any length, at most 262,144 bytes are read) into new text and the rest."""
    mapped, short = _judged(text)
    lines = sections(mapped.text)
    new = _sentences(mapped, [line for line in lines if line.kind == "new"])
    wrapped = _sentences(mapped, [line for line in lines if line.kind != "new"])
    short = short or SENTENCES_MAX in {len(new), len(wrapped)}
    new, notices = _split_notices(new)
    wrapped += notices
    cuts = [*_cut_lines(mapped, lines), *(("disclaimer", *s.origin(0, len(s.text))) for s in notices)]
    return Layout(tuple(new), tuple(wrapped), tuple(sorted(cuts, key=lambda cut: cut[1])), short)


def _judged(text: str) -> tuple[Mapped, bool]:
    """Return what is judged of ``text`` in normalised spelling, and whether that is not all."""
    judged = text[:TEXT_BYTES_MAX]
    if len(judged) * 4 > TEXT_BYTES_MAX and len(judged.encode("utf-8", "replace")) > TEXT_BYTES_MAX:
        judged = judged.encode("utf-8", "replace")[:TEXT_BYTES_MAX].decode("utf-8", "ignore")
    mapped = normalise(judged)
    if len(mapped.text) > TEXT_BYTES_MAX:  # a ligature such as ﷺ unfolds to 18 characters
        return Mapped(mapped.text[:TEXT_BYTES_MAX], mapped.at[: TEXT_BYTES_MAX + 1]), True
    return mapped, len(judged) < len(text)


def read_subject(subject: str) -> tuple[Sentence, bool]:
    """Return the subject as one sentence, and whether it belongs to an earlier mail (Re:, Fwd:)."""
    mapped = normalise(subject[:SUBJECT_CHARS_MAX])
    flat, at = squeeze(mapped.text[: min(len(subject), SUBJECT_CHARS_MAX)])
    text, edits = respell(flat)
    spelled = Spelled(text, at, edits, quoted=False)
    return Sentence(text, "new", False, spelled, mapped.at, 0), _ANSWER.match(text) is not None


_ANSWER = re.compile(r"\W{0,3}(re|fwd?|aw|wg|sv|返信|転送|回答)\s{0,2}(\[\d+\])?\s{0,2}:")


def _cut_lines(mapped: Mapped, lines: Sequence[Line]) -> list[tuple[Kind, int, int]]:
    cuts: list[tuple[Kind, int, int]] = []
    for line in lines:
        if line.kind == "new":
            continue
        start, end = mapped.origin(line.start, line.end)
        if cuts and cuts[-1][0] == line.kind and cuts[-1][2] >= start:
            cuts[-1] = (line.kind, cuts[-1][1], end)
        else:
            cuts.append((line.kind, start, end))
    return cuts


def _sentences(mapped: Mapped, lines: Sequence[Line]) -> list[Sentence]:
    """Join ``lines`` into sentences: a line end is a sentence end only where the words say so."""
    joined: list[Sentence] = []
    start: int | None = None
    previous: Line | None = None
    for line in lines:
        if previous is not None and start is not None and _breaks(previous, line):
            joined += _piece(mapped, start, previous.end, line.kind)
            start = None
        if start is None and line.look.words:
            start = line.start
        previous = line
    if previous is not None and start is not None:
        joined += _piece(mapped, start, previous.end, previous.kind)
    return joined[:SENTENCES_MAX]


def _breaks(previous: Line, line: Line) -> bool:
    before, after = previous.look, line.look
    if not after.words or previous.end != line.start or before.decor or after.decor:
        return True
    if before.ends:
        return not after.goes_on
    return after.bullet and not before.introduces


def _piece(mapped: Mapped, start: int, end: int, kind: Kind) -> list[Sentence]:
    """Return the sentences of one joined piece of text."""
    return [
        Sentence(spelled.text, kind, spelled.quoted, spelled, mapped.at, start)
        for spelled in sentences(mapped.text[start:end])
    ]


# --- boilerplate ---------------------------------------------------------------------------------------------------

_BOILERPLATE = re.compile(
    r"equal opportunit|intended (recipient|addressee|solely)|confidential (and|information)|(is|are"
    r"|be) confidential|privileged"
    r"|privacy (notice|policy|statement)|received this (email|message|communication) in error"
    r"|disclaimer|delete (it|this)"
    r"|(views|opinions) expressed|\bvirus(es)?\b|registered (in|office)|unsubscribe|do not reply to this"
    r"|not monitored|automated message"
    r"|reasonable (adjustment|accommodation)|committed to (diversity|equality|inclusion)"
    r"|regardless of (race|gender|age)|before printing"
    r"|(本|この|当)(電子)?メール(は|に|の|を|および)[^。]{0,40}(宛先|名宛人|機密|秘密|誤)|機密情報を含"
    r"|心当たりのない"
    r"|誤って(受信|配信|送信|お?受け取)|無断(転載|複製|転用)|転載を禁|第三者に開示|送信専用|配信専用"
    r"|自動(で|的に)?(送信|配信)",
    re.IGNORECASE,
)
#: The same without word boundaries, to which RE2 has another idea than Python: finds more, and ten times as fast.
_NOTICE = re2.compile(f"(?i){_BOILERPLATE.pattern}".replace(r"\b", "").encode())


def _split_notices(new: list[Sentence]) -> tuple[list[Sentence], list[Sentence]]:
    """Take legal and technical notices out of the new text: they say "unsuccessful" about nobody."""
    notices = [sentence for sentence in new if _is_notice(sentence.text)]
    if not notices:
        return new, notices
    kept = [sentence for sentence in new if not _is_notice(sentence.text)]
    return kept, [sentence._replace(kind="disclaimer", quoted=False) for sentence in notices]


@functools.lru_cache(maxsize=REMEMBERED_SENTENCES)
def _is_notice(sentence: str) -> bool:
    """Tell whether a sentence is boilerplate; remembered as `rules.moods` remembers what is said, and as safe."""
    # ı and İ are an i to Python when case is ignored, not to RE2.
    may_be = _NOTICE.search(sentence.encode()) is not None or "ı" in sentence or "İ" in sentence
    return may_be and _BOILERPLATE.search(sentence) is not None
