"""Mails that wait for a person, at most so many minutes, and then leave without a link (decisions 19): in mode
*confirm* every sure rejection, and whatever a company's rules want held.

Approved: a sure rejection leaves with the link. Released, or nobody came: the mail leaves as it came, but for what
rules add on top and for a placeholder that nobody replaced.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, Row, bindparam, or_, select, update

from core.bulk import Query
from core.errors import NotFound, Permanent
from core.metrics import MAILS_EDITED, MAILS_UNCHANGED
from core.runtime import Tx
from crm.registry.companies import get as get_company
from crm.registry.company_input import HOLD_MINUTES_MAX
from gateway import copies
from gateway.copies import CopyKind, Kept
from gateway.judgement import signing
from gateway.judgement.edit import EditRequest, NotEdited, edit_in, store_decision
from gateway.judgement.judge import limits
from gateway.letter.envelope import Envelope, Recipient
from gateway.letter.parse import parse
from gateway.letter.splice import pack
from gateway.ruling import block_texts
from gateway.ruling.fields import octets, of_rules
from gateway.signature.dkim_keys import signers_for
from gateway.tables import DeliveryState, MailState, Variant, delivery, mail
from rules.model import Decision, Verdict

POSTPONED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """A mail to hold; only the deliveries at ``positions`` wait, copies for the company's own people leave."""

    mail_id: int
    envelope: Envelope
    positions: Sequence[int]
    minutes: int
    decision: Decision
    kept: Kept


def hold(tx: Tx, request: HoldRequest) -> None:
    """Store the decision and let the mail wait."""
    until = tx.now + timedelta(minutes=request.minutes)
    store_decision(tx, request.mail_id, request.decision, note="held", state=MailState.HELD.value, hold_until=until)
    columns = delivery.c
    tx.session.execute(
        update(delivery)
        .where(columns.mail_id == request.mail_id, columns.position.in_(request.positions))
        .values(state=DeliveryState.HELD.value, leased_by=None, tries=0)
    )
    copies.store(tx, [(request.mail_id, request.kept)])


def overdue(tx: Tx, limit: int) -> list[int]:
    """Mails whose time for an answer is over; also those of a clock that has been set back since."""
    latest = tx.now + timedelta(minutes=HOLD_MINUTES_MAX)
    return [mail_id for (mail_id,) in _OVERDUE.rows(tx, now=tx.now, latest=latest, limit=limit)]


_OVERDUE = Query(
    select(mail.c.id)
    .where(
        mail.c.state == MailState.HELD.value,
        or_(mail.c.hold_until <= bindparam("now"), mail.c.hold_until > bindparam("latest")),
    )
    .order_by(mail.c.hold_until)
    .limit(bindparam("limit", type_=Integer))
)


def let_go(tx: Tx, mail_id: int, note: str) -> None:
    """Let a held mail leave without a link; what it carries else is as the module says (decisions 13).

    Raises:
        NotFound, Permanent: there is no such mail, or it is not held any more.
    """
    row = _held(tx, mail_id)
    values: dict[str, object] = {"state": MailState.READY.value, "note": note, "hold_until": None}
    company = get_company(tx, row.company_id)
    signers = signers_for(tx).get(company.id, ())
    raw, decision = _original(row), Decision.from_json(row.decision)
    fields = octets(of_rules(decision.orders, company, raw))
    cleaned = signing.cleaned(raw, signers, company, limits(tx.settings), row.received_at, fields=fields)
    if cleaned is not None:
        values["edits"] = pack(cleaned)
    tx.session.execute(update(mail).where(mail.c.id == mail_id).values(**values))
    _send(tx, mail_id, Variant.ORIGINAL if cleaned is None else Variant.EDITED)


def let_go_plain(tx: Tx, mail_id: int, note: str) -> None:
    """Let a held mail leave exactly as it came, for when `let_go` met a fault.

    Raises:
        NotFound, Permanent: as there. OSError: its bytes cannot be read, so there is nothing to send.
    """
    _original(_held(tx, mail_id))
    values = {"state": MailState.READY.value, "note": note, "hold_until": None}
    tx.session.execute(update(mail).where(mail.c.id == mail_id).values(**values))
    _send(tx, mail_id, Variant.ORIGINAL)


def postpone(tx: Tx, mail_id: int) -> None:
    """Look at a held mail again later, so that one that cannot leave does not stand before the others."""
    until = tx.now + POSTPONED
    columns = mail.c
    tx.session.execute(
        update(mail).where(columns.id == mail_id, columns.state == MailState.HELD.value).values(hold_until=until)
    )


def approve(tx: Tx, mail_id: int) -> NotEdited | None:
    """Let a held mail leave with the link; when that is not possible it leaves unchanged, and the reason comes back.

    What was held for another reason than a sure rejection gets no link from anybody's click: words and second signal
    have not both said yes.
    """
    row = _held(tx, mail_id)
    decision = _decision(tx, row)
    if decision.verdict is not Verdict.INJECT:
        let_go(tx, mail_id, "not_sure")
        return NotEdited("not_sure")
    recipients = tx.session.execute(
        select(delivery).where(delivery.c.mail_id == mail_id).order_by(delivery.c.position)
    ).all()
    waiting = next(r for r in recipients if r.state == DeliveryState.HELD.value)
    company, raw = get_company(tx, row.company_id), _original(row)
    made = edit_in(
        tx,
        mail_id,
        EditRequest(
            queue_id=row.queue_id,
            company=company,
            envelope=Envelope(row.envelope_from, tuple(Recipient(r.recipient) for r in recipients)),
            position=waiting.position,
            recipient=waiting.recipient,
            parsed=parse(raw, limits(tx.settings)),
            decision=decision,
            signing=signing.for_edit(signers_for(tx).get(company.id, ()), company, raw),
            copies_kept=True,
            texts=block_texts.of_company(tx, company.id),
        ),
    )
    if isinstance(made, NotEdited):
        tx.after_commit(lambda: MAILS_UNCHANGED.labels(made.reason).inc())
        let_go(tx, mail_id, made.reason)
        return made
    tx.after_commit(lambda: MAILS_EDITED.labels(str(row.company_id)).inc())
    tx.session.execute(update(mail).where(mail.c.id == mail_id).values(hold_until=None))
    _send(tx, mail_id, Variant.EDITED)
    return None


def _held(tx: Tx, mail_id: int) -> Row[Any]:
    row = tx.session.execute(select(mail).where(mail.c.id == mail_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(f"no mail {mail_id}")
    if row.state != MailState.HELD.value:
        raise Permanent(f"mail {mail_id} is not held (state: {row.state})")
    return row


def _original(row: Row[Any]) -> bytes:
    return Path(row.body_path).read_bytes() if row.raw is None else bytes(row.raw)


def _decision(tx: Tx, row: Row[Any]) -> Decision:
    kept = copies.open_copies(tx, row.id).get(CopyKind.DECISION)
    return Decision.from_json(row.decision if kept is None else json.loads(kept))


def _send(tx: Tx, mail_id: int, variant: Variant) -> None:
    columns = delivery.c
    tx.session.execute(
        update(delivery)
        .where(columns.mail_id == mail_id, columns.state == DeliveryState.HELD.value)
        .values(state=DeliveryState.WAITING.value, due_at=tx.now, variant=variant.value)
    )
