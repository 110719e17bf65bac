"""A link in a mail that should not have carried one: it ends at once, and those who answer for it are told."""

import dataclasses
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select

from core import outbox
from core.clock import ManualClock
from core.log import get_logger
from core.runtime import Runtime
from crm.candidate import invitation_page
from crm.registry import companies
from gateway.backlog import queue
from gateway.judgement import wrong
from gateway.tables import delivery, mail
from rules.model import Mode
from tests.conftest import make_settings
from tests.gateway.rig import CANDIDATE, LINK, REJECTION, Gateway, ats_says, message, rejecting_company, with_settings
from tests.gateway.sink import Sink

CONTACT, ADMIN = "duty@kigyo.example.jp", "root@gateway.example.jp"
ENGLISH = (
    "Dear Taro,\r\n\r\nThank you for applying to Sample and for the interview.\r\n"
    "After careful consideration we have decided not to move forward with your application.\r\n"
    "We wish you every success in your job search.\r\n\r\nSample Recruiting\r\n"
)


@pytest.fixture
def told(runtime: Runtime) -> Runtime:
    """A company whose contact and whose operator are known, with a sure rejection to come."""
    company = rejecting_company(runtime)
    with with_settings(runtime).begin() as tx:
        companies.change(tx, company.id, contact_mail=CONTACT)
    settings = make_settings(runtime.settings.home, ADMIN__MAIL=ADMIN, WEB__BASE_URL="https://relay.example.jp")
    return dataclasses.replace(runtime, settings=settings)


def letters(runtime: Runtime) -> dict[str, str]:
    """Our own mails that wait, by recipient: subject and text."""
    with runtime.read() as tx:
        found = outbox.waiting(tx, 10)
    return {one.recipient: content(one.raw) for one in found}


def content(raw: bytes) -> str:
    """Subject and text."""
    letter = message_from_bytes(raw, policy=default)
    return f"{letter['Subject']}\n{letter.get_content()}".replace("\r\n", "\n")


def report(runtime: Runtime, mail_id: int = 1) -> None:
    with runtime.begin() as tx:
        queue.report_wrong(tx, mail_id, by="user:7")


@pytest.mark.parametrize(("body", "lang"), [(REJECTION, "ja"), (ENGLISH, "en")])
def test_the_admin_is_told_with_an_apology_to_send(told: Runtime, body: str, lang: str) -> None:
    ats_says(told, 1, recipient="jiro@example.com")
    with Sink() as sink, Gateway(told, sink.port) as gateway:
        gateway.send(message(body))
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    token = LINK.findall(got.raw)[0].decode()
    report(told)
    report(told)
    written = letters(told)  # before a gateway takes them
    with Sink() as sink, Gateway(told, sink.port) as gateway:
        gateway.send(message(body, subject="次の方"), ["jiro@example.com"])
        gateway.wait_for(lambda: sink.to("jiro@example.com"))
        (after,) = sink.to("jiro@example.com")
    assert set(written) == {CONTACT, ADMIN}, "each once, also when it is reported twice"
    text = written[CONTACT]
    for said in ("メール 1", "「見守り」に戻しました", "https://relay.example.jp/console/mails/1", "文案"):
        assert said in text, said
    draft = text.partition("-------- 文案 --------")[2]
    assert ("2026年11月21日(土)にお送りしたメール" in draft) == (lang == "ja")
    assert ("Our mail of 21 November 2026" in draft) == (lang == "en"), "in the language of the mail"
    for personal in (CANDIDATE, "taro", "太郎"):
        assert personal not in text.lower(), "the letter names nobody"
    assert not LINK.search(after.raw)
    with told.read() as tx:
        assert companies.get(tx, 1).mode is Mode.OBSERVE
        assert invitation_page.page(tx, token, "ja") is None, "the link opens the neutral page"
        apology = wrong.apology(tx, 1)
    assert apology is not None
    assert apology.text.rstrip() in draft, "the console shows the same draft"


def test_a_mail_that_has_not_left_needs_no_apology(told: Runtime, clock: ManualClock) -> None:
    ats_says(told, 1, recipient="rcpt450x1.taro@example.com")
    with Sink() as sink, Gateway(told, sink.port) as gateway:
        gateway.send(message(REJECTION), ["rcpt450x1.taro@example.com"])
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        report(told)
        gateway.wait_for(lambda: sink.to(CONTACT))
        text = content(sink.to(CONTACT)[0].raw)
        clock.advance(61)
        gateway.wait_for(lambda: sink.to("rcpt450x1.taro@example.com"))
        (got,) = sink.to("rcpt450x1.taro@example.com")
    assert not LINK.search(got.raw)
    assert "まだ送信前でした" in text
    assert "文案" not in text
    with told.read() as tx:
        assert tx.session.scalar(select(mail.c.note).where(mail.c.id == 1)) == "link_revoked"
        assert wrong.apology(tx, 1) is None


def test_an_attempt_whose_end_nobody_knows_may_have_arrived(told: Runtime) -> None:
    with Sink() as sink, Gateway(told, sink.port) as gateway:
        gateway.send(message(REJECTION))
        sink.wait(1)
        gateway.wait_until_finished()
    with told.begin() as tx:
        tx.session.execute(delivery.update().values(state="waiting", uncertain=1))
    report(told)
    assert "文案" in letters(told)[CONTACT]


def test_without_a_sender_for_our_mails_the_report_counts_all_the_same(
    told: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    with Sink() as sink, Gateway(told, sink.port) as gateway:
        gateway.send(message(REJECTION))
        sink.wait(1)
        gateway.wait_until_finished()
    mute = dataclasses.replace(told, settings=make_settings(told.settings.home, MAIL__FROM="", ADMIN__MAIL=""))
    get_logger("crm").propagate = True
    report(mute)
    assert letters(told) == {}
    assert "nobody told of a wrong link" in caplog.text
    with told.read() as tx:
        assert companies.get(tx, 1).mode is Mode.OBSERVE
