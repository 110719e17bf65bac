"""Invented mails of many kinds: rejections are found, everything else is left alone."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable

import pytest

from rules.decide import decide
from rules.load import default_ruleset
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Signals, TextVerdict, Verdict
from tests.rules.case_files import cases, lines
from tests.rules.eml import with_text

RULES = default_ruleset()
SILENT = Signals()
REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0))
REJECTIONS = ("rejections_ja", "rejections_en", "rejections_mixed")
OTHERS = ("others_ja", "others_en")
UNSURE = ("unsure_ja", "unsure_en")


def _ids(name: str) -> list[str]:
    return [line[:40] for line in lines(name)]


@pytest.mark.parametrize(("tag", "line", "mail"), [one for one in cases(*REJECTIONS) if one[0] != "hard"])
def test_a_rejection_gets_the_link_when_the_ats_agrees(tag: str, line: str, mail: Mail) -> None:
    assert decide(mail, RULES, REJECTED).verdict is Verdict.INJECT
    assert decide(mail, RULES, SILENT).verdict is Verdict.REVIEW


@pytest.mark.parametrize(("tag", "line", "mail"), [one for one in cases(*REJECTIONS) if one[0] == "hard"])
def test_a_rejection_in_unheard_of_words_is_at_least_shown(tag: str, line: str, mail: Mail) -> None:
    assert decide(mail, RULES, REJECTED).verdict is Verdict.REVIEW


@pytest.mark.parametrize(("tag", "line", "mail"), list(cases(*OTHERS)))
def test_any_other_mail_never_gets_the_link_whatever_the_signals_say(tag: str, line: str, mail: Mail) -> None:
    first = decide(mail, RULES, REJECTED)
    assert first.text in {TextVerdict.NONE, TextVerdict.AMBIGUOUS, TextVerdict.LIKELY}
    everything = Signals(ats=REJECTED.ats, approved=frozenset({first.sentence_sha256}))
    marked = with_text(mail, mail.text + "\n{{careerrelay}}")
    assert decide(mail, RULES, everything).verdict is not Verdict.INJECT
    assert decide(marked, RULES, everything).verdict is not Verdict.INJECT


def test_few_other_mails_ask_for_a_person() -> None:
    asked = [line for _, line, mail in cases(*OTHERS) if decide(mail, RULES, SILENT).verdict is Verdict.REVIEW]
    assert len(asked) <= len(list(cases(*OTHERS))) * 0.05, asked


@pytest.mark.parametrize(("tag", "line", "mail"), list(cases(*UNSURE)))
def test_an_open_outcome_is_shown_to_a_person(tag: str, line: str, mail: Mail) -> None:
    for signals in (SILENT, REJECTED):
        assert decide(mail, RULES, signals).verdict is Verdict.REVIEW


SIGNED = (
    "\n\n━━━━━━━━━━━━━━\n株式会社例 人事部 上田\nMail: saiyo@example.co.jp\n★新卒・中途採用 強化中!\n━━━━━━━━━━━━━━\n"
    "\n※本メールは宛先の方のみに宛てたものです。誤って受信された場合は、破棄していただきますようお願いいたします。\n"
    "\n--\nJane\nExample | Talent\n\nIf you are not the intended recipient, unfortunately you may not use it.\n"
)
ANSWERED = (
    "\n\n差出人: 山田 花子 <hanako@example.com>\n送信日時: 2026年11月5日 10:22\n件名: 結果のお伺い\n"
    "\n内定の可能性はありますか。Have I been selected? I look forward to meeting you again.\n"
)


def _wrapped(text: str, width: int) -> str:
    """Wrap as mail programmes do: Japanese anywhere, English between words."""
    rows = text.split("\n")
    if text.isascii():
        return "\n".join(textwrap.fill(row, width * 2) for row in rows)
    return "\n".join(row[at : at + width] for row in rows for at in range(0, max(len(row), 1), width))


DRESSES: list[Callable[[str], str]] = [
    lambda text: _wrapped(text, 20),
    lambda text: _wrapped(text, 35).replace("\n", "\r\n"),
    lambda text: text + SIGNED,
    lambda text: text + ANSWERED,
    lambda text: text + SIGNED + ANSWERED,
    lambda text: "お世話になっております。株式会社例の上田です。\n" + text if not text.isascii() else text.upper(),
    "\u200b".join,
    lambda text: unicodedata.normalize("NFKD", text),
]


@pytest.mark.parametrize("dress", DRESSES)
def test_wraps_signatures_answers_and_odd_characters_change_nothing(dress: Callable[[str], str]) -> None:
    for names, link in ((REJECTIONS[:2], True), (OTHERS, False)):
        for tag, line, mail in list(cases(*names))[::3]:
            decision = decide(with_text(mail, dress(mail.text)), RULES, REJECTED)
            assert tag == "hard" or (decision.verdict is Verdict.INJECT) is link, (line, decision.because)
