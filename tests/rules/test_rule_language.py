"""What a rule may ask, and what it may order."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rules import decide as deciding
from rules import vetoes
from rules.conditions import cues
from rules.decide import decide
from rules.load import load
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Decision, Mode, Orders, Signals, Verdict
from tests.rules.eml import mail_of
from tests.rules.rule_text import PASS, block, file, header, hold, rule, tag

REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 3.0))
MAIL = replace(
    mail_of("ご応募ありがとうございました。選考の結果、採用を見送らせていただきます。"),
    headers={"x-mailer": ("Example-ATS/4",), "x-kind": ("newgrad",)},
)
SKETCH = """schema = 1
mode = "confirm"
[[rule]]
id = "rejection-ja-newgrad"
name = "新卒 不採用メール"
stop = true
[rule.when]
sender = ["saiyo@example.co.jp", "@recruit.example.co.jp"]
verdict = "rejection"
min_score = 4.0
ats_status = ["rejected"]
ats_within_days = 7
recipient_kind = ["applicant"]
body_new = { any = ["選考", "応募"], regex = ['採用を(見送|見合わ)'] }
[rule.except]
recipient = ["@agency.example.jp"]
header = { "X-No-Relay" = "*" }
subject = { any = ["内定", "合格"] }
ats_status = ["offered", "hired"]
[[rule.do]]
action = "insert_block"
block = "relay-ja-polite"
place = "before_signature"
on_fail = "pass_and_flag"
[[rule.do]]
action = "add_header"
name = "X-CareerRelay-Tag"
value = "segment=newgrad;stage=${ats.stage}"
[[rule.do]]
action = "bcc_dropbox"
to = "crm-drop+${tenant}@example.co.jp"
[[rule.do]]
action = "crm_tag"
tags = ["不採用", "27卒"]
[[rule]]
id = "hold-offer-revocation"
[rule.when]
cue = ["offer_revoked"]
[[rule.do]]
action = "review"
[test]
inject = ["cases/ng-01.eml"]
never = ["cases/offer-*.eml"]
"""


def decided(text: str, mail: Mail = MAIL, signals: Signals = REJECTED) -> Decision:
    return decide(mail, load(text, "rules.toml", blocks={"polite", "plain"}), signals)


def test_the_example_of_the_manual_works_as_it_is_written() -> None:
    orders = decided(SKETCH).orders
    assert orders == Orders(
        mode=Mode.CONFIRM,
        block="ja-polite",
        on_fail="pass_and_flag",
        headers=(("X-CareerRelay-Tag", "segment=newgrad;stage=rejected"),),
        tags=("不採用", "27卒"),
        dropboxes=("crm-drop+${tenant}@example.co.jp",),
    )
    assert decided(SKETCH, replace(MAIL, headers={"x-no-relay": ("1",)})).orders == Orders(mode=Mode.CONFIRM)
    assert load(SKETCH, "f").tests.never == ("cases/offer-*.eml",)


@pytest.mark.parametrize(
    ("holds", "does_not"),
    [
        ('subject = { all = ["選考", "結果"] }', 'subject = { all = ["選考", "内定"] }'),
        ('body_new = { all = ["御応募", "採用"] }', 'body_new = { any = ["御応募"], regex = ["内定"] }'),
        ('body_new = { any = ["御応募"], regex = ["採用"] }', 'body_new = { any = ["内定"], regex = ["採用"] }'),
        ('header = { x-mailer = ["Becky", "ats"] }', 'header = { x-mailer = ["Becky", "Outlook"] }'),
        ('header = { x-mailer = "ats", x-kind = "*" }', 'header = { x-mailer = "ats", x-other = "*" }'),
        ('recipient_kind = "applicant"', 'recipient_kind = ["agency", "client", "staff", "unknown"]'),
        ('verdict = "rejection"', 'verdict = ["none", "ambiguous"]'),
    ],
)
def test_all_keys_must_hold_and_a_list_means_any_of(holds: str, does_not: str) -> None:
    assert decided(file(rule(holds))).verdict is Verdict.REVIEW
    assert decided(file(rule(does_not))).verdict is Verdict.INJECT


@pytest.mark.parametrize(
    "unless",
    [
        'header = { x-other = "*", x-kind = "newgrad" }',
        'subject = { any = ["ない言葉"], regex = ["選考.?結果"] }',
        'recipient_kind = "applicant"',
        'sender = "@example.org"\nmin_score = 2',
    ],
)
def test_any_one_exception_cancels_at_every_level(unless: str) -> None:
    assert decided(file(rule('verdict = ["rejection", "likely"]', unless=unless))).verdict is Verdict.INJECT


def test_who_a_recipient_is() -> None:
    book = '[addresses]\nagencies = ["@agency.example.jp"]\nclients = ["@client.example.jp"]\n'
    every = ("applicant", "agency", "client", "staff", "unknown")
    tags = "".join(rule(f'recipient_kind = "{kind}"', tag(kind), name=kind) for kind in every)
    text = file(book, tags)

    def kinds(*recipients: str, mail: Mail = MAIL, signals: Signals = REJECTED) -> tuple[str, ...]:
        orders = decided(text, replace(mail, recipients=recipients), signals).orders
        return orders.tags if orders else ()

    assert kinds("hanako@example.com") == ("applicant",)
    assert kinds("hanako@example.com", "boss@example.co.jp") == ("applicant", "staff")
    assert kinds("boss@example.co.jp") == ("staff",)
    assert kinds("a@agency.example.jp") == ("agency",)
    assert kinds("c@client.example.jp") == ("client",)
    other = mail_of("明日の会議は15時からです。", "会議")
    assert kinds("x@example.com", mail=other, signals=Signals()) == ("unknown",)


def test_behind_a_gate_a_rule_may_tag_and_copy_but_not_touch() -> None:
    ours = 'sender = "@example.co.jp"'
    do = (tag("内部"), header("1"), hold(5), 'action = "bcc_dropbox"\nto = "crm@example.co.jp"')
    inside = replace(MAIL, recipients=("boss@example.co.jp",))
    decision = decided(file(rule(ours, *do)), inside)
    assert decision.verdict is Verdict.PASS
    assert decision.orders == Orders(tags=("内部",), dropboxes=("crm@example.co.jp",))
    nobody_read_it = rule(ours, *do, unless='body_new = { any = ["極秘"] }')
    assert decided(file(nobody_read_it), inside).orders is None
    bulk = replace(MAIL, headers={"list-id": ("<news.example.co.jp>",)})
    assert decided(file(rule(ours, *do)), bulk).orders is None


def test_orders_of_several_rules_come_together() -> None:
    first = rule("min_score = 1", header("first"), hold(5), block("plain", 'place = "end"'), name="a")
    second = rule("min_score = 2", header("2nd", "x-tag"), hold(7), block("polite"), name="b", top='mode = "confirm"\n')
    assert decided(file(first, second)).orders == Orders(
        Mode.CONFIRM, "plain", "end", "pass_and_flag", (("X-Tag", "first"),), hold_minutes=7
    )


def test_a_block_is_named_only_where_a_link_goes_in() -> None:
    orders = decided(file(rule("min_score = 1", block("plain"), header("1"))), signals=Signals()).orders
    assert orders == Orders(headers=(("X-Tag", "1"),))


def test_pass_leaves_the_mail_as_it_came_and_ends_the_search() -> None:
    first = rule("min_score = 1", header("1"), hold(5), tag("a"), name="a")
    later = rule('sender = "@example.co.jp"', tag("late"), name="c")
    decision = decided(file(first, rule("min_score = 2", PASS, name="b"), later))
    assert (decision.verdict, decision.orders) == (Verdict.PASS, Orders(tags=("a",)))
    assert [reason.id for reason in decision.because if reason.id.startswith("rule:")] == ["rule:a", "rule:b"]


def test_what_waits_for_a_person_is_shown_to_one() -> None:
    other = mail_of("明日の会議は15時からです。", "会議")
    text = file(rule('sender = "@example.co.jp"', hold(30)))
    assert decided(text, other, Signals()).verdict is Verdict.REVIEW
    assert decided(text).verdict is Verdict.INJECT


def test_variables_say_what_was_decided() -> None:
    value = "${rule} ${decision} ${text} ${lang} ${ats.status} ${ats.age_days} ${company}"
    text = file(rule("min_score = 1", header(value)))
    orders = decided(text).orders
    assert orders is not None
    assert orders.headers == (("X-Tag", "one inject rejection ja rejected 3 ${company}"),)
    silent = decided(text, signals=Signals()).orders
    assert silent is not None
    assert silent.headers[0][1].split()[-2:] == ["unknown", "${company}"]


def test_orders_are_stored_with_the_decision() -> None:
    decision = decided(SKETCH)
    assert Decision.from_json(decision.to_json()) == decision
    assert "orders" not in decided("schema = 1\n").to_json()


def test_every_veto_can_be_asked_about() -> None:
    sources = [Path(module.__file__ or "").read_text(encoding="utf-8") for module in (vetoes, deciding)]
    named = {found for source in sources for found in re.findall(r'(?:Reason\("veto"|_reason\(hit), "(\w+)"', source)}
    assert named - {"ats_contrary", "ats_other_application"} <= cues()
    assert "positive" in named
