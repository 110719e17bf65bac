"""What the words of one mail say: every phrase with its place and mood, context and score. No verdict yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from core.lang import Lang
from rules.lexicon import Phrase
from rules.mail import Mail
from rules.moods import said
from rules.text import Layout, Sentence, read_layout, read_subject

Place = Literal["text", "subject", "wrapped"]

#: Judged of the new text: its beginning and its end. A rejection is short; the limit keeps hostile mail cheap.
HEAD_CHARS_MAX = 16_000
TAIL_CHARS_MAX = 4_000
WRAPPED_CHARS_MAX = 4_000
HITS_MAX = 400

CONTEXT_STRONG = 1.5
CONTEXT_WEAK = 0.5
SECOND_NO = 1.0
LETTER = 2.5

_ROLE_ADDRESSES = ("saiyo", "saiyou", "recruit", "jinji", "career", "talent", "jobs", "hiring", "hr", "people", "saiyô")
_ROLE_WORDS = (
    "採用担当",
    "採用チーム",
    "採用係",
    "採用グループ",
    "人事",
    "recruit",
    "talent",
    "human resources",
    "hiring team",
)


class Hit(NamedTuple):
    """A phrase in the mail. ``mood`` is empty when it is meant as said.

    ``sentence`` counts the new sentences; ``until`` is where the phrase ends in that sentence's canonical text.
    """

    phrase: Phrase
    mood: str
    quote: str
    start: int
    end: int
    place: Place
    sentence: int
    until: int = -1

    @property
    def said(self) -> bool:
        return not self.mood


@dataclass(frozen=True, slots=True)
class Reading:
    """One mail's words. ``text`` is what offsets point into; ``long``: not all of it was judged.

    ``context`` is 0, `CONTEXT_WEAK` or `CONTEXT_STRONG`. ``noes``: every "no" that is meant as said.
    """

    text: str
    hits: tuple[Hit, ...]
    layout: Layout
    subject: Sentence
    lang: Lang
    context: float
    score: float
    long: bool
    noes: tuple[Hit, ...]

    def of(self, *kinds: str) -> tuple[Hit, ...]:
        """Return the hits of these kinds that are meant as said."""
        return _meant(self.hits, *kinds)

    @property
    def own_no(self) -> bool:
        """Whether some "no" names the job or the selection itself."""
        return any(hit.phrase.own for hit in self.noes)

    @property
    def letter(self) -> bool:
        """Regret, good wishes and an application, but no decision in known words."""
        regret = [hit for hit in self.of("support", "soft") if "regret" in hit.phrase.id or hit.phrase.kind == "soft"]
        return bool(regret and self.of("closing") and self.context == CONTEXT_STRONG)


def _meant(hits: Iterable[Hit], *kinds: str) -> tuple[Hit, ...]:
    return tuple([hit for hit in hits if hit.phrase.kind in kinds and not hit.mood])


def read(mail: Mail, text: str) -> Reading:
    """Read ``text`` (of ``mail``, plain or from HTML) with the mail's subject. Linear in its length."""
    layout = read_layout(text)
    subject, answer = read_subject(mail.subject)
    judged, long = _judged(layout.new)
    hits = _hits(judged, text)
    if not answer:
        hits += _subject_hits(subject)
    hits += _wrapped_hits(layout, text)
    long = long or layout.short or len(hits) >= HITS_MAX
    context = _context(mail, layout, subject, hits)
    score = _score(hits, context)
    language = _language(layout, subject)
    reading = Reading(text, tuple(hits), layout, subject, language, context, score, long, _meant(hits, "no"))
    if not reading.noes and reading.letter:
        return replace(reading, score=max(score, LETTER))
    return reading


def _judged(new: tuple[Sentence, ...]) -> tuple[list[tuple[int, Sentence]], bool]:
    numbered = list(enumerate(new))
    if sum(len(sentence.text) for sentence in new) <= HEAD_CHARS_MAX + TAIL_CHARS_MAX:
        return numbered, False
    head = _up_to(numbered, HEAD_CHARS_MAX)
    tail = _up_to(reversed(numbered[len(head) :]), TAIL_CHARS_MAX)
    return head + tail[::-1], True


