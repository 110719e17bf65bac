"""The decision sentence with everything personal masked: what a person approves once and we remember.

Approve the sentence, not the mail: turning only this sentence of a rejection into a passing one leaves the rest
of the mail alike (detection.md 2). Masked: digits, dates, the recipient's name and local part, words before
様/さん/殿/Dear (decisions.md 29), and the post that somebody applied for. A template's own marks ({{氏名}}, ○○職)
are masked as what will stand in their place, so that a sentence can be approved before it is ever sent.
"""

from __future__ import annotations

import hashlib
import re

from rules.addressee import known_names
from rules.gates import external
from rules.mail import Mail
from rules.reading import Reading

DECISIVE_WEIGHT = 2.0
SENTENCES_MAX = 6
SENTENCE_CHARS_MAX = 2_000

_DATE = re.compile(
    r"(令和|平成)?\d{1,4}\s?年(\d{1,2}\s?月)?(\d{1,2}\s?日)?|\d{1,2}\s?月\s?\d{1,2}\s?日"
    r"|\d{1,4}[/.-]\d{1,2}([/.-]\d{1,4})?"
    r"|\b\d{1,2}(st|nd|rd|th)?( of)? (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b\.?,?( \d{4})?"
    r"|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}(st|nd|rd|th)?\b(, \d{4})?"
)
_WEEKDAY = re.compile(r"[((][月火水木金土日][))]|\b(mon|tues|wednes|thurs|fri|satur|sun)day\b")
_DIGITS = re.compile(r"\d+")
_HONORED = re.compile(r"[一-鿿々ァ-ヶーa-z○〇◯●◎]{1,12}(?=(様|さん|殿))")
_DEAR = re.compile(r"\b(dear|hi|hello|hey) [a-z .'-]{1,40}?(?=,|:|!|$)")
_GREETINGS = ("dear", "hi ", "hello", "hey ")
_NAMES = re.compile(r"(<name>[\s・]*)+")
# A post: what stands in brackets before 職・ポジション…, a run of kanji or katakana that ends in 職, or a few English
# words before "position". Kana, and English words that a decision needs, end the run: none of it can be masked.
_POST_WORDS = r"(?:職種|職|ポジション|求人|募集|枠|コース|部門)"
_EN_ENDS = (
    r"(?:the|our|for|any|an?|is|was|are|be|been|to|that|this|will|would|have|has|had|not|no|you|your|we|us|it|with|at|on"
    r"|or|but|as|by|from|who|which|other|another|same|said|next|first|offer(?:ed)?|filled|closed|open|advertised)\b"
)
_EN_RUN = rf"(?!{_EN_ENDS})[a-z0-9&+#/()'-]+(?: (?!{_EN_ENDS})[a-z0-9&+#/()'-]+){{0,5}}"
_POSTS = (
    re.compile(
        rf"(?:「[^「」]{{1,40}}」|『[^『』]{{1,40}}』|【[^【】]{{1,40}}】|[\[(][^\[()\]]{{1,40}}[\])])(?=の?{_POST_WORDS})"
    ),
    re.compile(r"(?<=職種)[はの:]?\s?[「『【][^「『【】』」]{1,40}[】』」]"),
    re.compile(r"[一-鿿々ァ-ヶーa-z&+#/○〇◯●◎]{1,16}(?<![就転求退在休辞前現内無有])職(?![種務場員歴業能位責])"),
    re.compile(
        r"[ァ-ヶーa-z&+#/ ]{0,24}(?:エンジニア|デザイナー|プログラマー?|マネージャー?|ディレクター|コンサルタント"
        r"|プランナー|アナリスト|アシスタント|オペレーター|スタッフ)"
    ),
    re.compile(rf"\b(?<=the |our |for |any ){_EN_RUN}(?= (?:position|role|vacancy|opening|post|job)\b)"),
    re.compile(rf"(?:(?<=position of )|(?<=role of ))(?:(?:an?|the|our) )?{_EN_RUN}"),
)
#: One of these stands in every match of `_POSTS`; most sentences name no post.
_MAY_NAME_POST = re.compile(
    rf"{_POST_WORDS}|ニア|デザ|プログ|マネ|ディレ|コンサル|プラン|アナリ|アシス|オペレ|スタッフ|position|role|vacancy|opening"
    r"|post|job"
)
_MARKS = re.compile(
    r"\{\{([^{}]{1,40})\}\}|\$\{([^{}]{1,40})\}|<<([^<>]{1,40})>>|\[\[([^\[\]]{1,40})\]\]|%([a-z_]{2,40})%"
)
_BLANK_DATE = re.compile(r"(?:[○〇◯●◎]{1,4}年)?[○〇◯●◎]{1,2}月[○〇◯●◎]{1,2}日")
_MARK_OF = (
    ("<position>", ("職", "ポジション", "求人", "position", "job", "role", "vacancy")),
    ("<date>", ("日", "date")),
    ("<n>", ("番号", "number")),
    ("<name>", ("氏", "名", "様", "応募者", "候補者", "name", "candidate", "applicant")),
)
_POST = "<position>"


