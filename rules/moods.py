"""Whether a phrase is asserted of this reader now, or denied, conditional, quoted, past, asked, or said of others.

Clause level and cheap: a window before and a window after the phrase, both of bounded length.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rules import lexicon
from rules.lexicon import Found, Phrase

WINDOW_CHARS = 120
QUOTE_LABEL_CHARS_MAX = 8
#: Longer than any sentence gets in canonical spelling; only a strange subject is.
REMEMBERED_CHARS_MAX = 1_200
REMEMBERED_SENTENCES = 4_096

_JA_CONDITION_AFTER = re.compile(
    r"(も|が)(ある|あり|ござ)|[^。、]{0,14}(場合|際に?は|(の|た|る|い)とき(は|に)|時は|かどうか|か否か"
    r"|にかかわらず|に関わらず|を問わず|可能性|ことが(あ|ご)|こともあ"
    r"|こともご|かもしれ|恐れ|おそれ|ようでしたら|としても|であっても|ましても|のであれば|ならば|た(ら"
    r"|場合)|べき|とみなし|とご理解|ものとしま|ものとして(取り?扱|扱))"
)
_JA_CONDITION_BEFORE = re.compile(
    r"(場合(に)?(は|、|には)?|(の|た|い|る)とき(は|に)|なければ|ない限り|ない方(は|に)|次第|万が?一"
    r"|もし|仮に|ましたら|でしたら|(過ぎ|なり|れ)ますと|ませんと、)[^。]{0,26}$"
)
_JA_CONDITION_WITHIN = re.compile(r"場合|(に|と)?なり次第|し次第|なければ|ない限り|際は|ときは")
_JA_DENIAL_AFTER = re.compile(
    r"(と(いう)?|の|し|し?た|する|な)?[^。、]{0,6}?(わけでは|訳では|ものでは|ではな|ではありません"
    r"|ではござい|じゃな|つもりは(な|あ|ご)|予定は(な|あ|ご)|ことなく|ことはな"
    r"|ことはあり|ことはござい|せずに|せず、)"
)
_JA_NOMINAL_AFTER = re.compile(
    r"(と)?(な|さ|し|いた|いただ|せて|せ|られ|れ|り|っ|た|き|まし|た|の|皆|お){0,8}"
    r"(方|かた|方々|皆様|皆さま|者|応募者|候補者|学生|人|人数|割合|理由|通知|メール|経緯|基準|率)(に"
    r"|へ|を|から|で|の|は|が|も|向け|全員|宛|、|と)"
)
_JA_PAST_BEFORE = re.compile(
    r"(以前|前回|昨年|過去|かつて|当時|先年|前年|数年前|ヶ月前|か月前|年前|一度は|昔"
    r"|(先月|先々月|[春夏秋冬])の(選考|面接|試験|ご応募)(では|時|の際|の折))[^。]{0,40}$"
)
_JA_OTHERS_BEFORE = re.compile(
    r"((そちらの|その|合う|合致する)方|(他|別|ほか|多く|一部|大半|ほとんど|[0-9]+名|何名か|数名)の?(応募)?(方|かた"
    r"|候補者|応募者|人|学生)?)(々|様)?(が|は|を|も|の|に|へ)[^。、]{0,10}$"
    r"|((そちらの|その|合う|合致する)方|(他|別|ほか)の(応募)?(方|かた|候補者|応募者|人|学生))(々|様)?$"
)
_JA_PART_BEFORE = re.compile(
    r"(配属|勤務地|部署|フルタイム|正社員|(本社|支社|支店)勤務|第[一二三1-3](志望|希望)"
    r"|今回の職種)(の[^。、]{1,8})?(への|での|としての|の)?[^。、]{0,6}(は|では|には|について)"
)
_JA_THANKS_AFTER = re.compile(
    r"[^。]{0,22}(ありがと|感謝|御礼|お礼|うれし|嬉し|光栄|恐縮|いただ(いた|きまし(た|て))(が|に|の|ところ"
    r"|際|上で|うえで|もの)|くださ(り|いまし(た|て)|った))"
    r"|[^。、]{0,12}結果(、|を|です|につ|は|が)"
)
_JA_NOT_AFTER = re.compile(
    r"[^。、]{0,22}(でき(ず|ません|ない|なか|なく|かね)|かな(わ|い)|かね(ます|る|まし|て)|難し|困難"
    r"|至(ら|り)|なりません|ならな|及(ば|び)|られ(ず|ません|ない)"
    r"|見送|見合わせ|控え|断念|お断り|取りやめ|遠慮|ません(で|。|$)|ない(こと|という|との|判断|結論|結果|方向|もの|旨|形)"
    r"|取り消|辞退)"
)
_QUESTION_AFTER = re.compile(r"[^。]{0,16}(でしょうか|ですか|ますか|ませんか|んか)|[^.。]{0,30}\?")
_JA_REQUEST = re.compile(r"(ません|ない|ず)?(でしょうか|か(。|$|\?|、))")
_JA_AGAIN = re.compile(
    r"また(の|別|ご縁|ご?応募|ぜひ|是非|何か|お(会|目|越|声)|いつか|機会|よろしく|次|募集)|今後|将来|(次|別|また)の?機会|いつか|来年|来期|来季|次年度|次回|機会(が|の|に)"
    r"|ご縁(が|の)(あり(まし|ます際)|あれ|あった|あっ|ござい(まし|ます際)|際)"
    r"|(採用|求人|募集|ホーム|公式)(情報)?(ページ|サイト)|(弊社|当社)(の)?(サイト|ホームページ|hp)|マイナビ|ハローワーク"
)
#: An invitation that was looked for and not found: 「別の職種も検討いたしましたが、…ございませんでした」.
_JA_NONE_AFTER = re.compile(
    r"ません|[^。、]{0,20}(?:(?:ござい|あり|おり|い|でき)ません|でき(?:ず|ない|かね)|なく|なかった|添え|見送|見合わせ|難し|困難|かね(?:ます|る))"
    r"|[^。、]{0,24}(?:検討|考慮|模索|相談|確認|打診)[^。、]{0,10}(?:が|ものの|けれども?)、?[^。]{0,40}"
    r"(?:ません|ず|ない|なか|なく|添え|見送|難し|かね)"
)
_JA_SOMEDAY = re.compile(r"(将来|いつか|またの機会|(次|別)の機会|機会が(あれば|あり|ござい))[^。]{0,24}$")

_EN_CONDITION_BEFORE = re.compile(
    r"\b(when|if|unless|whether|should|in case) (you|we|your|an application)\b[^.;,]*$|\b(when|if|whether|unless) $"
    r"|\b(please|can|may|should|will) (assume|take it|regard|consider it)\b[^.;]*$"
    r"|(^|[,;:(\-] ?|\b(and|but|that|or|then) )"
    r"(if|unless|should (you|your|we)|whether|in (case|the event)|when(ever)?|until|were (you|we) to|once)\b[^.;]*$"
)
_EN_CONDITION_AFTER = re.compile(r"[^.]{0,30}\b(until|unless|without|before|if (you|we) do|if you have)\b")
_EN_CONDITION_WITHIN = re.compile(r"\bif (we|you)\b|\bnot yet\b|\buntil\b")
_EN_PAST_AFTER = re.compile(r"[^.,]{0,24}\b(last (year|time|month|spring|summer|autumn|winter)|in 20\d\d|previously)\b")
_EN_PAST_BEFORE = re.compile(
    r"\b(last (year|time|month)|previously|in the past|back in|some time ago|years ago|months ago)\b[^.]{0,60}$"
    r"|\b(last (spring|summer|autumn|fall|winter|week)|earlier this year|when you (last|first|previously) applied),? "
    r"(we|you|your application|it)\b[^.,]{0,40}$"
)
#: People in general, as the subject of the clause, and neither the reader nor the writer after them.
_EN_OTHERS_BEFORE = re.compile(
    r"(^|[.,;:(] ?|\b(and|but|that|while|as|though|although|because|if|where) )"
    r"((all|any|most|many|some|several|no|the|those|other|others?|late|incomplete|unsuccessful|remaining|two|three|four"
    r"|five|[0-9]+) (of )?)*"
    r"(candidates?|applicants?|applications|submissions|those|anyone|everyone|nobody|people|persons|others|they)\b"
    r"(?![^.]*\b(you|your|yours|we|i)\b)[^.,;:]*$"
)
_EN_NOT_BEFORE = re.compile(
    r"\b(not|unable|cannot|never|nor|without|rather than|instead of|decided against|no longer|hoped"
    r"|wish(ed)?|could have|would have)\b[^.,;:]{0,30}$"
)
_EN_NOT_RIGHT_BEFORE = re.compile(r"\b(?:not|unable|cannot|nor|no longer)(?: \w+){0,3} $")
_EN_NOT_FAR_BEFORE = re.compile(
    r"\b(not|unable|cannot|never|nor|without|against|no longer|difficult|sorry|rather than)\b[^.;:]*$"
)
_EN_NOT_WITHIN = re.compile(
    r"\b(not|unable|cannot|no longer|(an)?other (candidate|applicant|person|people)|someone"
    r"|candidates? (who|whose|with)|others)\b"
)
_EN_OTHERS_AFTER = re.compile(
    r"[^.]{0,40}\b((an)?other|different|someone|those|stronger|more (suitable|qualified|experienced)"
    r"|candidates?|applicants?|feedback|in the future|future)\b"
)
_EN_SOMEDAY = re.compile(
    r"\b(future|on file|in mind|encourage|feel free|welcome to (re)?apply|hesitate|talent (pool"
    r"|community)|again|(careers?|jobs?) (page|site|portal|website)|website)\b"
)
_EN_THANKS_BEFORE = re.compile(
    r"\b(thank(s| you)|appl(y|ied|ying|ication)|interest(ed)?|wish(ed)?|hop(ed?|ing)|opportunity|want(ed)?) "
    r"[^.,;:]{0,24}$"
)
#: 「not to go ahead with any of the other candidates」: whoever reads this is the one they go ahead with.
_EN_OTHERS_AFTER_NO = re.compile(
    r" (?:ahead |forward |on )?(?:with )?(?:any(?: of the)? other|(?:all )?the other|the (?:rest|others)(?: of the)?)"
    r" ?(?:candidates|applicants|finalists|people|\b)"
)
_EN_DENIAL_BEFORE = re.compile(r"\b(does not mean|is not to say|not because|would not say|not a) [^.]{0,30}$")


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of a mood, in the words before, after or within the phrase, or anywhere in its sentence.

    ``only`` and ``never`` hold kinds, cues or phrase ids to which the sign is limited or does not apply.
    """

    mood: str
    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    within: re.Pattern[str] | None = None
    anywhere: re.Pattern[str] | None = None
    only: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


