"""One finding a character: overlapping guesses are settled by score and length, leftovers are kept.

Nothing that any recogniser was sure of stays readable because another one claimed a part of it.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter

from anonymizer.model import Kind, Span

SPAN_CHARS_MAX = 400
_LEFTOVER_SCORE_MIN = 0.6
_WORTH = re.compile(r"[0-9A-Za-z\u3041-\u30ff\u3400-\u9fff\u00c0-\u1fff]")
# Stronger evidence of form wins over names found by meaning inside it (a name inside a mail address).
_ORDER = {kind: rank for rank, kinds in enumerate((
    (Kind.EMAIL, Kind.URL, Kind.MY_NUMBER, Kind.BANK, Kind.IBAN, Kind.CARD),
    (Kind.PHONE, Kind.ADDRESS, Kind.ID_NUMBER, Kind.POSTAL_CODE, Kind.BIRTH_DATE, Kind.IP),
    (Kind.HANDLE, Kind.SCHOOL, Kind.EMPLOYER),
    (Kind.PERSON,),
)) for kind in kinds}  # fmt: skip
_START = attrgetter("start")


@lru_cache(maxsize=1024)
def _strength(score: float, kind: Kind, unknown: int) -> tuple[float, int, int]:
    return (-round(score, 1) if score < 0.97 else -2.0, unknown, _ORDER.get(kind, 4))


def _rank(span: Span) -> tuple[tuple[float, int, int], int]:
    """Return what sorts the guesses, the strongest first."""
    return _strength(span.score, span.kind, 0 if span.label else 1), span.start - span.end


def _free_parts(taken: bytearray, start: int, end: int) -> list[tuple[int, int]]:
    """Return the stretches of a range that nobody has claimed yet."""
    parts: list[tuple[int, int]] = []
    at = taken.find(0, start, end)
    while at >= 0:
        stop = taken.find(1, at, end)
        parts.append((at, stop if stop >= 0 else end))
        at = taken.find(0, stop, end) if stop >= 0 else -1
    return parts


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range without white space at its ends."""
    if start < end and not (text[start].isspace() or text[end - 1].isspace()):
        return start, end
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def resolve(text: str, spans: Iterable[Span]) -> list[Span]:
    """Return disjoint spans in order of position; linear in the summed length of the guesses."""
    taken = bytearray(len(text))
    chosen: list[Span] = []
    for span in sorted(spans, key=_rank):
        end = span.end if span.end - span.start <= SPAN_CHARS_MAX else span.start + SPAN_CHARS_MAX
        whole = taken.find(1, span.start, end) < 0
        if not whole and span.score < _LEFTOVER_SCORE_MIN:
            continue
        for part in ((span.start, end),) if whole else _free_parts(taken, span.start, end):
            start, stop = _stripped(text, *part)
            if start < stop and (whole or _WORTH.search(text, start, stop)):
                taken[start:stop] = b"\x01" * (stop - start)
                chosen.append(span if part == (span.start, span.end) == (start, stop) else span.at(start, stop))
    return _joined(text, sorted(chosen, key=_START))


def _joined(text: str, spans: Sequence[Span]) -> list[Span]:
    """Join neighbours of one kind with nothing or one blank between them (山田 + 太郎)."""
    out: list[Span] = []
    for span in spans:
        last = out[-1] if out else None
        between = text[last.end : span.start] if last else ""
        if (
            last
            and last.kind == span.kind
            and between in ("", " ", "・")
            and (last.kind != Kind.PERSON or not between or _one_person(last, span))
        ):
            out[-1] = Span(
                last.kind,
                last.start,
                span.end,
                max(last.score, span.score),
                last.recogniser,
                last.why,
                last.label or span.label,
            )
        else:
            out.append(span)
    return out


def _one_person(one: Span, two: Span) -> bool:
    return not (one.label and two.label and one.label != two.label)
