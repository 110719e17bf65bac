"""Mails as the gateway leaves them: judged by the real rules, held or edited by the real hands."""

from datetime import timedelta
from email.message import EmailMessage

from sqlalchemy import insert

from core.db import new_id
from core.runtime import Tx
from crm import signals
from crm.registry import companies
from crm.signals import SignalRow
from gateway import copies
from gateway.judgement import judge
from gateway.judgement.edit import EditRequest, edit_in, store_decision
from gateway.judgement.holds import HoldRequest, hold
from gateway.letter.envelope import Envelope, Recipient
from gateway.ruling.ruleset import read_sentences
from gateway.tables import DeliveryState, MailState, Origin, Variant, delivery, mail
from rules.model import AtsStatus, Decision, Mode, Verdict
from tests.web.conftest import CANDIDATE, Site

SENDER = "saiyo@minato.example.jp"
REJECTION = """港 花子 様

このたびは、弊社の選考にご応募いただき、誠にありがとうございました。
慎重に選考を重ねた結果、誠に残念ながら、今回は採用を見送らせていただくことになりました。
末筆ながら、港様の今後のご活躍をお祈り申し上げます。

みなと精密工業株式会社 採用担当
"""
INVITED = """港 花子 様

書類選考の結果、ぜひ一度面接にお越しいただきたく、ご連絡いたしました。
下記の日程からご都合のよい日をお選びください。

みなと精密工業株式会社 採用担当
"""


def letter(subject: str = "選考結果のご連絡", text: str = REJECTION, html: str = "", to: str = CANDIDATE) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, to, subject
    message["Date"], message["Message-ID"] = "Sat, 21 Nov 2026 12:00:00 +0900", "<1@minato.example.jp>"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def arrive(site: Site, raw: bytes | None = None, *, to: str = CANDIDATE, rejected: bool = True) -> int:
    """A mail of the recruiting sender comes in and goes as far as its company's mode lets it; returns its id.

    ``rejected``: the ATS says so, which makes a sure rejection of it.
    """
    raw = letter(to=to) if raw is None else raw
    with site.runtime.begin() as tx:
        if rejected:
            row = SignalRow("file", to, AtsStatus.REJECTED, tx.now)
            signals.store(tx, site.company_id, row)
        queue_id = new_id()
        mail_id = _store(tx, site.company_id, queue_id, raw, to)
        company = companies.get(tx, site.company_id)
        envelope = Envelope(SENDER, (Recipient(to),))
        read = judge.read(raw, envelope, company, tx.settings, tx.keys)
        assert read is not None
        approval = read_sentences(tx).of(company.id, read.mail.header_from)
        decision = judge.decide(read.mail, approval, signals.answer_for(tx, company.id, to))
        if decision.verdict is Verdict.INJECT and company.mode is Mode.CONFIRM:
            hold(
                tx,
                HoldRequest(
                    mail_id,
                    envelope,
                    (0,),
                    company.hold_minutes,
                    decision,
                    _kept(tx, queue_id, raw, envelope, decision),
                ),
            )
        elif decision.verdict is Verdict.INJECT and company.mode is Mode.AUTO:
            edit_in(tx, mail_id, EditRequest(queue_id, company, envelope, 0, to, read.parsed, decision))
        else:
            _leave(tx, mail_id, queue_id, raw, envelope, decision)
    return mail_id


def set_mode(site: Site, mode: Mode) -> None:
    with site.runtime.begin() as tx:
        companies.change(tx, site.company_id, mode=mode)


def _store(tx: Tx, company_id: int, queue_id: str, raw: bytes, to: str) -> int:
    values = {
        "queue_id": queue_id,
        "origin": Origin.SMTP.value,
        "company_id": company_id,
        "state": MailState.READY.value,
        "judged": True,
        "may_judge": True,
        "envelope_from": SENDER,
        "mail_params": {},
        "peer": "192.0.2.1",
        "helo": "mail.minato.example.jp",
        "protocol": "ESMTP",
        "tls": "",
        "size": len(raw),
        "received_at": tx.now,
        "note": "",
        "raw": raw,
    }
    mail_id: int = tx.session.execute(insert(mail).values(values).returning(mail.c.id)).scalar_one()
    tx.session.execute(
        insert(delivery).values(
            mail_id=mail_id,
            position=0,
            recipient=to,
            rcpt_params={},
            variant=Variant.ORIGINAL.value,
            state=DeliveryState.WAITING.value,
            tries=0,
            uncertain=0,
            due_at=tx.now,
            delay_told=False,
        )
    )
    return mail_id


def _leave(tx: Tx, mail_id: int, queue_id: str, raw: bytes, envelope: Envelope, decision: Decision) -> None:
    store_decision(tx, mail_id, decision, note="")
    if decision.verdict is not Verdict.PASS:
        copies.store(tx, [(mail_id, _kept(tx, queue_id, raw, envelope, decision))])


def _kept(tx: Tx, queue_id: str, raw: bytes, envelope: Envelope, decision: Decision) -> copies.Kept:
    until = tx.now + timedelta(days=tx.settings.retention.raw_days)
    return copies.seal(
        tx.keys, tx.settings, queue_id, original=raw, envelope=envelope, decision=decision, keep_until=until
    )
