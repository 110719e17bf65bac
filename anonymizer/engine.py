"""Strip a text for an agency: ``anonymise`` reads from top to bottom as the text goes.

Reading view with an offset map -> pages -> recognisers (Presidio frame) -> known identities -> protected
phrases -> names found once are found everywhere -> one finding a character -> replacement in the original.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from anonymizer import identities as known
from anonymizer import propagate, start
from anonymizer.again import Gathered, Searched, alone, changed, gathered, searchable
from anonymizer.forms import Form, View
from anonymizer.model import Anonymised, Finding, Identity, Kind, Span
from anonymizer.normalise import Normalised, normalise
from anonymizer.page import LineCache, pages
from anonymizer.protect import drop_protected, outside_trains
from anonymizer.replace import Replacer
from anonymizer.resolve import resolve

__all__ = ["Anonymised", "Finding", "Identity", "Request", "anonymise", "anonymise_all"]

SCORE_MIN = 0.4
# A firm by its legal form, or by what firms are called in English.
_FIRM_SCORE_MIN = 0.7
# A replacement changes what stands around the rest, which may then read as a name: look again until nothing is found.
ROUNDS_MAX = 4
SHORT_CHARS = 100


class Request(NamedTuple):
    """A text to strip, as `anonymise` takes it."""

    text: str
    identities: Sequence[Identity] = ()
    lang: Literal["ja", "en", "mixed"] = "ja"
    keep: Collection[str] = ()


def anonymise(
    text: str,
    identities: Sequence[Identity] = (),
    lang: Literal["ja", "en", "mixed"] = "ja",
    *,
    keep: Collection[str] = (),
) -> Anonymised:
    """Return ``text`` without identifying spans, and what was replaced, with offsets into ``text``.

    ``identities`` are the participants known; ``lang`` chooses the language of the placeholders (mixed: ja);
    ``keep`` holds words to leave (own company, agency). Stripping the result again changes nothing.
    """
    (stripped,) = anonymise_all([Request(text, identities, lang, keep)])
    return stripped


def anonymise_all(requests: Iterable[Request]) -> list[Anonymised]:
    """Strip texts that have nothing to do with each other, each as `anonymise` does, but step by step together: short
    ones cost less then."""
    documents = [_Document(request) for request in requests]
    under_way = documents
    for number in range(ROUNDS_MAX):
        under_way = _round(under_way, number)
        if not under_way:
            break
    return [Anonymised(each.pieces.text, tuple(each.pieces.findings())) for each in documents]


class _Document:
    """What is known of one text while its rounds run."""

    def __init__(self, request: Request) -> None:
        self.pieces = _Pieces(request.text)
        self.identities = tuple(request.identities)
        self.keep = frozenset(word.lower() for word in request.keep)
        self.wanted: dict[str, Form] = {}
        self.lines: LineCache = {}
        self._replacer = Replacer("en" if request.lang == "en" else "ja")
        self._roles = known.roles(self.identities)

    def replace(self, found: Sequence[tuple[Span, str]]) -> None:
        """Put the replacement of each span, which stands beside its reading view, in its place."""
        of, roles = self._replacer.replacement, self._roles
        self.pieces.put([(span, of(span, surface, roles.get(span.label, ""))) for span, surface in found])


@dataclass(slots=True)
class _Reading:
    """A document as one round reads it. ``partly``: only the lines that the round before has changed."""

    document: _Document
    view: Normalised
    partly: bool
    read: list[Gathered]
    guesses: list[Span] = field(default_factory=list)
    people: list[Span] = field(default_factory=list)
    searched: list[Searched] = field(default_factory=list)


def _round(documents: Sequence[_Document], number: int) -> list[_Document]:
    """Replace what is found in each of the documents; those in which something was."""
    start.load()
    from anonymizer import frame

    # The trace of Presidio is of use in the first round; the later ones only have to find that nothing is left.
    recognise = frame.recognise if number == 0 else frame.recognise_again
    readings = [reading for each in documents if (reading := _read(each, number)).read]
    found = iter(recognise([one.page for reading in readings for one in reading.read]))
    for reading in readings:
        for one in reading.read:
            spans = [span for span in next(found) if span.score >= SCORE_MIN]
            reading.guesses.extend(one.back(drop_protected(one.page, spans, reading.document.keep)))
    for reading in readings:
        _find_people(reading)
    changed_ones: list[_Document] = []
    for reading in readings:
        chosen = _settled(reading)
        if chosen:
            reading.document.replace(chosen)
            changed_ones.append(reading.document)
    return changed_ones


def _read(document: _Document, number: int) -> _Reading:
    view = normalise(document.pieces.text)
    # What a round found by looking at the changed lines alone is looked for everywhere in the next. Of a note hardly
    # anything is left as it was.
    partly = number % 2 == 1 and len(view.text) > SHORT_CHARS
    stretches = tuple(changed(view.text)) if partly else ((0, len(view.text)),)
    cut = [page for stretch in stretches for page in pages(view.text, document.lines, *stretch)]
    read = list(gathered(cut, document.lines)) if partly else list(map(alone, cut))
    reading = _Reading(document, view, partly, read)
    reading.searched = list(map(searchable, read)) if partly else [Searched(View(view.text, cut), iter)]
    return reading


def _find_people(reading: _Reading) -> None:
    people = reading.document.identities
    named = [span for each in reading.searched for span in each.back(known.find(each.view, people))]
    reading.guesses += list(_outside_firms(outside_trains(reading.view.text, named), reading.guesses))


def _settled(reading: _Reading) -> list[tuple[Span, str]]:
    """Return the spans to replace, disjoint and in order, each with its reading view."""
    document, view, guesses = reading.document, reading.view, reading.guesses
    chosen = resolve(view.text, guesses)
    for key, form in propagate.forms(view.text, chosen).items():
        if len(document.wanted) < propagate.FORMS_MAX:
            document.wanted.setdefault(key, form)
    wanted = document.wanted.values()
    searched = reading.searched if wanted else []
    named = [span for each in searched for span in each.back(propagate.find(each.view, wanted))]
    more = list(outside_trains(view.text, named))
    # Places found already are no news, and settling once is enough then.
    taken = {(span.start, span.end) for span in chosen}
    if any((span.start, span.end) not in taken for span in more):
        chosen = resolve(view.text, [*guesses, *more])
    chosen = propagate.labelled(view.text, chosen, document.wanted)
    return [(span.at(*view.back(span.start, span.end)), view.text[span.start : span.end]) for span in chosen]


def _outside_firms(people: Iterable[Span], guesses: Sequence[Span]) -> Iterator[Span]:
    """Yield the known people without those whose surname is a part of a firm's name: 株式会社山田."""
    firms = [(span.start, span.end) for span in guesses if span.kind == Kind.EMPLOYER and span.score >= _FIRM_SCORE_MIN]
    for span in people:
        part = span.score == known.PART_SCORE
        if not (part and any(start <= span.start and span.end <= end for start, end in firms)):
            yield span


