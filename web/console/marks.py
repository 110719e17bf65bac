"""The words of a mail as the rules read them: what spoke for and against, and what was cut away. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from core.lang import Lang
from rules import explain
from rules.model import Decision, Reason

TEXT_CHARS_MAX = 20_000

#: The middle of a phrase's id -> how it is marked; what stands first wins where two overlap.
_MARKS = {
    "yes": "against",
    "unsure": "against",
    "veto": "against",
    "no": "for",
    "soft": "around",
    "support": "around",
    "closing": "around",
    "context": "around",
}
_ORDER = ("against", "for", "around", "unmeant")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text. ``mark``: for | against | around | unmeant or empty; ``why`` says what it is in one line.

    ``cut``: quote | signature | disclaimer, for what is no evidence; ``first`` where such a part begins.
    """

    text: str
    mark: str = ""
    why: str = ""
    cut: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    mark: str
    why: str


def pieces(text: str, decision: Decision, lang: Lang) -> list[Piece]:
    """Cut ``text`` (the mail's, as offsets of ``decision`` point into it) where something begins or ends."""
    shown = text[:TEXT_CHARS_MAX]
    spans = _apart(_spans(decision, len(shown), lang))
    cut_out = [reason for reason in decision.because if reason.kind == "cut" and reason.start >= 0]
    cuts = [(reason.start, min(reason.end, len(shown)), reason.id) for reason in cut_out if reason.start < len(shown)]
    edges = {0, len(shown), *(edge for span in spans for edge in (span.start, span.end))}
    ordered = sorted(edges | {edge for start, end, _ in cuts for edge in (start, end)})
    found: list[Piece] = []
    for start, end in pairwise(ordered):
        span = next((span for span in spans if span.start <= start < span.end), None)
        cut = next((cut for cut in cuts if cut[0] <= start < cut[1]), None)
        found.append(
            Piece(
                text=shown[start:end],
                mark=span.mark if span else "",
                why=span.why if span else "",
                cut=cut[2] if cut else "",
                first=cut is not None and cut[0] == start,
            )
        )
    return found


def _spans(decision: Decision, length: int, lang: Lang) -> Iterable[_Span]:
    for reason in decision.because:
        if reason.kind in ("hit", "veto") and 0 <= reason.start < reason.end <= length:
            yield _Span(reason.start, reason.end, _mark(reason), explain.reason_line(reason, lang))


def _mark(reason: Reason) -> str:
    if reason.kind == "veto":
        return "against"
    parts = reason.id.split(".")
    known = _MARKS.get(parts[1] if len(parts) > 2 else "", "around")
    # A phrase that is denied, asked, of the past or of others is no evidence, and is shown as that.
    return "unmeant" if reason.detail else known


def _apart(spans: Iterable[_Span]) -> list[_Span]:
    """Where two overlap, what speaks against stays, then what speaks for; of equals the longer one."""
    taken: list[_Span] = []
    for span in sorted(spans, key=lambda span: (_ORDER.index(span.mark), span.start - span.end, span.start)):
        if all(span.end <= other.start or other.end <= span.start for other in taken):
            taken.append(span)
    return taken