def decision_sentence(mail: Mail, reading: Reading) -> str:
    """Return every sentence that decides, masked and joined; empty when none does.

    All of them, not only the last: a mail that keeps its apology but turns its decision must not look the same.
    """
    numbers = sorted(
        {hit.sentence for hit in reading.noes if hit.place == "text" and hit.phrase.weight >= DECISIVE_WEIGHT}
    )
    if not numbers or len(numbers) > SENTENCES_MAX:
        return ""
    names = sorted({*known_names(mail, reading), *_local_parts(mail)}, key=len, reverse=True)
    masked = (mask(reading.layout.new[number].text, names) for number in numbers)
    return " / ".join(masked)[:SENTENCE_CHARS_MAX]


def mask(sentence: str, names: list[str]) -> str:
    """Return ``sentence`` (canonical spelling) with dates, digits, names and posts replaced."""
    text = _MARKS.sub(_mark, sentence) if any(mark in sentence for mark in "{<[%") else sentence
    if any(blank in text for blank in "○〇◯●◎"):
        text = _BLANK_DATE.sub("<date>", text)
    if any(word in text for word in _GREETINGS):
        text = _DEAR.sub(r"\1 <name>", text)
    for name in names:
        if name in text:
            word = rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" if name.isascii() else re.escape(name)
            text = re.sub(word, "<name>", text)
    if any(honorific in text for honorific in ("様", "さん", "殿")):
        text = _HONORED.sub("<name>", text)
    if _MAY_NAME_POST.search(text):
        for post in _POSTS:
            text = post.sub(_POST, text)
    if _DIGITS.search(text):
        text = _DATE.sub("<date>", text)
    if "day" in text or any(bracket in text for bracket in "(("):
        text = _WEEKDAY.sub("", text)
    text = _DIGITS.sub("<n>", text)
    if "<name>" in text:
        text = _NAMES.sub("<name>", text)
    return " ".join(text.replace("\x00", " ").split())


def _mark(found: re.Match[str]) -> str:
    """What a template's mark stands for, by its own words; one that says nothing stays, for the approver to see."""
    said = found[found.lastindex or 0]
    return next((mask for mask, words in _MARK_OF if any(word in said for word in words)), found[0])


def open_marks(masked: str) -> tuple[str, ...]:
    """Return the template's marks that nothing stands for: a mail with something in their place is another sentence."""
    return tuple(found[0] for found in _MARKS.finditer(masked))


def sha256(masked: str) -> str:
    """Return the hex digest under which a masked sentence is approved or refused; empty for an empty one."""
    return hashlib.sha256(masked.encode("utf-8")).hexdigest() if masked else ""


def _local_parts(mail: Mail) -> list[str]:
    return [address.partition("@")[0].lower() for address in external(mail) if len(address.partition("@")[0]) > 2]