def _sign(mood: str, *, only: Sequence[str] = (), never: Sequence[str] = (), **where: re.Pattern[str]) -> Sign:
    return Sign(mood, only=frozenset(only), never=frozenset(never), **where)


#: Said of others, these say no to the reader.
_OF_OTHERS = ("en.no.candidate-chosen", "en.no.stronger-field", "en.no.not-a-match", "en.no.other-candidates")
#: A place that somebody else may give up, a post that the reader may choose: the condition is what is said.
_OPEN_TO_THE_READER = ("waiting_list", "other_post")
_JA_SAID = (
    _sign("denied", after=_JA_DENIAL_AFTER),
    _sign("conditional", after=_JA_CONDITION_AFTER, never=_OPEN_TO_THE_READER),
    _sign("conditional", before=_JA_CONDITION_BEFORE, never=_OPEN_TO_THE_READER),
    _sign("conditional", within=_JA_CONDITION_WITHIN, never=_OPEN_TO_THE_READER),
    _sign("nominal", after=_JA_NOMINAL_AFTER),
    _sign("past", before=_JA_PAST_BEFORE),
    _sign("question", after=_JA_REQUEST, never=["unsure"]),
    _sign("question", after=_QUESTION_AFTER, never=["unsure"]),
    _sign("part", before=_JA_PART_BEFORE, only=["no"]),
    _sign("part", within=_JA_PART_BEFORE, only=["no"]),
    _sign("others", before=_JA_OTHERS_BEFORE, only=["no"], never=["ja.no.others-chosen"]),
    _sign("someday", anywhere=_JA_AGAIN, only=["other_post"]),
    _sign("denied", after=_JA_NONE_AFTER, only=["other_post"]),
)
_JA_YES = (
    _sign("thanks", after=_JA_THANKS_AFTER, never=["ja.yes.joining", "ja.yes.offer", "ja.yes.congratulations"]),
    _sign("conditional", after=_JA_CONDITION_AFTER),
    _sign("conditional", before=_JA_CONDITION_BEFORE),
    _sign("nominal", after=_JA_NOMINAL_AFTER),
    _sign("others", before=_JA_OTHERS_BEFORE),
    _sign("someday", before=_JA_SOMEDAY),
)
_EN_SAID = (
    _sign("conditional", before=_EN_CONDITION_BEFORE, never=["other_post"]),
    _sign("conditional", after=_EN_CONDITION_AFTER, never=["unsure"]),
    _sign("conditional", within=_EN_CONDITION_WITHIN, never=["other_post"]),
    _sign("denied", before=_EN_DENIAL_BEFORE),
    _sign("past", before=_EN_PAST_BEFORE),
    _sign("past", after=_EN_PAST_AFTER),
    _sign("question", after=_QUESTION_AFTER, never=["unsure"]),
    _sign("someday", anywhere=_EN_SOMEDAY, only=["other_post"]),
    _sign("denied", before=_EN_NOT_BEFORE, only=["hold"]),
    _sign("denied", before=_EN_NOT_RIGHT_BEFORE, only=["other_post"]),
    _sign("others", before=_EN_OTHERS_BEFORE, only=["no"], never=_OF_OTHERS),
    _sign("others", after=_EN_OTHERS_AFTER_NO, only=["no"]),
)
_EN_YES = (
    _sign("denied", before=_EN_NOT_BEFORE, never=["en.yes.unlike-others"]),
    _sign("denied", within=_EN_NOT_WITHIN, never=["en.yes.unlike-others"]),
    _sign("denied", before=_EN_NOT_FAR_BEFORE, only=["en.yes.forward-with"]),
    _sign("conditional", before=_EN_CONDITION_BEFORE),
    _sign("others", after=_EN_OTHERS_AFTER, never=["en.yes.unlike-others"]),
    _sign("thanks", before=_EN_THANKS_BEFORE, only=["en.yes.forward-to"]),
)
_VETO = (
    _sign("denied", before=_EN_NOT_BEFORE, only=["result_pending"]),
    _sign("conditional", after=_JA_CONDITION_AFTER, only=["withdrawal"]),
)
_AROUND = frozenset({"context", "support", "closing"})


