"""The one step in which a rejection mail gets its link: offer, rewrite, final bytes and decision in one transaction.

Either all of it is stored or nothing: no invitation without a mail that carries it, no edited mail that is not on disk
before its first attempt (decisions, path of a mail, step 6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import bindparam, update

from core.metrics import MAILS_EDITED, MAILS_UNCHANGED
from core.runtime import Tx
from crm.companies import CompanyView
from crm.invitations import NoOffer, Offer, offer_for_rejection
from crm.notices import under_cap
from gateway import copies
from gateway.blocks import block
from gateway.copies import CopyKind, Kept
from gateway.envelope import Envelope
from gateway.judge import limits
from gateway.received import TRACE, field_values, trace
from gateway.rewrite import Untouched, prepend, rewrite
from gateway.spool import write_durably
from gateway.tables import MailState, Variant, delivery, mail
from rules.model import Decision


@dataclass(frozen=True, slots=True)
class EditRequest:
    """A mail that is to carry the link for ``recipient``, whose delivery has ``position``."""

    mail_id: int
    company: CompanyView
    envelope: Envelope
    position: int
    recipient: str
    raw: bytes
    decision: Decision
    final_path: Path | None
    copies_kept: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """``raw`` is None when the final bytes lie in the request's file."""

    raw: bytes | None


@dataclass(frozen=True, slots=True)
class NotEdited:
    """``reason`` is one word; ``detail`` may say more to the log, never about the content."""

    reason: str
    detail: str = ""


def edit_in(tx: Tx, request: EditRequest) -> Edited | NotEdited:
    """Edit if the mail permits it and store the result; NotEdited stores nothing."""
    if not under_cap(tx, request.company.id):
        return _unchanged(tx, NotEdited("daily_cap"))
    savepoint = tx.session.begin_nested()
    offer = offer_for_rejection(tx, company_id=request.company.id, recipient=request.recipient, mail_id=request.mail_id)
    if isinstance(offer, NoOffer):
        savepoint.commit()  # the notice of the rejection stands, with a link or without
        return _unchanged(tx, NotEdited(offer.reason))
    final = _final_bytes(tx, request, offer)
    if isinstance(final, Untouched):
        savepoint.rollback()
        return _unchanged(tx, NotEdited("cannot_edit", final.reason))
    savepoint.commit()
    _store(tx, request, final, gate_ref=f"invitation:{offer.invitation_id}")
    company = str(request.company.id)
    tx.after_commit(lambda: MAILS_EDITED.labels(company).inc())
    return Edited(None if request.final_path else final)


def _final_bytes(tx: Tx, request: EditRequest, offer: Offer) -> bytes | Untouched:
    text = block(
        request.decision.lang,
        request.company.tone,
        agency=offer.agency,
        licence_no=offer.licence_no,
        relay_url=offer.relay_url,
        optout_url=offer.optout_url,
        expires_on=offer.expires_on,
    )
    rewritten = rewrite(request.raw, text, limits(tx.settings))
    if isinstance(rewritten, Untouched):
        return rewritten
    message_id = (field_values(request.raw, "Message-ID") or [""])[0]
    return prepend(rewritten.raw, [(TRACE, trace(tx.keys, message_id, request.recipient).encode())])


def _store(tx: Tx, request: EditRequest, final: bytes, gate_ref: str) -> None:
    columns = final_columns(final, request.final_path)
    store_decision(tx, request.mail_id, request.decision, note="edited", gate_ref=gate_ref, **columns)
    tx.session.connection().execute(
        _POINT_TO_EDITED, {"of_mail": request.mail_id, "at": request.position, "to": Variant.EDITED.value}
    )
    days = tx.settings.retention.raw_days
    kept = copies.of_judged(request.raw, request.envelope, request.decision, days, final=final)
    copies.keep(tx, request.mail_id, kept.only(CopyKind.FINAL) if request.copies_kept else kept)


@dataclass(frozen=True, slots=True)
class CleanRequest:
    """A mail whose placeholder was taken out because no link goes in."""

    mail_id: int
    decision: Decision
    note: str
    positions: Sequence[int]
    final: bytes
    final_path: Path | None
    kept: Kept | None


def store_cleaned(tx: Tx, request: CleanRequest) -> None:
    """Store the cleaned bytes as the edited variant, before the first attempt."""
    columns = final_columns(request.final, request.final_path)
    store_decision(tx, request.mail_id, request.decision, note=request.note, **columns)
    tx.session.connection().execute(
        _POINT_TO_EDITED,
        [{"of_mail": request.mail_id, "at": at, "to": Variant.EDITED.value} for at in request.positions],
    )
    if request.kept is not None:
        copies.keep(tx, request.mail_id, request.kept)


def final_columns(final: bytes, path: Path | None) -> dict[str, object]:
    """Columns for the bytes of the edited variant: in the row, or durably in the file ``path``."""
    if path is None:
        return {"final_raw": final, "final_path": None}
    write_durably(path, final)
    return {"final_raw": None, "final_path": str(path)}


def store_decision(tx: Tx, mail_id: int, decision: Decision, *, note: str, **more: object) -> None:
    """Write a decision into its mail's row; ``more``: further columns."""
    tx.session.connection().execute(
        update(mail).where(mail.c.id == mail_id),
        {
            "state": MailState.READY.value,
            "judged": True,
            "verdict": decision.verdict.value,
            "decision": copies.without_quotes(decision),
            "note": note,
            **more,
        },
    )


_POINT_TO_EDITED = (
    update(delivery)
    .where(delivery.c.mail_id == bindparam("of_mail"), delivery.c.position == bindparam("at"))
    .values(variant=bindparam("to"))
)


def _unchanged(tx: Tx, refused: NotEdited) -> NotEdited:
    tx.after_commit(lambda: MAILS_UNCHANGED.labels(refused.reason).inc())
    return refused
