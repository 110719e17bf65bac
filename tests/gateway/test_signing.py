"""Mails that leave with our signature, verified at the next hop; and whose old signatures keep a mail as it is."""

from collections.abc import Mapping

import pytest

from core.clock import ManualClock
from core.runtime import Runtime
from crm.registry import companies
from crm.registry.companies import CompanyView
from gateway.backlog import queue
from gateway.delivery.pool import Pool
from gateway.delivery.transaction import Transaction
from gateway.outcome import Reply
from gateway.signature import dkim_keys, dkim_record
from gateway.signature.dkim import Algorithm, sign
from rules.model import Mode
from tests.gateway.dkim_world import signer, verify
from tests.gateway.rig import (
    CANDIDATE,
    HR,
    REJECTION,
    Gateway,
    ats_says,
    message,
    rejecting_company,
    with_attachment,
    with_settings,
    without_received,
)
from tests.gateway.sink import Sink

DOMAIN = "kigyo.example.jp"


def keys(runtime: Runtime, company: CompanyView, *algorithms: Algorithm, **wishes: str) -> Mapping[str, str]:
    """Active keys for the company's domain; gives what it publishes in the DNS."""
    published = {}
    with with_settings(runtime).begin() as tx:
        for algorithm in algorithms:
            made = dkim_keys.prepare(tx, company.id, DOMAIN, dkim_keys.generate(algorithm))
            dkim_keys.activate(tx, made.id)
            published[dkim_record.dns_name(DOMAIN, made.selector)] = dkim_record.value(algorithm, made.public_key)
        if wishes:
            companies.change(tx, company.id, **wishes)
    return published


def sent(runtime: Runtime, raw: bytes, *recipients: str, sender: str = HR) -> list[bytes]:
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw, recipients or (CANDIDATE,), sender)
        sink.wait(1)
        gateway.wait_until_finished()
        return [each.raw for each in sink.got]


@pytest.mark.parametrize("attached_bytes", [0, 200_000, 600_000])
def test_an_edited_mail_leaves_with_signatures_that_verify(any_runtime: Runtime, attached_bytes: int) -> None:
    company = rejecting_company(any_runtime)
    published = keys(any_runtime, company, Algorithm.RSA2048, Algorithm.ED25519)
    raw = with_attachment(message(REJECTION), b"x" * attached_bytes) if attached_bytes else message(REJECTION)
    (got,) = sent(any_runtime, raw)
    assert b"https://relay.example.jp/r/" in got
    assert got.count(b"DKIM-Signature:") == 2
    assert all(verify(got, published, number) for number in (0, 1))
    spoilt = got.replace("見送らせて".encode(), "見送らせt".encode(), 1)
    assert spoilt != got
    assert not verify(spoilt, published)


def test_a_retry_carries_the_same_signature(runtime: Runtime, clock: ManualClock) -> None:
    published = keys(runtime, rejecting_company(runtime), Algorithm.RSA2048)
    ats_says(runtime, 1, recipient="dropx1.taro@example.com")
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(REJECTION), ["dropx1.taro@example.com"])
        sink.wait(1)
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        clock.advance(61)
        first, second = sink.wait(2)
        gateway.wait_until_finished()
    assert first.raw == second.raw
    assert verify(second.raw, published)


def test_what_is_not_edited_stays_unsigned_unless_the_company_wants_all_signed(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    published = keys(runtime, company, Algorithm.RSA2048)
    raw = message("本日の会議は10時からです。\r\n")
    (got,) = sent(runtime, raw)
    assert without_received(got) == raw
    with with_settings(runtime).begin() as tx:
        companies.change(tx, company.id, dkim_sign="all")
    (got,) = sent(runtime, raw)
    assert got.endswith(raw)
    assert verify(got, published)
    stranger = raw.replace(HR.encode(), b"somebody@elsewhere.example.com")
    (got,) = sent(runtime, stranger, sender="somebody@elsewhere.example.com")
    assert without_received(got) == stranger, "no key of the company speaks for another domain"


def test_own_people_get_the_original_signed_and_the_applicant_the_edited_copy(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    published = keys(runtime, company, Algorithm.ED25519, dkim_sign="all")
    copies = sent(runtime, message(REJECTION), CANDIDATE, f"boss@{DOMAIN}")
    assert sorted(b"/r/" in copy for copy in copies) == [False, True]
    assert all(verify(copy, published) and copy.count(b"DKIM-Signature:") == 1 for copy in copies)


@pytest.mark.parametrize(
    ("policy", "domain", "edited"),
    [
        ("leave", DOMAIN, False),
        ("resign", DOMAIN, True),
        ("resign", "mailer.example.net", False),
        ("leave", "mailer.example.net", False),
    ],
)
def test_a_mail_that_is_signed_already(runtime: Runtime, policy: str, domain: str, edited: bool) -> None:
    company = rejecting_company(runtime)
    published = keys(runtime, company, Algorithm.RSA2048, signed_mail=policy)
    raw = message(REJECTION)
    header, _, body = raw.partition(b"\r\n\r\n")
    old = signer(Algorithm.ED25519, domain)
    raw = sign(header + b"\r\n", [body], [old], runtime.clock.now()) + raw
    (got,) = sent(runtime, raw)
    assert (b"/r/" in got) is edited
    if edited:
        assert got.count(b"DKIM-Signature:") == 2, "nothing is stripped"
        assert verify(got, published)
    else:
        assert without_received(got) == raw


def test_a_held_mail_that_a_person_approves_is_signed_too(runtime: Runtime) -> None:
    published = keys(runtime, rejecting_company(runtime, Mode.CONFIRM), Algorithm.RSA2048)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(REJECTION))
        gateway.wait_for(lambda: gateway.mails()[0].state == "held")
        with gateway.runtime.begin() as tx:
            queue.approve(tx, gateway.mails()[0].id, by="cli")
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert b"/r/" in got.raw
    assert verify(got.raw, published)


def test_a_mail_without_its_placeholder_is_signed_too(runtime: Runtime) -> None:
    published = keys(runtime, rejecting_company(runtime), Algorithm.RSA2048)
    raw = message("次回の面接は12月1日です。\r\n{{careerrelay}}\r\n")
    (got,) = sent(runtime, raw)
    assert b"{{careerrelay}}" not in got
    assert verify(got, published)


def test_a_fault_with_one_copy_does_not_send_the_other_twice(
    runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Own people's original and the applicant's edited copy are two transactions of one attempt."""
    rejecting_company(runtime)
    whole, faults = Pool.deliver, ["first"]

    async def deliver(self: Pool, transaction: Transaction) -> list[Reply]:
        if transaction.edits and faults:
            raise ZeroDivisionError(faults.pop())
        return await whole(self, transaction)

    monkeypatch.setattr(Pool, "deliver", deliver)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(REJECTION), [CANDIDATE, f"boss@{DOMAIN}"])
        sink.wait(1)
        gateway.wait_for(lambda: sorted(each.state for each in gateway.deliveries()) == ["sent", "waiting"])
        clock.advance(61)
        sink.wait(2)
        gateway.wait_until_finished()
    assert sorted(got.recipients for got in sink.got) == [(f"boss@{DOMAIN}",), (CANDIDATE,)]
