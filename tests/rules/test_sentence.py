"""What is masked in a decision sentence, and what is not."""

from __future__ import annotations

import pytest

from rules.decide import decide
from rules.load import default_ruleset
from rules.model import Signals
from rules.sentence import open_marks
from tests.rules.eml import mail_of

RULES = default_ruleset()


def _sentence(text: str, to: str = "山田 花子 <hanako.y@example.com>") -> str:
    return decide(mail_of(text, to=to), RULES, Signals()).sentence


@pytest.mark.parametrize(
    ("one", "other", "other_to"),
    [
        (
            "山田様の採用を見送らせていただきます。",
            "鈴木様の採用を見送らせていただきます。",
            "鈴木 一郎 <i.suzuki@example.org>",
        ),
        ("11月5日の選考の結果、不採用とします。", "12月24日の選考の結果、不採用とします。", ""),
        ("2026/11/05(木)の面接の件、見送らせていただきます。", "2027/1/5(火)の面接の件、見送らせていただきます。", ""),
        ("受験番号1234 選考の結果は不合格です。", "受験番号98 選考の結果は不合格です。", ""),
        ("山田 花子 様 選考は不採用とします。", "鈴木 一郎 様 選考は不採用とします。", "鈴木 一郎 <i@example.org>"),
        (
            "Dear Hanako, we will not be moving forward with your application of 5 May 2026.",
            "Dear Ichiro, we will not be moving forward with your application of 17 June 2027.",
            "Ichiro Suzuki <ichiro@example.org>",
        ),
        (
            "hanako.y, your application was not successful.",
            "ichiro77, your application was not successful.",
            "<ichiro77@example.org>",
        ),
        (
            "総合職の選考の結果、採用を見送らせていただきます。",
            "一般事務職の選考の結果、採用を見送らせていただきます。",
            "",
        ),
        (
            "今回の「法人営業(東京)」の求人につきまして、採用を見送らせていただきます。",
            "今回の「経理」の求人につきまして、採用を見送らせていただきます。",
            "",
        ),
        (
            "バックエンドエンジニアの採用を見送らせていただきます。",
            "Webデザイナーの採用を見送らせていただきます。",
            "",
        ),
        (
            "We have decided not to offer you the Senior Backend Engineer position.",
            "We have decided not to offer you the Sales position.",
            "",
        ),
        (
            "You were not selected for the position of Data Analyst at Example.",
            "You were not selected for the position of Head of Sales at Example.",
            "",
        ),
    ],
)
def test_two_mails_of_one_template_have_one_sentence(one: str, other: str, other_to: str) -> None:
    second = _sentence(other, other_to) if other_to else _sentence(other)
    assert _sentence(one) == second != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("採用を見送らせていただきます。", "採用を見合わせさせていただきます。"),
        (
            "不採用といたします。ご応募に感謝します。",
            "不採用といたします。選考の結果、ご期待に添えない結果となりました。",
        ),
        ("Your application was not successful.", "Your application was unsuccessful."),
        ("We will not offer you the sales position.", "We will not offer you the job, but the sales position."),
        ("就職を希望されましたが不採用とします。", "転職を希望されましたが不採用とします。"),
    ],
)
def test_other_words_are_another_sentence(one: str, other: str) -> None:
    assert _sentence(one) != _sentence(other)


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ("{{氏名}} 様 選考は不採用とします。", "山田 花子 様 選考は不採用とします。"),
        ("○○様の採用を見送らせていただきます。", "山田様の採用を見送らせていただきます。"),
        ("${職種}の選考は不採用とします。", "総合職の選考は不採用とします。"),
        ("○○職の選考は不採用とします。", "総合職の選考は不採用とします。"),
        ("○月○日の選考の結果、不採用とします。", "11月5日の選考の結果、不採用とします。"),
        ("受験番号<<番号>> 選考の結果は不合格です。", "受験番号77 選考の結果は不合格です。"),
        (
            "Dear %first_name%, we will not be moving forward with your application.",
            "Dear Hanako, we will not be moving forward with your application.",
        ),
    ],
)
def test_a_template_has_the_sentence_of_its_mails(template: str, sent: str) -> None:
    assert _sentence(template, to="<x@example.com>") == _sentence(sent) != ""


def test_a_mark_that_says_nothing_is_named() -> None:
    said = _sentence("{{abc}}の選考は不採用とします。", to="<x@example.com>")
    assert open_marks(said) == ("{{abc}}",)
    assert open_marks(_sentence("{{氏名}}様の選考は不採用とします。", to="<x@example.com>")) == ()


def test_no_personal_word_is_left() -> None:
    said = _sentence("山田花子様、11月5日の面接の結果、hanako.y様の採用(整理番号 77)を見送らせていただきます。")
    assert said
    for personal in ("山田", "花子", "hanako", "11", "77"):
        assert personal not in said


def test_a_mail_without_a_decision_has_no_sentence() -> None:
    decision = decide(mail_of("面接にお越しください。"), RULES, Signals())
    assert (decision.sentence, decision.sentence_sha256) == ("", "")


def test_an_apology_alone_is_no_decision_to_approve() -> None:
    assert _sentence("選考の件です。ご希望に添えず申し訳ございません。") == ""
