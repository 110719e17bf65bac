"""Splits a mail's text into what its writer says now and what is quoted, signed or boilerplate.

The layout is read line by line (`sections`), then the lines of one kind are joined into sentences
(`sentences`): mail programmes wrap inside words, and some writers put blanks between characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from rules.spelling import Mapped, canonical, normalise

Kind = Literal["new", "quote", "signature", "disclaimer"]

TEXT_BYTES_MAX = 262_144
SENTENCE_CHARS_MAX = 600
SENTENCES_MAX = 20_000
SIGNATURE_LINES_MAX = 14
DELIMITED_LINES_MAX = 60


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in canonical spelling, without the blanks that Japanese does not need."""

    text: str
    at: Sequence[int]
    kind: Kind
    quoted: bool = False  # begins inside a quotation that an earlier sentence opened

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the mail's text that ``text[start:end]`` came from."""
        return Mapped(self.text, self.at).origin(start, end)


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
    judged = text[:TEXT_BYTES_MAX]
    if len(judged.encode("utf-8", "replace")) > TEXT_BYTES_MAX:
        judged = judged.encode("utf-8", "replace")[:TEXT_BYTES_MAX].decode("utf-8", "ignore")
    mapped = normalise(judged)
    short = len(judged) < len(text)
    if len(mapped.text) > TEXT_BYTES_MAX:  # a ligature such as ﷺ unfolds to 18 characters
        mapped, short = Mapped(mapped.text[:TEXT_BYTES_MAX], mapped.at[: TEXT_BYTES_MAX + 1]), True
    lines = list(sections(mapped.text))
    new = list(islice(_sentences(mapped, [line for line in lines if line.kind == "new"]), SENTENCES_MAX))
    wrapped = list(islice(_sentences(mapped, [line for line in lines if line.kind != "new"]), SENTENCES_MAX))
    short = short or SENTENCES_MAX in {len(new), len(wrapped)}
    new, boilerplate = _split_boilerplate(new)
    wrapped += boilerplate
    cuts = [*_cut_lines(mapped, lines), *(("disclaimer", *s.origin(0, len(s.text))) for s in boilerplate)]
    return Layout(tuple(new), tuple(wrapped), tuple(sorted(cuts, key=lambda cut: cut[1])), short)


def read_subject(subject: str) -> tuple[Sentence, bool]:
    """Return the subject as one sentence, and whether it belongs to an earlier mail (Re:, Fwd:)."""
    mapped = _squeeze(normalise(subject[:1000]), 0, min(len(subject), 1000))
    flat = canonical(mapped)
    return Sentence(flat.text, flat.at, "new"), _ANSWER.match(flat.text) is not None


_ANSWER = re.compile(r"\W{0,3}(re|fwd?|aw|wg|sv|返信|転送|回答)\s{0,2}(\[\d+\])?\s{0,2}:")


# --- lines ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the normalised text: its span and the section it belongs to."""

    start: int
    end: int
    kind: Kind


_DIVIDER = re.compile(
    r"-{2,12}\s{0,2}(original (message|appointment)|forwarded (message|by)|元のメッセージ"
    r"|転送メッセージ|転送されたメッセージ"
    r"|ここから引用|reply message)|begin forwarded message|-{2,12}\s{0,2}(forwarded|original)",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"[*>\s]{0,4}(from|sent|date|to|cc|subject|reply-to|差出人|送信者|送信元|発信者|送信日時|送信日"
    r"|受信日時|日時|日付|宛先|件名|題名)"
    r"\*?\s{0,3}:",
    re.IGNORECASE,
)
_SENDER = re.compile(r"[*>\s]{0,4}(from|差出人|送信者|送信元|発信者)\*?\s{0,3}:", re.IGNORECASE)
_ATTRIBUTION = re.compile(
    r"(^|\s)(wrote|schrieb|a écrit)\s{0,2}:$|(さん|様|氏|殿|>)?\s{0,2}(は"
    r"|が)(次のように)?書きました(\s{0,2}:|。)?$"
    r"|さん(は|が|の)[^。]{0,20}(書|言い|メール)[^。]{0,6}:$"
    r"|^\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}.{0,60}(<[^<>\s]{3,80}>|@\S{3,60})\s?:$"
    r"|^on .{6,120}(wrote|said)\s{0,2}:$",
    re.IGNORECASE,
)
_WROTE_WRAPPED = re.compile(r"^on .{6,120}(<\S{3,80}>|,)$", re.IGNORECASE)
_DECOR = re.compile(r"[\s*=_~#+.・･\-‐―─━═—–…★☆■□◆◇●○◎※♪＊＝♦•▲▼△▽<>《》〇|:;]{4,}")
_RULES = frozenset({"--", "- -", "---", "***", "===", "___"})
_CONTACT = re.compile(
    r"tel\b|fax\b|phone|電話|〒|https?:|www\.|@|株式会社|有限会社|合同会社|\(株\)|\(有\)|co\., ?ltd"
    r"|\binc\b|\bllc\b|\bgmbh\b"
    r"|人事|採用担当|採用チーム|担当\s?[::]|住所|e-?mail|法人|営業時間",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"(ます|ました|ません|です|でした|ください|下さい)[。.!]|\w{2,} \w{2,} \w{2,}[^.!?\n]{0,200}[.!?](\s|$)"
)
_AFTERTHOUGHT = re.compile(r"(追伸|追記|p\.?\s?s\.?\b)", re.IGNORECASE)