class Said(NamedTuple):
    """A phrase at ``start:end`` of a sentence; ``mood`` is empty when it is meant as said."""

    phrase: Phrase
    mood: str
    start: int
    end: int


def said(sentence: str, *, quoted: bool = False) -> tuple[Said, ...]:
    """Return every phrase of ``sentence`` (canonical spelling) and how it is meant, in the order of the phrase files.

    ``quoted``: the sentence begins inside a quotation.
    """
    if len(sentence) > REMEMBERED_CHARS_MAX:
        return tuple(_said(sentence, quoted))
    return _remembered(sentence, quoted)


@functools.lru_cache(maxsize=REMEMBERED_SENTENCES)
def _remembered(sentence: str, quoted: bool) -> tuple[Said, ...]:
    """Return `said`, from memory when the sentence was read lately: companies send the same mail with other names.

    Mail text may be held here: it stays in this process and is never written, at most `REMEMBERED_SENTENCES` sentences
    of `REMEMBERED_CHARS_MAX` characters stay, and those not seen for the longest time leave first. The answer depends
    on the arguments and the shipped phrases alone, so that memory changes no decision.
    """
    return tuple(_said(sentence, quoted))


def _said(sentence: str, quoted: bool) -> Iterator[Said]:
    for found in lexicon.shipped().find(sentence):
        yield Said(found.phrase, mood(found, sentence, quoted=quoted), found.start, found.end)


