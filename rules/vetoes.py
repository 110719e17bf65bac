"""What keeps a mail from ever getting the link, whatever else speaks for it.

A veto says what becomes of the mail: `pass` (it is plainly about something else), `review` (a person looks).
Two are softer: `weak` passes, but asks a person when some "no" names the job itself; `quiet` passes only when
there is no such "no" (a rejection may well mention when papers come back).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from rules import moods
from rules.addressee import somebody_else, speaks_to_a_body
from rules.lexicon import Then
from rules.mail import Mail
from rules.model import Reason
from rules.reading import Hit, Reading
from rules.text import Sentence

#: So many sentences of a mail are read for questions, unread decisions; so many after the last "no" for a "but".
SENTENCES_MAX = 400
SENTENCES_AFTER_MAX = 12


class Veto(NamedTuple):
    """One veto that fired: what becomes of the mail, and the reason shown."""

    then: Then
    reason: Reason


#: The words that the vetoes below add to those of the phrase files.
_TEMPLATE = re.compile(
    r"\[[^\[\]]{0,6}(氏名|名前|会社名|企業名|日付|応募者名?|候補者名?|職種名?|ポジション名?|部署名|担当者名?)[^\[\]]{0,3}\]"
    r"|【(ご?氏名|お?名前|応募者名|候補者名)】\s?(様|さま|殿)"
    r"|\[((first |last |candidate )?name|company( name)?|position|role|job title|date)\]"
    r"|\{\{?\s*(?!careerrelay|キャリアリレー)[^{}\s][^{}]{0,30}\}\}?|<<[^<>]{1,24}>>|[○〇◯●×△]{2,}"
    r"|%[a-z_]{2,24}%|\$\{\w{1,24}\}|ここから本文|ここまで本文|ここから↓",
    re.IGNORECASE,
)
#: How every mark of `_TEMPLATE` begins.
_MAY_BE_MARK = re.compile(r"[\[【{<○〇◯●×△%$]|ここ(?:か|ま)")
_ANNOUNCED = re.compile(
    r"(選考|検討|審査|協議|面接|試験|書類)[^。、]{0,10}の結果(、|は、|と(して|いたしまして)、?)"
    r"|(検討|協議|選考|審議|審査|相談|議論|面接|面談)[^。、]{0,14}(結果、|ところ、|末に)|[のた]結果、"
)
#: One of these stands wherever `_ANNOUNCED` or `_DECIDED_EN` fits.
_ANNOUNCING = ("結果", "ところ、", "末に", "decided", "concluded", "chosen", "agreed", "determined")
_ANNOUNCES = re.compile(
    r"(お知らせ|ご?連絡|ご?報告|ご?通知|お伝え|ご?案内|お送り)(いた|申|し(ます|たく)|させ|です"
    r"|のとおり|の通り|を)|(書類|個人情報)[^。]{0,20}(返|破棄|廃棄)|(下記|次|以下|左記)の(とおり|通り)"
)
_DECIDED_EN = re.compile(
    r"\b(after|following|upon|on) ([a-z]+ ){0,3}(consideration|review|deliberation|discussion"
    r"|reflection)\b[^.]{0,80}\b(we|i|the (team|panel|committee)) (have |has )?(decided|concluded"
    r"|chosen|agreed|determined)\b"
)
_YOU = re.compile(r"(?i)\byou(r|rs)?\b")
#: A question to the reader that wants an answer: a proposal, an invitation, terms.
_ASKS = re.compile(
    r"(でしょうか|ませんか|ますか|ですか|いかがです|いかがでしょ)[^。]{0,4}。?[」』)]?$|[a-z0-9\x27\")]\?[^a-z]*$"
)
ASKING_CHARS = 12
_ASKS_NOTHING = re.compile(
    r"(理解|了承|容赦|許し|質問|不明|フィードバック|感想|アンケート|返却|返送|何卒)"
    r"|\b(question|feedback|on file|hesitate|retain|keep (your|you))"
)
#: What a decision goes on to say after "but" without taking anything back.
_KIND_WORDS = re.compile(
    r"了承|理解|容赦|祈|(?<!お)願|応募|機会|縁|感謝|礼|ありがと|申し訳|詫び|今後|健勝|活躍|許し|からず|応援|エントリー|履歴書|書類"
    r"|何卒|よろしく|優秀|素晴ら|魅力|届い(?:て|ら)|満た|不足|達し|及(?:ば|び)ま|励み|挑戦|チャレンジ|参考|残念|不本意|光栄|うれし|嬉し|印象|心苦し|返却|返送|破棄|廃棄"
    r"|\b(thank|wish|luck|future|appl(y|ied|ying)|encourag|keep|file|hop|impress|appreciat|feedback|regret|sorry|success"
    r"|best|enjoy|difficult|hard|tough|understand|other (roles|opportunit|opening|position)|touch|mind|disappoint"
    r"|pleasure|great|strong|talent|remain|interest|time)"
)
_TURN_WITHIN = re.compile(
    r"[^。、]{0,20}(ました|です|でした|ます|ません|せん|る|た)(が|けれども?|けど|ものの)、?(?P<rest>[^。]{5,})"
    r"|[^.;]{0,60}?[,;]? ?\b(but|however|although|though|instead|yet|because you)\b,? ?(?P<rest_en>[^.;]{8,})"
)
_TURN_AFTER = re.compile(
    r"(一方|ただし?、|但し|しかし|その代わり|代わりに|ですが|とはいえ|もっとも|ところが)|(however|but|instead|that said"
    r"|on the other hand|nevertheless|having said that|still,)\b"
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
    spoken_to = any(_YOU.search(hit.quote) for hit in reading.noes)
    known: set[tuple[str, Then]] = set()
    for hit in reading.of("veto", "unsure"):
        then = hit.phrase.then
        if then == "weak" and sentences == {hit.sentence} and not (hit.phrase.cue == "third_person" and spoken_to):
            then = "pass"  # the very sentence that says no says it of something else
        if (hit.phrase.cue, then) not in known:
            known.add((hit.phrase.cue, then))
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


def _asked(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """Beside a "no", a question to the reader: another post, terms, a date."""
    if not reading.noes:
        return
    for sentence in reading.layout.new[:SENTENCES_MAX]:
        end = sentence.text[-ASKING_CHARS:]
        if ("か" in end or "?" in end) and asks(sentence.text):
            yield Veto("review", _spot(reading, "question", sentence, 0, len(sentence.text)))
            return


def asks(sentence: str) -> bool:
    """Tell whether a sentence asks the reader something that wants an answer."""
    return _ASKS.search(sentence[-ASKING_CHARS:]) is not None and _ASKS_NOTHING.search(sentence) is None


def _turned(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """After the "no" a "but", and then neither thanks nor wishes: what follows may take the decision back."""
    noes = [hit for hit in reading.noes if hit.place == "text"]
    if not noes:
        return
    last = max(noes, key=lambda hit: (hit.sentence, hit.end))
    new = reading.layout.new
    sentence = new[last.sentence]
    within = _TURN_WITHIN.match(sentence.text, last.until)
    if within is not None:
        rest = "rest" if within.group("rest") else "rest_en"
        if not _KIND_WORDS.search(within.group(rest)):
            yield Veto("review", _spot(reading, "turned", sentence, *within.span(rest)))
            return
    for after in new[last.sentence + 1 : last.sentence + 1 + SENTENCES_AFTER_MAX]:
        if _TURN_AFTER.match(after.text) and not _KIND_WORDS.search(after.text):
            yield Veto("review", _spot(reading, "turned", after, 0, len(after.text)))
            return


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
            if sentence is reading.subject:  # offsets point into the text
                yield Veto("review", Reason("veto", "template_mark", quote=found.group()))
            else:
                yield Veto("review", _spot(reading, "template_mark", sentence, *found.span()))
            return


def _unread(_mail: Mail, reading: Reading) -> Iterator[Veto]:
    """A sentence announces a result in words that no phrase knows: it may be a pass."""
    known = {hit.sentence for hit in reading.hits if hit.phrase.kind in _SETTLED}
    for number, sentence in enumerate(reading.layout.new[:SENTENCES_MAX]):
        if number in known:
            continue
        if _announces(sentence.text):
            yield Veto("review", _spot(reading, "unread_decision", sentence, 0, len(sentence.text)))
            return


@functools.lru_cache(maxsize=moods.REMEMBERED_SENTENCES)
def _announces(sentence: str) -> bool:
    """Tell whether a sentence announces a result; remembered as `rules.moods` remembers what is said, and as safe."""
    if not any(word in sentence for word in _ANNOUNCING):
        return False
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
    _asked,
    _turned,
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


def _spot(reading: Reading, name: str, sentence: Sentence, first: int, last: int) -> Reason:
    """Return a veto's reason that quotes a part of a sentence as it is written in the mail."""
    start, end = sentence.origin(first, last)
    return Reason("veto", name, quote=" ".join(reading.text[start:end].split()), start=start, end=end)


def _reason(hit: Hit, name: str) -> Reason:
    return Reason("veto", name, quote=hit.quote, start=hit.start, end=hit.end, detail=hit.phrase.id)
