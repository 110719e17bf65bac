"""Presidio as the frame: the only file that knows it. Imported on first use (about a second, 100 MB).

An AnalyzerEngine with the NoOp NLP engine runs our recognisers and Presidio's own for cards, IBAN and IP
addresses over one page, and keeps the decision trace of each. No model, no network: none of the registered
recognisers uses tldextract.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine
from presidio_analyzer.predefined_recognizers import CreditCardRecognizer, IbanRecognizer, IpRecognizer

from anonymizer.model import Kind, Span
from anonymizer.page import Page
from anonymizer.recognizers.all import RECOGNISERS
from anonymizer.recognizers.skipping import compiled
from anonymizer.recognizers.spans import Recogniser

_LANGUAGE = "ja"
"""Presidio sorts recognisers by language; ours read mixed text, so there is one."""
# A blank of the ASCII view (``Page.ascii_view``) or a dash.
_BLANK = r"[ \x80-\U0010ffff-]"
_BY_THEMSELVES = frozenset(("address", "special", "person-table"))


class _PageArtifacts(NlpArtifacts):  # type: ignore[misc]
    """Carries the page, with its morphemes, to the recognisers, and what each has found in it to the engine."""

    def __init__(self, page: Page, engine: NoOpNlpEngine) -> None:
        # Without an engine no keywords are looked for: there are no lemmas.
        super().__init__(entities=[], tokens=(), tokens_indices=[], lemmas=[], nlp_engine=None, language=_LANGUAGE)
        self.nlp_engine = engine
        self.page = page
        self.found: dict[str, list[Any]] = {}


class _Engine(AnalyzerEngine):  # type: ignore[misc]
    """Our patterns hold their own context words; Presidio's enhancers need lemmas, which there are none of."""

    def _enhance_using_context(self, text: str, raw_results: list[Any], *_args: object, **_kwargs: object) -> list[Any]:
        return raw_results


class _Result(RecognizerResult):  # type: ignore[misc]
    """One of our spans in Presidio's clothes: it keeps its own trace, which says which rule found it and why."""

    def __init__(self, span: Span, found_by: dict[str, str], trace: Any = None) -> None:
        super().__init__(span.kind, span.start, span.end, span.score, trace, found_by)
        self.span = span

    def __hash__(self) -> int:
        """Return what equal results share; Presidio's makes a string for it."""
        return hash((self.entity_type, self.start, self.end, self.score))

    __eq__ = RecognizerResult.__eq__


class _Ours(EntityRecognizer):  # type: ignore[misc]
    """One of our recognisers in Presidio's clothes."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._find = recogniser.find
        super().__init__(
            supported_entities=[str(kind) for kind in recogniser.kinds],
            name=recogniser.name,
            supported_language=_LANGUAGE,
        )
        self._found_by = {
            RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
        }

    def load(self) -> None:
        """Nothing to load."""

    def look(self, page: Page) -> list[Any]:
        """Return Presidio results with the reason of each."""
        return [_Result(span, self._found_by) for span in _best(self._find(page))]

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[Any]:
        """Return what was found when this recogniser had its turn."""
        found: list[Any] = nlp_artifacts.found[self.id]
        return found


def _best(spans: Iterable[Span]) -> Iterable[Span]:
    """Keep the surest of the guesses of one recogniser for the same range."""
    found = list(spans)
    if len(found) <= 1:
        return found
    best: dict[tuple[Kind, int, int], Span] = {}
    for span in found:
        key = (span.kind, span.start, span.end)
        if key not in best or best[key].score < span.score:
            best[key] = span
    return best.values()


class _Presidios(EntityRecognizer):  # type: ignore[misc]
    r"""One of Presidio's pattern recognisers, read on an ASCII view: its ``\b`` fails beside kanji."""

    def __init__(self, inner: Any, needs: str) -> None:
        self._inner, self._needs = inner, compiled(needs)
        super().__init__(supported_entities=inner.supported_entities, name=inner.name, supported_language=_LANGUAGE)
        # The engine drops results that bear the identifier of a recogniser it does not know, as the inner one is.
        self._found_by = {
            RecognizerResult.RECOGNIZER_NAME_KEY: inner.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
        }

    def load(self) -> None:
        """Nothing to load."""

    def look(self, page: Page) -> list[Any]:
        """Run the inner recogniser only where something of its shape occurs at all."""
        if not self._needs.search(page.text):
            return []
        results = self._inner.analyze(text=page.ascii_view, entities=self.supported_entities, nlp_artifacts=None)
        return [_Result(_span(result), self._found_by, result.analysis_explanation) for result in results]

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[Any]:
        """Return what was found when this recogniser had its turn."""
        found: list[Any] = nlp_artifacts.found[self.id]
        return found