class _Pieces:
    """A text whose stretches are replaced in rounds, while offsets into the first original stay known."""

    def __init__(self, original: str) -> None:
        self.text = original
        # (start in text, start in original, replaced finding or None): an untouched piece runs on one for one.
        self._pieces: list[tuple[int, int, Finding | None]] = [(0, 0, None)]
        self._begins = [0]

    def put(self, replacements: Sequence[tuple[Span, str]]) -> None:
        """Replace disjoint ranges of the current text, given in order."""
        out: list[str] = []
        pieces: list[tuple[int, int, Finding | None]] = []
        length = at = 0
        for span, replacement in replacements:
            if span.start < at:
                continue  # Two reading-view spans of one original character (㈱): it is gone already.
            length += self._copy(at, span.start, length, out, pieces)
            start, end = self._original(span.start), self._original(span.end - 1) + 1
            finding = Finding(str(span.kind), start, end, replacement, span.recogniser, span.score, span.why)
            pieces.append((length, start, finding))
            out.append(replacement)
            length += len(replacement)
            at = span.end
        self._copy(at, len(self.text), length, out, pieces)
        self.text = "".join(out)
        self._pieces = pieces or [(0, 0, None)]
        self._begins = [begin for begin, _, _ in self._pieces]

    def _copy(
        self, start: int, end: int, length: int, out: list[str], pieces: list[tuple[int, int, Finding | None]]
    ) -> int:
        """Copy a range of the current text with its pieces; return its length."""
        if start >= end:
            return 0
        index = self._index(start)
        while index < len(self._pieces) and self._pieces[index][0] < end:
            begin, origin, finding = self._pieces[index]
            shift = max(start - begin, 0)
            pieces.append((length + max(begin, start) - start, origin + (0 if finding else shift), finding))
            index += 1
        out.append(self.text[start:end])
        return end - start

    def _index(self, position: int) -> int:
        return bisect_right(self._begins, position) - 1

    def _original(self, position: int) -> int:
        begin, origin, finding = self._pieces[self._index(position)]
        return origin if finding else origin + position - begin

    def findings(self) -> list[Finding]:
        """Return every replacement in order, each once."""
        return [finding for _, _, finding in self._pieces if finding is not None]
