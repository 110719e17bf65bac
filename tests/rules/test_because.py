"""`because` is complete and true: every quoted span stands at its place, and nothing that mattered is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decide import REASONS_MAX, decide
from rules.gates import external
from rules.lexicon import shipped
from rules.load import default_ruleset, load
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Decision, Signals, TextVerdict, Verdict
from rules.pieces import squeeze
from rules.reading import read
from rules.spelling import normalise, respell
from tests.rules.case_files import cases
from tests.rules.eml import development_mails, mail_of
from tests.rules.letters import letters

RULES = default_ruleset()
REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 2.5))
CUT_CHARS = 80
PATTERNS = {phrase.id: phrase.pattern for phrase in shipped().phrases}
SETTLED = {"any_veto", "ats_live", "signal_gone"}


def _words(text: str) -> str:
    return " ".join(text.split())


def _says(there: str, phrase_id: str) -> bool:
    """Tell whether a span of the mail says the phrase and nothing beside it, but for the rest of a variant's word."""
    text, edits = respell(squeeze(normalise(there).text)[0])
    pattern = re.compile(PATTERNS[phrase_id], re.ASCII)
    if edits or any(len(normalise(char).text) > 1 for char in there):  # such as ㈱
        return pattern.search(text) is not None
    return (pattern.fullmatch(text) or pattern.fullmatch("a" + text, 1)) is not None  # what stood before it may matter


def _check_spans(decision: Decision, mail: Mail) -> None:
    for reason in decision.because:
        if reason.start < 0:
            assert reason.end == -1
            continue
        assert reason.start < reason.end <= len(mail.text)
        there = mail.text[reason.start : reason.end]
        if reason.kind == "cut":
            assert reason.quote == there[:CUT_CHARS]
        else:
            assert reason.quote == _words(there) != "", reason
            assert reason.kind != "hit" or _says(there, reason.id), reason


def _check_complete(decision: Decision, mail: Mail, signals: Signals) -> None:
    assert decision.ruleset == RULES.version
    reading = read(mail, mail.text or mail.html_text)
    shown = {(reason.id, reason.start) for reason in decision.because if reason.kind == "hit"}
    wanted = [hit for hit in reading.hits if hit.phrase.kind in {"no", "soft", "yes"}]
    if reading.text is mail.text and len(shown) < REASONS_MAX and not mail.html_text:
        assert {(hit.phrase.id, hit.start) for hit in wanted} <= shown
    vetoes = {reason.id for reason in decision.because if reason.kind == "veto"}
    cues = {hit.phrase.cue for hit in reading.of("veto", "unsure")}
    assert cues <= vetoes
    cuts = [reason for reason in decision.because if reason.kind == "cut"]
    if reading.text is mail.text:
        assert len(cuts) == min(REASONS_MAX, len(reading.layout.cuts))
    told = [reason for reason in decision.because if reason.id.startswith("ats_")]
    assert len(told) == 1
    if signals.ats is not None:
        assert "2.5 d" in told[0].detail


def _check_change(decision: Decision) -> None:
    """Whatever keeps the link out is named, and only then."""
    assert decision.would_change
    if decision.verdict is Verdict.INJECT:
        assert set(decision.would_change) == SETTLED
        return
    for reason in decision.because:
        if reason.kind in {"gate", "veto"} and not reason.id.startswith("ats_"):
            named = f"without:{reason.id}" in decision.would_change
            assert named or (reason.id == "result_pending" and decision.text is TextVerdict.REJECTION)


def _mails() -> Iterator[Mail]:
    yield from (mail for _, mail, _ in development_mails())
    yield from (letter.mail() for letter in letters())
    for name in (
        "rejections_ja",
        "rejections_en",
        "rejections_mixed",
        "others_ja",
        "others_en",
        "unsure_ja",
        "unsure_en",
    ):
        yield from (mail for _, _, mail in list(cases(name))[::3])


def test_every_reason_of_every_mail_is_true_and_none_is_missing() -> None:
    count = 0
    for turn, mail in enumerate(_mails()):
        for signals in (Signals(), REJECTED)[turn % 2 :]:
            decision = decide(mail, RULES, signals)
            _check_spans(decision, mail)
            _check_change(decision)
            if external(mail) and decision.because[0].kind != "gate":
                _check_complete(decision, mail, signals)
            count += len(decision.because)
    assert count > 5_000


PIECES = (
    [phrase.example for phrase in shipped().phrases]
    + [
        "\n",
        "\r\n",
        " ",
        "\u200b",
        "\u3000",
        "。",
        "「",
        "」",
        "\n> ",
        "\n--\n",
        "[氏名]",
        "ｶﾞ",
        "㈱",
        "İ",
        "山田様",
        "鈴木様は",
    ]
    + [
        "━━━━━━\nMail: a@example.co.jp\n━━━━━━\n",
        "\n※本メールは宛先の方のみに宛てたものです。\n",
        "ですが、",
        "でしょうか。",
    ]
    + [
        "However, ",
        "\nFrom: a\nSubject: b\n",
        "。ただし、",
        "選考の結果、甲乙となりました。",
        "御縁が無かった",
        "We can't ",
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    text=st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    subject=st.sampled_from(PIECES),
    wrap=st.integers(7, 80),
)
def test_a_span_points_to_its_words_whatever_stands_around_them(text: str, subject: str, wrap: int) -> None:
    wrapped = "\n".join(text[at : at + wrap] for at in range(0, len(text), wrap))
    for mail in (mail_of(text, subject), mail_of(wrapped), mail_of("\u200b".join(text))):
        decision = decide(mail, RULES, REJECTED)
        _check_spans(decision, mail)
        _check_change(decision)


def test_offsets_never_point_into_a_part_that_was_not_read() -> None:
    stub = mail_of("このメールはHTML形式です。")
    mail = replace(stub, html_text="ご応募ありがとうございました。\n採用を見送らせていただきます。")
    decision = decide(mail, RULES, REJECTED)
    assert any(reason.quote == "採用を見送ら" for reason in decision.because)
    _check_spans(decision, mail)


REASONS = [
    ("a gate", replace(mail_of("採用を見送ります。"), protected="signed"), "without:protected"),
    ("unread text", replace(mail_of("採用を見送ります。"), decoding_problem="charset"), "without:decoding_problem"),
    ("an open ATS", mail_of("ご応募の件、採用を見送ります。"), "ats_not_live"),
    ("vague words", mail_of("今回は難しいという結論になりました。", "ご連絡"), "clearer_words"),
]
LIVE = Signals(ats=AtsAnswer(AtsStatus.OFFERED, 1.0))


@pytest.mark.parametrize(("what", "mail", "code"), REASONS, ids=[what for what, *_ in REASONS])
def test_what_would_change_the_decision_is_named(what: str, mail: Mail, code: str) -> None:
    decision = decide(mail, RULES, LIVE if code == "ats_not_live" else REJECTED)
    assert decision.verdict is not Verdict.INJECT
    assert code in decision.would_change


def test_a_company_rule_that_keeps_the_link_out_is_named() -> None:
    rules = load(
        'schema = 1\n[[rule]]\nid = "quiet"\nname = "静かに"\n'
        '[rule.when]\nmin_score = 1\n[[rule.do]]\naction = "review"\n',
        "f",
    )
    decision = decide(mail_of("ご応募の件、採用を見送ります。"), rules, REJECTED)
    assert (decision.verdict, decision.would_change) == (Verdict.REVIEW, ("without:rule:quiet",))
