"""Inject, review, pass: what each signal does to one and the same text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decide import decide
from rules.load import default_ruleset
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Signals, TextVerdict, Verdict
from tests.rules.eml import mail_of

RULES = default_ruleset()
REJECTION = mail_of("ご応募ありがとうございました。選考の結果、採用を見送らせていただきます。")
LIKELY = replace(mail_of("今回は見送らせていただくことになりました。", "ご連絡"), header_from="tanaka@example.co.jp")
SILENT = mail_of("書類を受領しました。", "ご連絡")
DIGEST = decide(REJECTION, RULES, Signals()).sentence_sha256


def ats(status: AtsStatus, days: float = 1.0, *, contrary: bool = False) -> Signals:
    return Signals(ats=AtsAnswer(status, days, contrary))


@pytest.mark.parametrize(
    ("mail", "signals", "verdict"),
    [
        (REJECTION, Signals(), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.REJECTED, 0), Verdict.INJECT),
        (REJECTION, ats(AtsStatus.REJECTED, 7), Verdict.INJECT),
        (REJECTION, ats(AtsStatus.REJECTED, 7.1), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.REJECTED, -0.5), Verdict.INJECT),
        (REJECTION, ats(AtsStatus.REJECTED, -30), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.REJECTED, contrary=True), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.IN_PROCESS), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.ON_HOLD), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.OFFERED), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.HIRED), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.WITHDRAWN), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.CLOSED), Verdict.REVIEW),
        (REJECTION, ats(AtsStatus.UNKNOWN), Verdict.REVIEW),
        (REJECTION, Signals(approved=frozenset({DIGEST})), Verdict.INJECT),
        (REJECTION, Signals(approved=frozenset({"0" * 64})), Verdict.REVIEW),
        (REJECTION, replace(ats(AtsStatus.OFFERED), approved=frozenset({DIGEST})), Verdict.REVIEW),
        (LIKELY, Signals(), Verdict.REVIEW),
        (LIKELY, ats(AtsStatus.REJECTED), Verdict.REVIEW),
        (SILENT, Signals(), Verdict.PASS),
        (SILENT, ats(AtsStatus.REJECTED), Verdict.REVIEW),
        (SILENT, ats(AtsStatus.REJECTED, 30), Verdict.PASS),
        (SILENT, ats(AtsStatus.OFFERED), Verdict.PASS),
    ],
)
def test_text_and_signal_together_decide(mail: Mail, signals: Signals, verdict: Verdict) -> None:
    assert decide(mail, RULES, signals).verdict is verdict


@pytest.mark.parametrize(
    ("mail", "verdict"),
    [
        (replace(REJECTION, headers={"x-careerrelay": ("Rejection",)}), Verdict.INJECT),
        (replace(REJECTION, headers={"x-careerrelay": ("other",)}), Verdict.REVIEW),
        (replace(REJECTION, text=REJECTION.text + "\n｛｛ＣａｒｅｅｒＲｅｌａｙ｝｝"), Verdict.INJECT),
        (replace(REJECTION, text=REJECTION.text + "\n> {{careerrelay}}"), Verdict.REVIEW),
        (replace(SILENT, headers={"x-careerrelay": ("rejection",)}), Verdict.REVIEW),
        (replace(SILENT, text=SILENT.text + "\n{{careerrelay}}"), Verdict.REVIEW),
    ],
)
def test_the_companys_own_mark_is_a_second_signal_and_no_more(mail: Mail, verdict: Verdict) -> None:
    assert decide(mail, RULES, Signals()).verdict is verdict


def test_a_live_application_outweighs_the_mark() -> None:
    marked = replace(REJECTION, headers={"x-careerrelay": ("rejection",)})
    assert decide(marked, RULES, ats(AtsStatus.OFFERED)).verdict is Verdict.REVIEW


def test_a_text_that_cannot_be_read_properly_is_shown_to_a_person() -> None:
    for mail in (REJECTION, SILENT):
        broken = replace(mail, decoding_problem="charset x-unknown")
        assert decide(broken, RULES, ats(AtsStatus.REJECTED)).verdict is Verdict.REVIEW


TURNED = "リーダー職は採用を見送らせていただきます。メンバー職にて二次面接へお進みいただきたく存じます。"


@pytest.mark.parametrize(
    ("text", "status", "verdict"),
    [
        (TURNED, AtsStatus.IN_PROCESS, Verdict.PASS),
        (TURNED, AtsStatus.OFFERED, Verdict.PASS),
        (TURNED, AtsStatus.ON_HOLD, Verdict.REVIEW),
        (TURNED, AtsStatus.REJECTED, Verdict.REVIEW),
        (TURNED + "別の店舗でのご勤務をお願いしたく存じます。", AtsStatus.IN_PROCESS, Verdict.REVIEW),
        (TURNED + "{{careerrelay}}", AtsStatus.IN_PROCESS, Verdict.REVIEW),
        ("二次面接を通過されました。このたびの採用は見送らせていただきます。", AtsStatus.IN_PROCESS, Verdict.REVIEW),
        ("このたびの採用は見送らせていただきます。", AtsStatus.IN_PROCESS, Verdict.REVIEW),
    ],
)
def test_a_last_word_and_an_ats_that_both_go_on_ask_nobody(text: str, status: AtsStatus, verdict: Verdict) -> None:
    mail = mail_of("この度はご応募いただきありがとうございました。" + text)
    assert decide(mail, RULES, ats(status)).verdict is verdict


def test_undecodable_words_without_a_no_ask_nobody_while_the_ats_goes_on() -> None:
    broken = replace(SILENT, decoding_problem="charset: not declared")
    assert decide(broken, RULES, ats(AtsStatus.IN_PROCESS)).verdict is Verdict.PASS
    assert decide(broken, RULES, Signals()).verdict is Verdict.REVIEW


def test_a_stub_of_a_text_part_does_not_hide_the_html() -> None:
    stub = replace(REJECTION, text="このメールはHTML形式です。", html_text=REJECTION.text)
    assert decide(stub, RULES, Signals()).verdict is Verdict.REVIEW


def test_html_that_says_the_same_in_other_layout_is_no_hindrance() -> None:
    same = replace(REJECTION, html_text="お知らせ\n\n" + REJECTION.text.replace("。", "。\n\n"))
    assert decide(same, RULES, ats(AtsStatus.REJECTED)).verdict is Verdict.INJECT


def test_words_are_shown_where_they_stand_in_the_mail() -> None:
    mail = replace(REJECTION, text="山田様\r\n\r\nこの度は採用を見\r\n送らせていただきます。\r\n-- \r\n採用担当 上田")
    decision = decide(mail, RULES, Signals())
    hit = next(reason for reason in decision.because if reason.id == "ja.no.hiring-declined")
    assert mail.text[hit.start : hit.end] == "採用を見\r\n送ら"
    cut = next(reason for reason in decision.because if reason.kind == "cut")
    assert mail.text[cut.start : cut.end].startswith("-- \r\n")


def test_context_from_a_quotation_or_a_reply_subject_is_not_enough_for_a_general_no() -> None:
    mail = mail_of("今回は見送らせていただきます。\n\n> 面接の結果はいつ頃でしょうか。", "Re: 面接結果のお伺い")
    assert decide(mail, RULES, ats(AtsStatus.REJECTED)).text is TextVerdict.LIKELY


def test_the_language_is_that_of_the_text() -> None:
    assert decide(REJECTION, RULES, Signals()).lang == "ja"
    assert decide(mail_of("We have decided not to proceed with your application."), RULES, Signals()).lang == "en"


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=500) | st.text(alphabet="様不採用。見送り>-\n━「」[]{}\x00\ud83dａﾞ if not you", max_size=200),
    html=st.text(max_size=80),
    subject=st.text(max_size=60),
    name=st.text(max_size=20),
)
def test_no_text_makes_it_raise(text: str, html: str, subject: str, name: str) -> None:
    mail = replace(REJECTION, text=text, html_text=html, subject=subject, display_names=(name,))
    decision = decide(mail, RULES, ats(AtsStatus.REJECTED))
    for reason in decision.because:
        assert -1 <= reason.start <= reason.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "不採用となりました。" * 100_000,
        "採用" * 500_000,
        "選考の結果、" * 200_000,
        "a" * 1_000_000,
        "not " * 250_000,
        "「" * 300_000,
        "山田様" * 300_000,
        "> " * 500_000,
        "━━━━━\n" * 150_000,
        "From: a\n" * 120_000,
        "On x, y wrote:\n" * 60_000,
        "ﷺ" * 300_000,
        "if you are not selected " * 40_000,
        "\n".join(f"{number}:見送らせていただきます。ご応募" for number in range(30_000)),
    ],
)
def test_a_megabyte_of_anything_is_decided_and_never_injected(text: str) -> None:
    mail = replace(REJECTION, text=text)
    assert decide(mail, RULES, ats(AtsStatus.REJECTED)).verdict is not Verdict.INJECT
