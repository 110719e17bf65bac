"""What keeps a mail from ever getting the link, whatever else speaks for it.

A veto says what becomes of the mail: `pass` (it is plainly about something else), `review` (a person looks).
Two are softer: `weak` passes, but asks a person when some "no" names the job itself; `quiet` passes only when
there is no such "no" (a rejection may well mention when papers come back).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rules import moods
from rules.addressee import somebody_else, speaks_to_a_body
from rules.lexicon import Then
from rules.mail import Mail
from rules.model import Reason
from rules.reading import Hit, Reading


@dataclass(frozen=True, slots=True)
class Veto:
    """One veto that fired: what becomes of the mail, and the reason shown."""

    then: Then
    reason: Reason


#: The words that the vetoes below add to those of the phrase files.
_TEMPLATE = re.compile(
    r"\[(ご?氏名|お?名前|会社名|企業名|日付|応募者名|候補者名|職種名?|ポジション名?|(first |last "
    r"|candidate )?name|company( name)?|position|role|job title|date)\]"
    r"|\{\{?\s*(?!careerrelay|キャリアリレー)[^{}\s][^{}]{0,30}\}\}?|<<[^<>]{1,24}>>|[○〇◯●×△]{2,}"
    r"|%[a-z_]{2,24}%|\$\{\w{1,24}\}|ここから本文|ここまで本文|ここから↓",
    re.IGNORECASE,
)
#: How every mark of `_TEMPLATE` begins.
_MAY_BE_MARK = re.compile(r"[\[{<○〇◯●×△%$]|ここ(?:か|ま)")
_ANNOUNCED = re.compile(
    r"((選考|検討|審査|協議|面接|試験|書類)[^。、]{0,10}の結果(、|は、|と(して|いたしまして)、?)|(検討"
    r"|協議|選考|審議|審査|相談)(いた|を(重ね|行い|進め)|させ|し|重ね)[^。、]{0,10}(結果|ところ)、)"
)
_ANNOUNCES = re.compile(
    r"(お知らせ|ご?連絡|ご?報告|ご?通知|お伝え|ご?案内|お送り)(いた|申|し(ます|たく)|させ|です"
    r"|のとおり|の通り|を)|(書類|個人情報)[^。]{0,20}(返|破棄|廃棄)"
)
_DECIDED_EN = re.compile(
    r"\b(after|following|upon|on) ([a-z]+ ){0,3}(consideration|review|deliberation|discussion"
    r"|reflection)\b[^.]{0,80}\b(we|i|the (team|panel|committee)) (have |has )?(decided|concluded"
    r"|chosen|agreed|determined)\b"
)
_SETTLED = frozenset({"no", "soft", "yes", "unsure", "elsewhere"})


def _positive(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """An offer, a pass or a next step anywhere. When it is the last word, the mail is no rejection at all."""
    noes, yeses = reading.noes, reading.of("yes")
    last_no = max(((hit.sentence, hit.start) for hit in noes), default=(-1, -1))
    for hit in yeses:
        last = (hit.sentence, hit.start) > last_no and hit.place == "text"
        yield Veto("pass" if last and noes and hit.phrase.own else "review", _reason(hit, "positive"))


def _cues(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """The vetoes of the phrase files: other kinds of mail, and outcomes that are none yet."""
    sentences = {hit.sentence for hit in reading.noes}
    for hit in reading.of("veto", "unsure"):
        then = hit.phrase.then
        if then == "weak" and sentences == {hit.sentence}:
            then = "pass"  # the very sentence that says no says it of something else
        yield Veto(then, _reason(hit, hit.phrase.cue))
    if not reading.noes and not reading.of("yes"):
        for hit in reading.of("elsewhere"):
            yield Veto("review", _reason(hit, hit.phrase.cue))


def _quoted(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """A "no" inside quotation marks: a draft, a manual, somebody's words."""
    for hit in reading.hits:
        if hit.phrase.kind == "no" and hit.mood == "quoted":
            yield Veto("review", _reason(hit, "quoted"))


def _past(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """A "no" of an earlier time: a history, a new invitation."""
    for hit in reading.hits:
        if hit.phrase.kind == "no" and hit.mood == "past":
            yield Veto("review", _reason(hit, "past"))


def _part(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """A "no" to a part only: a wished department, full time, the head office."""
    for hit in reading.hits:
        if hit.phrase.kind == "no" and hit.mood == "part":
            yield Veto("review", _reason(hit, "part"))


def _body(mail: Mail, reading: Reading) -> Iterator[Veto]:
    """Spoken to a company, school or agency: the decision is about its offer or its candidate."""
    if speaks_to_a_body(mail, reading):
        yield Veto("pass", Reason("veto", "addressee_body", detail="the addressee is an organisation"))


def _named(mail: Mail, reading: Reading) -> Iterator[Veto]:
    """The sentence decides about somebody who is not the recipient."""
    hit = somebody_else(mail, reading)
    if hit is not None:
        yield Veto("pass", _reason(hit, "somebody_else"))


def _template(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """Marks of a template left unfilled; our own placeholder is none (decisions.md 13)."""
    if not any(map(_MAY_BE_MARK.search, (reading.subject.text, "\n".join(one.text for one in reading.layout.new)))):
        return
    for sentence in (*reading.layout.new, reading.subject):
        found = _TEMPLATE.search(sentence.text)
        if found is not None:
            # Offsets point into the text; what stands in the subject has none.
            start, end = (-1, -1) if sentence is reading.subject else sentence.origin(*found.span())
            yield Veto("review", Reason("veto", "template_mark", quote=found.group(), start=start, end=end))
            return


def _unread(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """A sentence announces a result in words that no phrase knows: it may be a pass."""
    known = {hit.sentence for hit in reading.hits if hit.phrase.kind in _SETTLED}
    for number, sentence in enumerate(reading.layout.new[:400]):
        if number in known:
            continue
        if _announces(sentence.text):
            start, end = sentence.origin(0, len(sentence.text))
            yield Veto("review", Reason("veto", "unread_decision", quote=sentence.text, start=start, end=end))
            return


@functools.lru_cache(maxsize=moods.REMEMBERED_SENTENCES)
def _announces(sentence: str) -> bool:
    """Tell whether a sentence announces a result; remembered as `rules.moods` remembers what is said, and as safe."""
    found = _ANNOUNCED.search(sentence) or _DECIDED_EN.search(sentence)
    return found is not None and _ANNOUNCES.search(sentence) is None


def _long(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """Not everything was judged: what was left out may say the contrary."""
    if reading.long:
        yield Veto("review", Reason("veto", "not_all_judged", detail="longer than what is judged"))


VETOES: tuple[Callable[[Mail, Reading], Iterator[Veto]], ...] = (
    _positive,
    _cues,
    _quoted,
    _past,
    _part,
    _body,
    _named,
    _template,
    _unread,
    _long,
)


def fired(mail: Mail, reading: Reading) -> tuple[Veto, ...]:
    """Return every veto that fires, each id once a mail."""
    found: dict[str, Veto] = {}
    for veto in VETOES:
        for one in veto(mail, reading):
            kept = found.get(one.reason.id)
            if kept is None or (kept.then != "pass" and one.then == "pass"):
                found[one.reason.id] = one
    return tuple(found.values())


def _reason(hit: Hit, name: str) -> Reason:
    return Reason("veto", name, quote=hit.quote, start=hit.start, end=hit.end, detail=hit.phrase.id)