def _up_to(sentences: Iterable[tuple[int, Sentence]], chars_max: int) -> list[tuple[int, Sentence]]:
    taken: list[tuple[int, Sentence]] = []
    for number, sentence in sentences:
        chars_max -= len(sentence.text)
        if chars_max < 0:
            break
        taken.append((number, sentence))
    return taken


def _hits(sentences: Iterable[tuple[int, Sentence]], text: str) -> list[Hit]:
    hits: list[Hit] = []
    about: set[str] = set()
    for number, sentence in sentences:
        for phrase, mood, first, last in said(sentence.text, quoted=sentence.quoted):
            if phrase.where == "subject":
                continue
            if phrase.kind == "context":  # once is enough
                if phrase.id in about:
                    continue
                about.add(phrase.id)
            start, end = sentence.origin(first, last)
            quote = text[start:end]
            if not quote.isalnum():
                quote = " ".join(quote.split())
            hits.append(Hit(phrase, mood, quote, start, end, "text", number, last))
            if len(hits) >= HITS_MAX:
                return hits
    return hits


def _subject_hits(subject: Sentence) -> Iterator[Hit]:
    """A subject bars or gives context; it is no evidence of a "no": passing notices carry the same one."""
    for phrase, mood, start, end in said(subject.text):
        if phrase.where == "subject" or phrase.kind in {"yes", "unsure", "context"}:
            yield Hit(phrase, mood, subject.text[start:end], -1, -1, "subject", -1)


def _wrapped_hits(layout: Layout, text: str) -> Iterator[Hit]:
    """Offers in signature and boilerplate: a wrong cut must not hide one."""
    chars = 0
    for sentence in layout.wrapped:
        chars += len(sentence.text)
        if sentence.kind == "quote" or chars > WRAPPED_CHARS_MAX:
            continue
        for phrase, mood, first, last in said(sentence.text):
            if phrase.kind == "yes" and phrase.where == "text" and not mood:
                start, end = sentence.origin(first, last)
                yield Hit(phrase, mood, " ".join(text[start:end].split()), start, end, "wrapped", -1)


def _context(mail: Mail, layout: Layout, subject: Sentence, hits: Iterable[Hit]) -> float:
    if any(hit.phrase.kind == "context" for hit in hits):
        return CONTEXT_STRONG
    local = mail.header_from.partition("@")[0].lower()
    if any(role in local for role in _ROLE_ADDRESSES):
        return CONTEXT_WEAK
    chars = 0
    for sentence in (subject, *layout.wrapped):
        chars += len(sentence.text)
        if chars > WRAPPED_CHARS_MAX:
            break
        if any(word in sentence.text for word in _ROLE_WORDS):
            return CONTEXT_WEAK
        if any(found.phrase.kind == "context" for found in said(sentence.text)):
            return CONTEXT_WEAK
    return 0.0


def _score(hits: Iterable[Hit], context: float) -> float:
    """Best "no", a second one, softer words (1.0 at most each of two kinds), context."""
    said = [hit for hit in hits if hit.said]
    noes = {hit.phrase.id: hit.phrase.weight for hit in said if hit.phrase.kind == "no"}
    best = max(noes.values(), default=0.0)
    second = SECOND_NO if len(noes) > 1 else 0.0
    soft = max((hit.phrase.weight for hit in said if hit.phrase.kind == "soft"), default=0.0)
    support = {hit.phrase.id: hit.phrase.weight for hit in said if hit.phrase.kind in {"support", "closing"}}
    if not noes and not soft:
        return 0.0
    return best + second + soft + min(1.0, sum(support.values())) + context


_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]+")


def _language(layout: Layout, subject: Sentence) -> Lang:
    """Japanese as soon as a tenth of the letters of the new text is Japanese."""
    sample = "".join([sentence.text for sentence in layout.new[:60]])[:4000] or subject.text
    # There are no more letters than characters, and the first third of a Japanese letter has enough of them.
    if sum(map(len, _JAPANESE.findall(sample[: len(sample) // 3 + 1]))) * 10 >= len(sample):
        return "ja"
    japanese = sum(map(len, _JAPANESE.findall(sample)))
    letters = sum(map(str.isalpha, sample))
    return "ja" if letters == 0 or japanese * 10 >= letters else "en"
