"""What a company's rules order is done by a running gateway, and a fault on the way lets the original out."""

import json

import pytest

from core.clock import ManualClock
from core.runtime import Runtime
from gateway.backlog import queue
from gateway.judgement import acting
from gateway.ruling import dropbox
from gateway.signature.dkim import Algorithm
from rules.model import Mode
from tests.gateway.dkim_world import rsa, signed, verify, zone
from tests.gateway.rig import (
    CANDIDATE,
    LINK,
    REJECTION,
    Gateway,
    add_company,
    message,
    rejecting_company,
    without_received,
)
from tests.gateway.ruled import COPY, NEWS, OURS, QUOTED, obey, sent, sent_again
from tests.gateway.sink import Sink
from tests.gateway.test_signing import keys
from tests.rules.rule_text import REVIEW, block, file, header, hold, rule, tag


def test_no_rule_of_the_company_holds_and_not_a_byte_changes(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule('subject = { any = ["他の件名"] }', header("1"), tag("x"))))
    raw = message(NEWS)
    sink, row = sent(runtime, raw)
    assert without_received(sink.got[0].raw) == raw
    assert "orders" not in row.decision


@pytest.mark.parametrize(
    ("place", "before", "after"),
    [
        ("before_signature", "お祈り申し上げます。", "-- \r\n"),
        ("after_new_text", "TEL 03-0000-0000", "-----Original Message-----"),
        ("end", "応募いたします。", ""),
    ],
)
def test_a_rule_says_which_text_goes_in_and_where(runtime: Runtime, place: str, before: str, after: str) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, block("en-plain", f'place = "{place}"'))))
    sink, _ = sent(runtime, message(QUOTED))
    text = sink.got[0].raw.decode()
    begins = text.index("Our partner placement agency")
    assert LINK.search(sink.got[0].raw)
    assert text[:begins].rstrip().endswith(before)
    assert after in text[text.index("No more such notes") :]


def test_a_block_that_cannot_go_in_is_shown_to_a_person(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, block("polite"))))
    raw = message(REJECTION).replace(b"Subject:", b"DKIM-Signature: v=1; d=other.example; h=from; b=x\r\nSubject:")
    sink, row = sent(runtime, raw)
    assert without_received(sink.got[0].raw) == raw
    assert (row.verdict, row.note) == ("review", "cannot_edit")
    assert row.decision["because"][-1]["id"] == "not_inserted"
    obey(runtime, company, file(rule(OURS, block("polite", 'on_fail = "pass"'))))
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        sink.wait(1)
        gateway.wait_until_finished()
        assert gateway.mails()[-1].verdict == "inject"


def test_a_field_is_added_for_those_outside_only(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, header("c=${company};s=${ats.status};d=${decision}", "X-Segment"))))
    raw = message(NEWS)
    sink, row = sent(runtime, raw, 2, (CANDIDATE, "boss@kigyo.example.jp"))
    (outside,), (inside,) = sink.to(CANDIDATE), sink.to("boss@kigyo.example.jp")
    assert without_received(inside.raw) == raw
    field = f"X-Segment: c={company.id};s=rejected;d=review\r\n".encode()
    assert without_received(outside.raw) == field + raw
    assert row.state == "done"


def test_a_field_stands_beside_the_link_and_once_only(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, header("newgrad", "X-Segment"))))
    sink, _ = sent(runtime, message(REJECTION).replace(b"Subject:", b"X-Segment: newgrad\r\nSubject:"))
    assert LINK.search(sink.got[0].raw)
    assert sink.got[0].raw.count(b"X-Segment: newgrad\r\n") == 1
    sink, _ = sent_again(runtime, message(REJECTION))
    assert LINK.search(sink.got[0].raw)
    assert sink.got[0].raw.count(b"X-Segment: newgrad\r\n") == 1


def test_a_field_that_a_signature_says_is_not_there_is_left_out(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, header("1", "X-Segment"))))
    raw = message(NEWS).replace(
        b"Subject:", b"DKIM-Signature: v=1; d=x.example; h=from:\r\n\tx-segment; b=x\r\nSubject:"
    )
    sink, _ = sent(runtime, raw)
    assert without_received(sink.got[0].raw) == raw


@pytest.mark.parametrize("body", [NEWS, REJECTION])
def test_a_mail_with_fields_is_signed_where_a_company_has_all_signed(runtime: Runtime, body: str) -> None:
    company = rejecting_company(runtime)
    published = keys(runtime, company, Algorithm.RSA2048, dkim_sign="all")
    obey(runtime, company, file(rule(OURS, header("1", "X-Segment"))))
    sink, _ = sent(runtime, message(body))
    assert b"X-Segment: 1\r\n" in sink.got[0].raw
    assert verify(sink.got[0].raw, published)


