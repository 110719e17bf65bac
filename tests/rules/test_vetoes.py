"""Each veto keeps the link out by itself: the same mail without its one sentence gets it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.decide import decide
from rules.lexicon import shipped
from rules.load import default_ruleset
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Signals, TextVerdict, Verdict
from tests.rules.eml import mail_of

RULES = default_ruleset()
REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 1.0))
NO = "ご応募ありがとうございました。\n慎重に検討した結果、今回は採用を見送らせていただきます。\n"
PLAIN = mail_of(NO)

#: veto, what is added to a plain rejection, what the words then say
ADDED = [
    ("positive", "次の面接にお越しください。", TextVerdict.AMBIGUOUS),
    ("positive", "おめでとうございます、内定とさせていただきます。", TextVerdict.NONE),
    ("hold", "正式な合否は保留とさせてください。", TextVerdict.AMBIGUOUS),
    ("waiting_list", "補欠として登録いたします。", TextVerdict.AMBIGUOUS),
    ("offer_revoked", "内定は取り消しとなります。", TextVerdict.AMBIGUOUS),
    ("other_post", "営業職での面接をお受けいただけませんか。", TextVerdict.AMBIGUOUS),
    ("withdrawal", "辞退のご連絡を承りました。", TextVerdict.NONE),
    ("third_person", "ご推薦いただいた方の件です。", TextVerdict.NONE),
    ("business", "ご提案いただいた件です。", TextVerdict.AMBIGUOUS),
    ("tender", "入札の結果です。", TextVerdict.AMBIGUOUS),
    ("lottery", "抽選の結果です。", TextVerdict.AMBIGUOUS),
    ("contest", "コンテストの結果です。", TextVerdict.AMBIGUOUS),
    ("paper", "論文の件です。", TextVerdict.AMBIGUOUS),
    ("membership", "会員登録の件です。", TextVerdict.AMBIGUOUS),
    ("admission", "入学の件です。", TextVerdict.AMBIGUOUS),
    ("goods", "ご注文の件です。", TextVerdict.AMBIGUOUS),
    ("employee", "社内公募の件です。", TextVerdict.NONE),
    ("internal", "文面の確認をお願いします。", TextVerdict.NONE),
    ("condolence", "ご冥福をお祈りします。", TextVerdict.AMBIGUOUS),
    ("rescheduled", "面接は延期となりました。", TextVerdict.AMBIGUOUS),
    ("correction", "先ほどのご連絡は誤りです。", TextVerdict.AMBIGUOUS),
    ("quoted", "「残念ながら今回は不採用とさせていただきます」", TextVerdict.AMBIGUOUS),
    ("past", "昨年は不採用とさせていただきました。", TextVerdict.AMBIGUOUS),
    ("part", "本社勤務は見送りとなりました。", TextVerdict.AMBIGUOUS),
    ("template_mark", "[氏名]様のご活躍をお祈りします。", TextVerdict.AMBIGUOUS),
    ("unread_decision", "選考の結果、甲乙丙丁となりました。", TextVerdict.AMBIGUOUS),
]


def test_the_plain_rejection_gets_the_link() -> None:
    assert decide(PLAIN, RULES, REJECTED).verdict is Verdict.INJECT


@pytest.mark.parametrize(("veto", "added", "text"), ADDED)
def test_one_sentence_keeps_the_link_out(veto: str, added: str, text: TextVerdict) -> None:
    decision = decide(mail_of(NO + added), RULES, REJECTED)
    assert veto in {reason.id for reason in decision.because if reason.kind == "veto"}
    assert decision.text is text
    assert decision.verdict is Verdict.REVIEW  # the ATS says rejected: a person is asked even when the words deny it


@pytest.mark.parametrize(
    ("veto", "mail"),
    [
        ("addressee_body", mail_of(NO, to="株式会社例 林 <hayashi@example.com>")),
        ("addressee_body", mail_of("株式会社例 林様\n" + NO)),
        ("addressee_body", mail_of("キャリアセンター御中\n" + NO)),
        ("addressee_body", mail_of("Dear Supplier,\nwe will not be moving forward with your application.", "Update")),
        ("somebody_else", mail_of(NO.replace("今回は", "鈴木様は"))),
        ("somebody_else", mail_of("Dear Hanako, the application: we will not be moving forward with Peter.", "Result")),
        ("parts_disagree", replace(PLAIN, html_text="ご応募ありがとうございました。来週またご連絡します。")),
        ("positive", replace(PLAIN, html_text="選考の結果、内定とさせていただきます。")),
        ("survey", mail_of(NO, "選考に関するアンケートのお願い")),
        ("not_all_judged", mail_of(NO + "。" + "あいうえおかき。" * 40_000)),
        ("positive", mail_of(NO, "内定のご連絡")),
        ("positive", mail_of(f"{NO}\n--\n株式会社例\n内定とさせていただきます。")),
    ],
)
def test_one_fact_keeps_the_link_out(veto: str, mail: Mail) -> None:
    decision = decide(mail, RULES, REJECTED)
    assert veto in {reason.id for reason in decision.because if reason.kind == "veto"}
    assert decision.verdict is Verdict.REVIEW


def test_a_refused_sentence_keeps_the_link_out() -> None:
    digest = decide(PLAIN, RULES, Signals()).sentence_sha256
    refused = frozenset({digest})
    assert decide(PLAIN, RULES, Signals(refused=refused)).verdict is Verdict.PASS
    both = Signals(ats=REJECTED.ats, approved=refused, refused=refused)
    assert decide(PLAIN, RULES, both).verdict is Verdict.REVIEW


def test_every_cue_of_the_phrase_files_is_tested() -> None:
    cues = {phrase.cue for phrase in shipped().phrases if phrase.kind in {"veto", "unsure"}}
    assert cues - {veto for veto, _, _ in ADDED} == {"result_pending", "survey"}


def test_when_a_result_will_come_is_no_result_but_hinders_none() -> None:
    assert decide(mail_of(NO + "結果の通知書は後日お送りします。"), RULES, REJECTED).verdict is Verdict.INJECT
    pending = mail_of("ご応募ありがとうございます。結果は一週間以内にご連絡します。")
    assert decide(pending, RULES, Signals()).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "said",
    [
        "不採用の場合、書類は返却いたしません。",
        "ご希望に添えない場合はご了承ください。",
        "採用を見送ることもございます。",
        "不採用というわけではございません。",
        "不採用となった方にもご連絡します。",
        "他の応募者は不採用となりました。",
        "不採用でしょうか。",
        "If you are not selected, we will tell you.",
        "Whether or not you are successful, you will hear from us.",
        "We will not be moving forward with your application until we have your CV.",
    ],
)
def test_a_no_that_is_not_meant_is_none(said: str) -> None:
    decision = decide(mail_of("ご応募ありがとうございます。\n" + said), RULES, Signals())
    assert decision.text is TextVerdict.NONE
    assert decision.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("said", "mood"),
    [
        ("採用を見送ることもございます。", "conditional"),
        ("連絡がない場合は不採用とさせていただきます。", "conditional"),
        ("不採用ではありません。不採用となったわけではございません。", "denied"),
        ("不採用となった方にもご連絡します。", "nominal"),
        ("残念ながら他の応募者は不採用となりました。", "others"),
        ("昨年は不採用とさせていただきました。", "past"),
        ("不採用でしたでしょうか。", "question"),
        ("「今回は不採用とさせていただきます」", "quoted"),
        ("本社勤務は見送りとなりました。", "part"),
        (
            "先日は最終面接にお越しいただきまして、ありがとうございました。最終面接にお招きいたしましたことに感謝します。",
            "thanks",
        ),
        ("次の選考にお進みいただくことはできません。", "denied"),
        ("If you are not selected, we will tell you.", "conditional"),
        ("You were not selected last year.", "past"),
        ("We are not able to invite you to an interview.", "denied"),
    ],
)
def test_the_mood_of_a_phrase_is_shown(said: str, mood: str) -> None:
    decision = decide(mail_of(said), RULES, Signals())
    assert mood in {reason.detail for reason in decision.because if reason.kind == "hit"}


def test_our_own_placeholder_is_no_template_mark() -> None:
    for mark in ("{{careerrelay}}", "{{キャリアリレー}}"):
        decision = decide(mail_of(NO + mark), RULES, Signals())
        assert (decision.verdict, decision.marker) == (Verdict.INJECT, True)
