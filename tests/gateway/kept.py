"""Mails as the gateway keeps them after they have left: judged by the real rules, sealed, with what people answered."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import insert, update

from core.db import new_id
from core.runtime import Runtime
from crm.registry import companies
from gateway import copies
from gateway.judgement import judge, review
from gateway.judgement.edit import store_decision
from gateway.letter.envelope import Envelope, Recipient
from gateway.ruling.ruleset import read_rule_sets, read_sentences, shipped
from gateway.tables import DeliveryState, MailState, Origin, Variant, delivery, mail
from rules.decide import decide
from rules.model import AtsAnswer, Decision, Signals, Verdict
from tests.gateway.rig import CANDIDATE, HR


def keep(
    runtime: Runtime,
    company_id: int,
    raw: bytes,
    *,
    to: str = CANDIDATE,
    sender: str = HR,
    ats: AtsAnswer | None = None,
    answers: Sequence[str] = (),
    days_ago: float = 0,
    passed: bool = True,
) -> int:
    """Let a mail have come and left; returns its id. ``passed``: bytes are kept although nothing was found in it."""
    envelope = Envelope(sender, (Recipient(to),))
    with runtime.begin() as tx:
        company = companies.get(tx, company_id)
        read = judge.read(raw, envelope, company, tx.settings, tx.keys)
        assert read is not None
        approved, refused = read_sentences(tx).of(company_id, read.mail.header_from)
        rules = read_rule_sets(tx).get(company_id, shipped())
        decision = decide(read.mail, rules, Signals(ats, approved, refused))
        received_at = tx.now - timedelta(days=days_ago)
        queue_id = new_id()
        values = {
            "queue_id": queue_id,
            "origin": Origin.SMTP.value,
            "company_id": company_id,
            "judged": True,
            "may_judge": True,
            "envelope_from": sender,
            "mail_params": {},
            "peer": "192.0.2.1",
            "helo": "mail.kigyo.example.jp",
            "protocol": "ESMTP",
            "tls": "",
            "size": len(raw),
            "received_at": received_at,
        }
        mail_id: int = tx.session.execute(
            insert(mail).values(values | {"state": MailState.RECEIVED.value, "note": ""}).returning(mail.c.id)
        ).scalar_one()
        tx.session.execute(insert(delivery).values(_delivery(mail_id, to) | {"due_at": received_at}))
        store_decision(tx, mail_id, decision, note="")
        tx.session.execute(update(mail).where(mail.c.id == mail_id).values(state=MailState.DONE.value))
        if passed or decision.verdict is not Verdict.PASS:
            copies.store(tx, [(mail_id, _sealed(runtime, queue_id, raw, envelope, decision))])
        for answer in answers:
            review.note_answer(tx, mail_id, answer, "user:1")
    return mail_id


def _delivery(mail_id: int, to: str) -> dict[str, object]:
    return {
        "mail_id": mail_id,
        "position": 0,
        "recipient": to,
        "rcpt_params": {},
        "variant": Variant.ORIGINAL.value,
        "state": DeliveryState.SENT.value,
        "tries": 1,
        "uncertain": 0,
        "delay_told": False,
    }


def _sealed(runtime: Runtime, queue_id: str, raw: bytes, envelope: Envelope, decision: Decision) -> copies.Kept:
    until = runtime.clock.now() + timedelta(days=30)
    settings = runtime.settings
    return copies.seal(
        runtime.keys, settings, queue_id, original=raw, envelope=envelope, decision=decision, keep_until=until
    )