def test_a_field_leaves_the_senders_own_signature_good(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, header("1", "X-Segment"))))
    head, _, body = message(NEWS).partition(b"\r\n\r\n")
    theirs = rsa("kigyo.example.jp")
    sink, _ = sent(runtime, signed(head + b"\r\n", body, theirs))
    assert b"X-Segment: 1\r\n" in sink.got[0].raw
    assert verify(sink.got[0].raw, zone(theirs))


def test_tags_stay_with_the_decision_and_are_explained(runtime: Runtime) -> None:
    company = rejecting_company(runtime, Mode.OBSERVE)
    version = obey(runtime, company, file(rule(OURS, tag("27卒"))))
    raw = message(REJECTION)
    sink, row = sent(runtime, raw)
    assert without_received(sink.got[0].raw) == raw
    with runtime.read() as tx:
        detail = queue.show_mail(tx, row.id, company_id=company.id)
    assert detail.decision is not None
    assert detail.decision.orders is not None
    assert detail.decision.orders.tags == ("27卒",)
    assert detail.decision.ruleset.endswith(f"-{version}")
    assert any("27卒" in reason.detail for reason in detail.decision.because)


@pytest.mark.parametrize("body", [REJECTION, NEWS])
def test_a_rule_holds_a_mail_for_its_minutes(runtime: Runtime, clock: ManualClock, body: str) -> None:
    company = rejecting_company(runtime, hold_minutes=60)
    obey(runtime, company, file(rule(OURS, hold(10), header("1", "X-Waited"))))
    raw = message(body)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw, [CANDIDATE, "boss@kigyo.example.jp"])
        gateway.wait_for(lambda: gateway.mails()[0].state == "held")
        sink.wait(1)
        clock.advance(9 * 60)
        assert sink.to(CANDIDATE) == []
        clock.advance(61)
        sink.wait(2)
        gateway.wait_until_finished()
    assert without_received(sink.to("boss@kigyo.example.jp")[0].raw) == raw
    assert without_received(sink.to(CANDIDATE)[0].raw) == b"X-Waited: 1\r\n" + raw
    assert gateway.mails()[0].note == "expired"


@pytest.mark.parametrize(("body", "outcome"), [(REJECTION, "edited"), (NEWS, "not_sure")])
def test_approving_a_held_mail_adds_a_link_only_where_both_signals_said_yes(
    runtime: Runtime, body: str, outcome: str
) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, hold(10))))
    raw = message(body)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        gateway.wait_for(lambda: gateway.mails()[0].state == "held")
        with gateway.runtime.begin() as tx:
            assert queue.approve(tx, gateway.mails()[0].id, by="user:1", company_id=company.id) == outcome
        sink.wait(1)
        gateway.wait_until_finished()
    assert bool(LINK.search(sink.got[0].raw)) is (outcome == "edited")
    assert outcome == "edited" or without_received(sink.got[0].raw) == raw


@pytest.mark.parametrize(("do", "verdict"), [(REVIEW, "review"), ('action = "pass"', "pass")])
def test_a_rule_keeps_the_link_out(runtime: Runtime, do: str, verdict: str) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, do)))
    raw = message(REJECTION)
    sink, row = sent(runtime, raw)
    assert without_received(sink.got[0].raw) == raw
    assert row.verdict == verdict


@pytest.mark.parametrize("top", ['mode = "observe"\n', 'mode = "confirm"\n'])
def test_the_strictest_mode_wins(runtime: Runtime, top: str) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, f"schema = 1\n{rule(OURS, header('1'), top=top)}")
    raw = message(REJECTION)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        if "confirm" in top:
            gateway.wait_for(lambda: gateway.mails()[0].state == "held")
            return
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
        assert without_received(got.raw) == raw
        assert gateway.mails()[0].note == "observe"


@pytest.mark.parametrize("broken", ["of_rules", "dropbox"])
def test_a_fault_in_an_order_lets_the_original_out(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, header("1"), COPY)))
    if broken == "of_rules":
        monkeypatch.setattr(acting, "of_rules", lambda *_: 1 // 0)
    else:
        monkeypatch.setattr(dropbox, "put", lambda *_, **__: 1 // 0)
    raw = message(NEWS)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        gateway.wait_for(lambda: sink.to(CANDIDATE) != [])
        gateway.wait_until_finished()
    assert without_received(sink.to(CANDIDATE)[0].raw) == raw


def test_a_company_without_rules_of_its_own_needs_none(runtime: Runtime) -> None:
    rejecting_company(runtime)
    other = add_company(runtime, sender_domains=("b.example.jp",), recruiting_senders=("hr@b.example.jp",),
                        networks=("127.0.0.0/8",))  # fmt: skip
    obey(runtime, other, file(rule(OURS, REVIEW)))
    sink, row = sent(runtime, message(REJECTION))
    assert LINK.search(sink.got[0].raw)
    assert json.dumps(row.decision).count("rule:") == 0
