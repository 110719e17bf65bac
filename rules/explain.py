"""Puts a decision into lines for people, Japanese or English: what was decided, why, and what would change it."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources

from core.lang import Lang
from rules.model import Decision, Reason

QUOTE_CHARS_MAX = 60
#: What is left of "(detail)" and ": detail" when there is none.
_NO_DETAIL = re.compile(r" ?\(\)|: ?$")
_DAYS = re.compile(r"(-?\d[\d.e+-]*) d\b")


def lines(decision: Decision, lang: Lang = "ja") -> list[str]:
    """Return the explanation of ``decision``: the result first, then each reason in the order it was found."""
    return list(_lines(decision, _words(lang)))


def reason_line(reason: Reason, lang: Lang = "ja") -> str:
    """Return one reason as one line."""
    return _reason(reason, _words(lang))


def said(reason: Reason, lang: Lang = "ja") -> str:
    """Return what a reason says, without the word for its kind: for a page that has a place for each kind."""
    return _said(reason, _words(lang)) if reason.kind != "hit" else _reason(reason, _words(lang))


def changes(decision: Decision, lang: Lang = "ja") -> list[str]:
    """Return what would have to be otherwise for another decision, a line each."""
    return [_change(code, _words(lang)) for code in decision.would_change]


def _lines(decision: Decision, words: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    head = words["head"]
    yield head["result"].format(
        verdict=words["verdict"][decision.verdict.value], text=words["text"][decision.text.value], score=decision.score
    )
    for reason in decision.because:
        yield _reason(reason, words)
    if decision.sentence:
        yield head["sentence"].format(sentence=decision.sentence)
    for code in decision.would_change:
        yield head["change"].format(what=_change(code, words))
    yield head["rules"].format(version=decision.ruleset or "-")


def _reason(reason: Reason, words: Mapping[str, Mapping[str, str]]) -> str:
    quote = " ".join(reason.quote.split())
    if len(quote) > QUOTE_CHARS_MAX:
        quote = quote[:QUOTE_CHARS_MAX] + "…"
    if reason.kind == "hit":
        group = words["group"].get(_group(reason.id), reason.id)
        mood = words["mood"].get(reason.detail, "")
        return words["kind"]["hit"].format(group=group, quote=quote, weight=reason.weight, mood=mood, id=reason.id)
    line = words["kind"][reason.kind].format(said=_said(reason, words))
    return f"{line} 「{quote}」" if quote else line


def _said(reason: Reason, words: Mapping[str, Mapping[str, str]]) -> str:
    known = words["reason"].get(reason.id)
    if known is None:
        known = words["reason"]["rule"] if reason.id.startswith("rule:") else reason.id
    detail = _DAYS.sub(lambda age: _age(float(age[1]), words["head"]), reason.detail)
    return known.format(detail=detail, id=reason.id.partition(":")[2])


def _group(phrase_id: str) -> str:
    """Return the middle of an id such as ``ja.no.declined``."""
    return phrase_id.split(".")[1] if phrase_id.count(".") >= 2 else ""


def _change(code: str, words: Mapping[str, Mapping[str, str]]) -> str:
    if code.startswith("without:"):
        veto = code.removeprefix("without:")
        named = _NO_DETAIL.sub("", words["reason"].get(veto.partition(":")[0], veto).format(detail="", id=veto[5:]))
        return words["change"]["without"].format(veto=named)
    return words["change"].get(code) or words["reason"].get(code, code).format(detail="", id="")


@functools.cache
def _words(lang: Lang) -> Mapping[str, Mapping[str, str]]:
    text = (resources.files("rules") / "words" / f"{lang}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _age(days: float, head: Mapping[str, str]) -> str:
    shown = f"{round(days, 1):g}"
    return head["today"] if shown == "0" else f"{shown}{head['days']}"