def sections(text: str) -> Iterator[Line]:
    """Yield every line of ``text`` with the section it belongs to. One pass, a bounded look ahead."""
    spans = list(_line_spans(text))
    words = [text[start:end].strip() for start, end in spans]
    index = 0
    kind: Kind = "new"
    while index < len(spans):
        if not words[index]:
            yield Line(*spans[index], kind)
            index += 1
            continue
        if kind != "quote" and _starts_quote(words, index):
            kind = "quote"
        word, here, taken = words[index], kind, 1
        if kind != "quote":
            if word.startswith((">", "|")) or _ATTRIBUTION.search(word):
                here = "quote"
            elif word in {"--", "- -"} and index and len(spans) - index <= DELIMITED_LINES_MAX:
                here = kind = "signature"  # RFC 3676 4.3
            elif _AFTERTHOUGHT.match(word):
                here = kind = "new"
            elif kind == "new" and (word in _RULES or _DECOR.fullmatch(word)):
                taken = _signature_lines(words, index)
                here = "signature" if taken else "new"
        for start, end in spans[index : index + max(taken, 1)]:
            yield Line(start, end, here)
        index += max(taken, 1)


def _line_spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, start + len(line)
        start += len(line)


def _starts_quote(words: Sequence[str], index: int) -> bool:
    """Tell whether an earlier mail begins here and runs to the end of the text."""
    word = words[index]
    if _DIVIDER.match(word):
        return True
    sender, attribution = _SENDER.match(word), _ATTRIBUTION.search(word) or _WROTE_WRAPPED.match(word)
    if not sender and not attribution:
        return False
    nearby = [w for w in words[index : index + 14] if w][:9]
    if sender:
        return sum(1 for w in nearby if _HEADER.match(w)) >= 2
    if _ATTRIBUTION.search(word) or any("wrote" in w for w in nearby[1:3]):
        return len(nearby) > 1 and not any(w.startswith((">", "|")) for w in nearby[1:3])
    return False


def _signature_lines(words: Sequence[str], index: int) -> int:
    """Return how many lines from the decorated line ``index`` on are a signature; 0: none."""
    last = min(len(words), index + 1 + SIGNATURE_LINES_MAX)
    end = next((i for i in range(index + 1, last) if _DECOR.fullmatch(words[i])), None)
    if end is None:
        rest = next((i for i in range(index + 1, last) if _starts_quote(words, i)), None)
        if rest is None and last < len(words):
            return 0
        end = (last if rest is None else rest) - 1
    block = "\n".join(words[index + 1 : end + 1])
    if not _CONTACT.search(block) or len(_FINAL.findall(block)) > 1:
        return 0
    return end + 1 - index


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


# --- sentences -----------------------------------------------------------------------------------------------------

_ENDS = re.compile(
    r"(ます|ました|ません|です|でした|ください|下さい|さい|ますよう|敬具|拝啓|草々|以上|様|さま|殿"
    r"|さん|くん|御中|各位)$"
)
_GOES_ON = re.compile(r"[がのをにへとはもでやかけしてばなり、。,)」』】〉]|から|ので|こと|よう|ため|もの|けれど")
_BULLET = re.compile(r"[■□◆◇●○◎・※*★☆▼▽【<\[(]|\d{1,2}[.)]\s|-\s")
_HONORIFIC = re.compile(r"(様|さま|殿|さん|くん|御中)$")


