"""Copies to a company's own CRM: the original, a mail of its own, and nobody else's address."""

import pytest
from sqlalchemy import select

from core.outbox import Outgoing
from core.runtime import Runtime
from crm.registry import companies
from gateway.ruling import dropbox
from gateway.tables import Origin, mail
from rules.model import Mode
from tests.gateway.rig import CANDIDATE, HR, LINK, REJECTION, Gateway, message, rejecting_company, with_settings
from tests.gateway.ruled import COPY, DROPBOX, NEWS, OURS, obey, sent
from tests.gateway.sink import Sink
from tests.rules.rule_text import file, rule


def test_the_companys_crm_gets_the_original_as_a_mail_of_its_own(any_runtime: Runtime) -> None:
    company = rejecting_company(any_runtime)
    obey(any_runtime, company, file(rule(OURS, COPY)))
    raw = message(REJECTION)
    sink, row = sent(any_runtime, raw, 2)
    (copy,), (edited,) = sink.to(DROPBOX), sink.to(CANDIDATE)
    assert LINK.search(edited.raw)
    assert copy.raw == raw
    assert DROPBOX.encode() not in edited.raw + copy.raw
    with any_runtime.read() as tx:
        mine = tx.session.execute(select(mail).where(mail.c.origin == Origin.OWN.value)).one()
    assert mine.gate_ref == f"company:{company.id}:dropbox"
    assert mine.id != row.id
    assert mine.verdict is None


def test_no_copy_leaves_for_a_company_that_was_suspended_since(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    obey(runtime, company, file(rule(OURS, COPY)))
    raw = message(REJECTION)
    request = dropbox.CopyRequest(1, company.id, HR, (DROPBOX,), raw)
    with runtime.begin() as tx:
        assert dropbox.put(tx, request) == 1
        assert dropbox.put(tx, request) == 0  # judged again, copied once
        companies.suspend(tx, company.id)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.wait_for(lambda: [row.state for row in gateway.mails()] == ["cancelled"])
    assert sink.got == []


@pytest.mark.parametrize("why", ["not the company's any more", "it gets the mail anyway", "observe", "too large"])
def test_no_copy_is_made(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    mode = Mode.OBSERVE if why == "observe" else Mode.AUTO
    company = rejecting_company(runtime, mode, sender_domains=("kigyo.example.jp", "crm.example.jp"))
    obey(runtime, company, file(rule(OURS, 'action = "bcc_dropbox"\nto = "drop@crm.example.jp"')))
    recipients: tuple[str, ...] = (CANDIDATE,)
    if why == "not the company's any more":
        with with_settings(runtime).begin() as tx:
            companies.change(tx, company.id, sender_domains=("kigyo.example.jp",))
    if why == "it gets the mail anyway":
        recipients = (CANDIDATE, "Drop@crm.example.jp")
    if why == "too large":
        monkeypatch.setattr(dropbox, "COPY_BYTES_MAX", 100)
    sent(runtime, message(NEWS), 1, recipients)
    with runtime.read() as tx:
        assert tx.session.scalars(select(Outgoing)).all() == []