def mood(found: Found, sentence: str, *, quoted: bool = False) -> str:
    """Return why the phrase does not count ("conditional", "denied", …); empty when it is meant as said."""
    kind = found.phrase.kind
    if kind in _AROUND or (kind == "yes" and found.phrase.where == "subject"):
        return ""
    if kind != "veto" and (quoted or _inside_quote(sentence, found)):
        return "quoted"
    before = sentence[max(0, found.start - WINDOW_CHARS) : found.start]
    after = sentence[found.end : found.end + WINDOW_CHARS]
    within = sentence[found.start : found.end]
    if kind == "yes" and found.phrase.lang == "ja" and _JA_NOT_AFTER.match(after) and not _QUESTION_AFTER.match(after):
        return "denied"  # お越しいただけませんか is an invitation, お越しいただけません is not
    labels = {kind, found.phrase.cue, found.phrase.id}
    for sign in _signs(found):
        if sign.never & labels or (sign.only and not sign.only & labels):
            continue
        if _shows(sign, before, after, within, sentence):
            return sign.mood
    return ""


def _signs(found: Found) -> tuple[Sign, ...]:
    if found.phrase.kind == "veto":
        return _VETO
    if found.phrase.lang == "ja":
        return _JA_YES if found.phrase.kind == "yes" else _JA_SAID
    return _EN_YES if found.phrase.kind == "yes" else _EN_SAID


def _shows(sign: Sign, before: str, after: str, within: str, sentence: str) -> bool:
    return (
        (sign.before is not None and sign.before.search(before) is not None)
        or (sign.after is not None and sign.after.match(after) is not None)
        or (sign.within is not None and sign.within.search(within) is not None)
        or (sign.anywhere is not None and sign.anywhere.search(sentence) is not None)
    )


def _inside_quote(sentence: str, found: Found) -> bool:
    """Tell whether the phrase stands in a longer quotation; 「不採用」 alone is a label, not a quotation."""
    for opening, closing in (("「", "」"), ("『", "』")):
        start = sentence.rfind(opening, 0, found.start + 1)
        if start >= 0 and sentence.find(closing, start, found.start) < 0:
            end = sentence.find(closing, start)
            if end < 0 or end - start > QUOTE_LABEL_CHARS_MAX:
                return True
    return sentence.count('"', 0, found.start) % 2 == 1 and '"' in sentence[found.end :]