class _Registry(RecognizerRegistry):  # type: ignore[misc]
    """A registry with one language, which therefore need not choose anew for every page."""

    def get_recognizers(self, *_args: object, **_kwargs: object) -> list[Any]:
        """Return every recogniser."""
        return list(self.recognizers)


def _presidios() -> list[_Presidios]:
    """Return Presidio's own recognisers that are of use for Japanese, and what a page must hold for each."""
    cards, iban, ip = (
        kind(supported_language=_LANGUAGE) for kind in (CreditCardRecognizer, IbanRecognizer, IpRecognizer)
    )
    return [
        _Presidios(cards, rf"(?<![0-9])[0-9](?:{_BLANK}?[0-9]){{12}}"),
        _Presidios(iban, rf"[0-9](?<=[A-Za-z]{{2}}[0-9])[0-9]{_BLANK}?[A-Za-z0-9]{{4}}"),
        _Presidios(ip, r"\.(?<=[0-9]\.)[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|:(?::|(?<=[0-9A-Fa-f]:)(?:[0-9A-Fa-f]{1,4}:){3})"),
    ]


@cache
def _engine() -> Any:
    nlp_engine = NoOpNlpEngine(models=[{"lang_code": _LANGUAGE, "model_name": "none"}])
    nlp_engine.load()
    registry = _Registry(
        recognizers=[*(_Ours(each) for each in RECOGNISERS), *_presidios()], supported_languages=[_LANGUAGE]
    )
    return _Engine(registry=registry, nlp_engine=nlp_engine, supported_languages=[_LANGUAGE])


@cache
def _entities() -> Sequence[str]:
    found: list[str] = _engine().get_supported_entities(language=_LANGUAGE)
    return found


def recognise(read: Sequence[Page]) -> list[list[Span]]:
    """Return what the registered recognisers find in each page, with the trace, offsets within the page.

    Each recogniser reads all pages before the next one does: its code and its patterns are in the processor's caches
    then, which makes short texts a fifth cheaper.
    """
    engine = _engine()
    every = [_PageArtifacts(page, engine.nlp_engine) for page in read]
    for each in engine.registry.recognizers:
        for one in every:
            one.found[each.id] = each.look(one.page)
    return [[result.span for result in _weighed(engine, one)] for one in every]


def _weighed(engine: Any, one: _PageArtifacts) -> Any:
    return engine.analyze(text=one.page.text, language=_LANGUAGE, entities=_entities(), return_decision_process=True,
                          score_threshold=0.0, nlp_artifacts=one)  # fmt: skip


def recognise_again(read: Sequence[Page]) -> list[list[Span]]:
    """Return what is found in texts that were stripped once, without the engine around the recognisers.

    Addresses, forbidden text and what Presidio's own look for are found by what they are, not by their neighbours: a
    placeholder beside them brings no new ones, and looking for them is a third of the cost.
    """
    found: list[list[Span]] = [[] for _ in read]
    for each in RECOGNISERS:
        if each.name not in _BY_THEMSELVES:
            for spans, page in zip(found, read, strict=True):
                spans.extend(each.find(page))
    return found


def _span(result: Any) -> Span:
    """Return a result of one of Presidio's own as a span of ours."""
    trace = result.analysis_explanation
    why = (trace.textual_explanation or trace.pattern_name or "") if trace else ""
    name = (result.recognition_metadata or {}).get(RecognizerResult.RECOGNIZER_NAME_KEY, "")
    return Span(Kind(result.entity_type), result.start, result.end, result.score, name, why)
