"""What an agency needs to read and no recogniser may take: skills, tests, licences, job ids, pay.

Applied after recognition: a weak finding that lies inside a protected phrase is dropped, and so is a personal number
that is the id of a candidate in the ATS (``pseudonyms``). What a known participant's entry says is never dropped, nor
are addresses, mail addresses and URLs. Captions and belts at the head of a finding are cut off.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from operator import attrgetter, itemgetter

from anonymizer import lexicon
from anonymizer.model import FORBIDDEN, Kind, Span
from anonymizer.page import Page
from anonymizer.pseudonyms import pseudonyms
from anonymizer.recognizers.rulefile import Rules, matches, parse
from anonymizer.recognizers.spans import SURE

_START = attrgetter("start")
_FIRST = itemgetter(0)
# What stands before and behind a train's name: took the ..., 505号.
_TRAIN_CHARS_MAX = 12
_ALWAYS_TAKEN = frozenset({Kind.EMAIL, Kind.URL, Kind.ADDRESS})


@cache
def _phrases() -> Rules:
    return parse(resources.files(__package__ or "").joinpath("protect.rules").read_text(encoding="utf-8"))


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in order, overlapping ones joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _covers(ranges: Sequence[tuple[int, int]], span: Span) -> bool:
    """Tell whether one of the ordered ranges holds the whole span."""
    at = bisect_right(ranges, span.start, key=_FIRST) - 1
    return at >= 0 and span.end <= ranges[at][1]


def drop_protected(page: Page, spans: Iterable[Span], keep: frozenset[str]) -> Iterator[Span]:
    """Yield the spans that no protected phrase covers; ``keep`` holds further words (small letters) to leave."""
    found = sorted(spans, key=_START)
    if not found:
        return
    phrases, ids = _phrases(), _joined(pseudonyms(page))
    matched = (match.span() for name in phrases.patterns for match in matches(phrases, page, name))
    ranges = _joined([*matched, *ids])
    skills = lexicon.words("skills")
    for span in found:
        if span.kind == Kind.ID_NUMBER and _covers(ids, span):
            continue
        if span.kind not in _ALWAYS_TAKEN and span.score < SURE:
            if _covers(ranges, span):
                continue
            word = page.text[span.start : span.end].strip().lower()
            if word in skills or word in keep:
                continue
        yield from _trimmed(page, span)


def outside_trains(text: str, people: Iterable[Span]) -> Iterator[Span]:
    """Yield the people without those who are called like a train and stand in its name: the Nozomi 21, ひかり505号."""
    trains = _phrases().patterns["TRAINS"]
    for span in people:
        number = text[span.end : span.end + 2].strip()[:1]
        train = number.isdigit() and trains.search(
            text, max(0, span.start - _TRAIN_CHARS_MAX), span.end + _TRAIN_CHARS_MAX
        )
        if not train or span.start < train.start() or train.end() <= span.end:
            yield span


def _bare_name(text: str, span: Span) -> Span:
    """A name without the honorific behind it, and without who speaks: 斉藤様より, I, Hunter Romero, declare."""
    start, end = span.start, span.end
    if text.startswith("I, ", start):
        start += 3
    if text[end - 1] == "様" and end - start > 1:
        end = start + len(text[start : end - 1].rstrip())
    return span if (start, end) == (span.start, span.end) else span.at(start, end)


def _trimmed(page: Page, span: Span) -> Iterator[Span]:
    """Yield the span without what stands at its ends and is no secret: what a form asks, a belt of Six Sigma, 様."""
    if span.kind == Kind.PERSON:
        yield _bare_name(page.text, span)
        return
    head, patterns = None, _phrases().patterns
    if span.kind in FORBIDDEN or span.kind == Kind.POSTAL_CODE:
        head = patterns["CAPTION"].match(page.text, span.start, span.end)
    elif span.kind == Kind.ADDRESS:
        head = patterns["BELTS"].match(page.text, span.start, span.end)
        if head and not any(char.isdigit() for char in page.text[head.end() : span.end]):
            return  # Green is a street nowhere but in an address with a number.
    yield span.at(head.end(), span.end) if head else span