def _sentences(mapped: Mapped, lines: Sequence[Line]) -> Iterator[Sentence]:
    """Join ``lines`` into sentences: a line end is a sentence end only where the words say so."""
    start: int | None = None
    for number, line in enumerate(lines):
        word = mapped.text[line.start : line.end].strip()
        if start is not None and _breaks(mapped, lines[number - 1], line, word):
            yield from _piece(mapped, start, lines[number - 1].end, line.kind)
            start = None
        if word and start is None:
            start = line.start
    if start is not None:
        yield from _piece(mapped, start, lines[-1].end, lines[-1].kind)


def _breaks(mapped: Mapped, previous: Line, line: Line, word: str) -> bool:
    if not word or previous.end != line.start:
        return True
    before = mapped.text[previous.start : previous.end].strip()
    if _DECOR.fullmatch(before) or _DECOR.fullmatch(word):
        return True
    if _ENDS.search(before):
        return not _GOES_ON.match(word)
    return _BULLET.match(word) is not None and not before.endswith((":", ":", "】"))


def _piece(mapped: Mapped, start: int, end: int, kind: Kind) -> Iterator[Sentence]:
    """Yield the sentences of one joined piece of text."""
    flat = _squeeze(mapped, start, end)
    first = depth = 0
    for stop in _stops(flat.text):
        quoted, depth = depth > 0, _depth(flat.text, first, stop, depth)
        for cut in range(first, stop, SENTENCE_CHARS_MAX):
            part = Mapped(flat.text[cut : min(stop, cut + SENTENCE_CHARS_MAX)], flat.at[cut : stop + 1])
            lead = len(part.text) - len(part.text.lstrip())
            spelled = canonical(Mapped(part.text[lead:], part.at[lead : len(part.text) + 1]))
            if spelled.text.strip():
                yield Sentence(spelled.text, spelled.at, kind, quoted)
        first = stop


def _depth(text: str, start: int, end: int, depth: int) -> int:
    """Return how many 「 are open at ``end``; one that never closes in this piece opens nothing."""
    opened = text.count("「", start, end) + text.count("『", start, end)
    closed = text.count("」", start, end) + text.count("』", start, end)
    if opened > closed and "」" not in text[end:] and "』" not in text[end:]:
        return 0
    return max(0, depth + opened - closed)


_STOPPING = re.compile(r"[。!?]+[」』)]?|\.(?=\s|$)|\x00")
_ABBREVIATION = re.compile(r"\b(co|ltd|inc|corp|mr|mrs|ms|dr|prof|no|st|e\.g|i\.e|vs|dept|approx)\.$", re.IGNORECASE)


def _stops(text: str) -> Iterator[int]:
    last = 0
    for found in _STOPPING.finditer(text):
        if found.group() == "." and _ABBREVIATION.search(text, max(last, found.end() - 8), found.end()):
            continue
        last = found.end()
        yield last
    if last < len(text):
        yield len(text)


def _squeeze(mapped: Mapped, start: int, end: int) -> Mapped:
    """Drop blanks beside Japanese characters, keep one between words; a blank after 様 becomes NUL."""
    chars: list[str] = []
    at: list[int] = []
    text = mapped.text
    blank = False
    for index in range(start, min(end, len(text))):
        char = text[index]
        if char.isspace():
            blank = True
            continue
        if blank and chars:
            if char.isascii() and chars[-1].isascii():
                chars.append(" ")
                at.append(mapped.at[index - 1])
            elif _HONORIFIC.search("".join(chars[-2:])) and not _GOES_ON.match(char):
                chars.append("\x00")
                at.append(mapped.at[index - 1])
        blank = False
        chars.append(char)
        at.append(mapped.at[index])
    at.append(mapped.at[min(end, len(text))])
    return Mapped("".join(chars), at)


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


def _split_boilerplate(new: Sequence[Sentence]) -> tuple[list[Sentence], list[Sentence]]:
    """Take legal and technical notices out of the new text: they say "unsuccessful" about nobody."""
    kept: list[Sentence] = []
    notices: list[Sentence] = []
    for sentence in new:
        if _BOILERPLATE.search(sentence.text):
            notices.append(Sentence(sentence.text, sentence.at, "disclaimer"))
        else:
            kept.append(sentence)
    return kept, notices
