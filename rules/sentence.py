"""The decision sentence with everything personal masked: what a person approves once and we remember.

Approve the sentence, not the mail: turning only this sentence of a rejection into a passing one leaves the rest
of the mail alike (detection.md 2). Masked: digits, dates, the recipient's name and local part, words before
様/さん/殿/Dear (decisions.md 29).
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
_HONORED = re.compile(r"[一-鿿々ァ-ヶーa-z]{1,12}(?=(様|さん|殿))")
_DEAR = re.compile(r"\b(dear|hi|hello|hey) [a-z .'-]{1,40}?(?=,|:|!|$)")
_NAMES = re.compile(r"(<name>[\s・]*)+")
_BLANK = re.compile(r"\s+|\x00")


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
    """Return ``sentence`` (canonical spelling) with dates, digits and names replaced."""
    text = _DEAR.sub(r"\1 <name>", sentence)
    for name in names:
        if name in text:
            word = rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" if name.isascii() else re.escape(name)
            text = re.sub(word, "<name>", text)
    if any(honorific in text for honorific in ("様", "さん", "殿")):
        text = _HONORED.sub("<name>", text)
    if _DIGITS.search(text):
        text = _DATE.sub("<date>", text)
    text = _WEEKDAY.sub("", text)
    text = _DIGITS.sub("<n>", text)
    return _BLANK.sub(" ", _NAMES.sub("<name>", text)).strip()


def sha256(masked: str) -> str:
    """Return the hex digest under which a masked sentence is approved or refused; empty for an empty one."""
    return hashlib.sha256(masked.encode("utf-8")).hexdigest() if masked else ""


def _local_parts(mail: Mail) -> list[str]:
    return [address.partition("@")[0].lower() for address in external(mail) if len(address.partition("@")[0]) > 2]
