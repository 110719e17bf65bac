"""The step in which a rejection mail gets its link: offer, edits and decision are stored in one transaction.

Either all of it is stored or nothing: no invitation without a mail that carries it, no edited mail that is not on disk
before its first attempt (decisions, path of a mail, step 6). What is stored is the *edits*: the original does not
change any more, so that every attempt makes the same bytes of the two (`docs/adr/0012-edits-not-copies.md`).

The usual cases are prepared outside and stored in bulk (`prepare`, `store`); every other one takes the long way
(`edit_in`), alone and inside its transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, update

from core.bulk import Bulk
from core.crypto import KeyRing
from core.lang import lang_of
from core.runtime import Tx
from core.settings import Settings
from crm.agency.agencies import AgencyView
from crm.invitation import offers
from crm.invitation.invitations import NoOffer, Offer, offer_for_rejection
from crm.invitation.offers import Draft, Stored
from crm.invitation.standing import Standing
from crm.notices import under_cap
from crm.registry.companies import CompanyView
from gateway import copies
from gateway.copies import Kept
from gateway.judgement.judge import limits
from gateway.judgement.signing import over
from gateway.letter.blocks import block
from gateway.letter.envelope import Envelope
from gateway.letter.parse import Parsed
from gateway.letter.rewrite import Untouched, rewrite_parsed, top_fields
from gateway.letter.splice import OctetEdit, pack, splice
from gateway.received import TRACE, field_values, trace
from gateway.ruling.block_texts import OwnTexts
from gateway.ruling.fields import of_rules
from gateway.signature.dkim_policy import NO_SIGNING, Signing
from gateway.store.spool import Judged
from gateway.tables import MailState, Variant, delivery, mail
from rules.actions import block_name
from rules.model import Decision, Orders

NO_ORDERS = Orders()


@dataclass(frozen=True, slots=True)
class EditRequest:
    """A mail that is to carry the link for ``recipient``, whose delivery has ``position``. It need not be stored yet.

    ``signing``: what DKIM means for it. ``copies_kept``: its copies were sealed before, when it was held.
    ``texts``: the company's own texts of the block.
    """

    queue_id: str
    company: CompanyView
    envelope: Envelope
    position: int
    recipient: str
    parsed: Parsed
    decision: Decision
    signing: Signing = NO_SIGNING
    copies_kept: bool = False
    texts: OwnTexts | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """What makes the edited mail out of the original."""

    edits: tuple[OctetEdit, ...]


@dataclass(frozen=True, slots=True)
class NotEdited:
    """``reason`` is one word; ``detail`` may say more to the log, never about the content."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An edit that is ready to be stored, once its mail has an id."""

    draft: Draft
    position: int
    edits: tuple[OctetEdit, ...]
    row: dict[str, Any]
    kept: Kept


@dataclass(frozen=True, slots=True)
class Unedited:
    """What is stored with a mail that will leave as it came, so that every attempt sends the same bytes.

    ``decision``: None when nobody looks at it. ``kept``: copies for whoever looks at it later.
    """

    decision: Decision | None
    note: str
    kept: Kept | None


def prepare(
    request: EditRequest,
    standing: Standing,
    agencies: Sequence[AgencyView],
    *,
    keys: KeyRing,
    settings: Settings,
    now: datetime,
) -> Prepared | NotEdited:
    """Do all that needs no database: links, block, rewriting with its proof, signature, seals.

    ``agencies``: licensed today. The case of ``standing`` is *first* or *again*.
    """
    if not agencies:
        return NotEdited("no_licensed_agency")
    draft = offers.draft(
        standing,
        company=request.company,
        agencies=agencies,
        recipient=request.recipient,
        keys=keys,
        settings=settings,
        now=now,
    )
    edits = _edits(request, draft.offer, keys, settings, now)
    if isinstance(edits, Untouched):
        return NotEdited("cannot_edit", edits.reason)
    packed = pack(edits)
    return Prepared(
        draft=draft,
        position=request.position,
        edits=edits,
        row=_decided(request.decision) | {"new_gate_ref": _gate_ref(draft.offer), "new_edits": packed},
        kept=_copies(request, packed, keys, settings, now),
    )


def store(tx: Tx, prepared: Sequence[tuple[int, Prepared]]) -> list[Edited | NotEdited | None]:
    """Store many edits, each with its mail's id; None for one that must take the long way after all.

    Raises:
        Temporary: run each alone (`offers.store`).
    """
    made = store_offers(tx, prepared)
    edited = [each for each, outcome in zip(prepared, made, strict=True) if isinstance(outcome, Edited)]
    _MAIL_EDITED.run(tx, [{"of_mail": mail_id, **each.row} for mail_id, each in edited])
    _POINT_TO_EDITED.run(tx, [_pointer(mail_id, each.position) for mail_id, each in edited])
    copies.store(tx, [(mail_id, each.kept) for mail_id, each in edited])
    return made


def store_offers(tx: Tx, prepared: Sequence[tuple[int, Prepared]]) -> list[Edited | NotEdited | None]:
    """Store the invitations of edits; None for one that must take the long way after all.

    Raises:
        Temporary: run each alone (`offers.store`).
    """
    outcomes = offers.store(tx, [(mail_id, each.draft) for mail_id, each in prepared])
    return [_answer(each, outcome) for (_, each), outcome in zip(prepared, outcomes, strict=True)]


def as_judged(prepared: Prepared | Unedited) -> Judged:
    """What a row that is written now says of the decision."""
    if isinstance(prepared, Unedited):
        decided = {} if prepared.decision is None else {"judged": True, **_decision_columns(prepared.decision)}
        return Judged({"state": MailState.READY.value, "note": prepared.note, **decided})
    columns = {name.removeprefix("new_"): value for name, value in prepared.row.items()}
    return Judged(_EDITED | columns, prepared.position)


def edit_in(tx: Tx, mail_id: int, request: EditRequest) -> Edited | NotEdited:
    """Edit one mail, whatever is known of its recipient; NotEdited stores no more than the notice."""
    if not under_cap(tx, request.company.id):
        return NotEdited("daily_cap")
    savepoint = tx.session.begin_nested()
    offer = offer_for_rejection(tx, company_id=request.company.id, recipient=request.recipient, mail_id=mail_id)
    if isinstance(offer, NoOffer):
        savepoint.commit()  # the notice of the rejection stands, with a link or without
        return NotEdited(offer.reason)
    edits = _edits(request, offer, tx.keys, tx.settings, tx.now)
    if isinstance(edits, Untouched):
        savepoint.rollback()
        return NotEdited("cannot_edit", edits.reason)
    savepoint.commit()
    packed = pack(edits)
    store_decision(tx, mail_id, request.decision, note="edited", gate_ref=_gate_ref(offer), edits=packed)
    _POINT_TO_EDITED.run(tx, [_pointer(mail_id, request.position)])
    if request.copies_kept:
        copies.add_edits(tx, mail_id, edits, _keep_until(tx.settings, tx.now))
    else:
        copies.store(tx, [(mail_id, _copies(request, packed, tx.keys, tx.settings, tx.now))])
    return Edited(edits)


def trial(request: EditRequest, offer: Offer, *, keys: KeyRing, settings: Settings, now: datetime) -> bytes | NotEdited:
    """Return the mail as it would leave with ``offer``: the same steps and the same proof, and nothing is stored."""
    edits = _edits(request, offer, keys, settings, now)
    if isinstance(edits, Untouched):
        return NotEdited("cannot_edit", edits.reason)
    return splice(request.parsed.raw, edits)


def _edits(
    request: EditRequest, offer: Offer, keys: KeyRing, settings: Settings, now: datetime
) -> tuple[OctetEdit, ...] | Untouched:
    orders = request.decision.orders or NO_ORDERS
    lang, tone = block_name(orders.block or request.company.tone)
    text = block(
        lang_of(lang or request.decision.lang),
        tone,
        agency=offer.agency,
        licence_no=offer.licence_no,
        relay_url=offer.relay_url,
        optout_url=offer.optout_url,
        expires_on=offer.expires_on,
        own=request.texts,
    )
    domains = request.signing.editable_domains
    rewritten = rewrite_parsed(
        request.parsed, text, limits(settings), editable_dkim_domains=domains, where=orders.place
    )
    if isinstance(rewritten, Untouched):
        return rewritten
    message_id = (field_values(request.parsed.raw, "Message-ID") or [""])[0]
    traced = (TRACE, trace(keys, message_id, request.recipient).encode())
    added = of_rules(request.decision.orders, request.company, request.parsed.raw)
    fields = top_fields([traced, *added])
    signature = over(request.parsed.raw, rewritten.edits, request.signing.if_edited, now)
    return (OctetEdit(0, 0, signature + fields), *rewritten.edits)


def _copies(request: EditRequest, packed: bytes, keys: KeyRing, settings: Settings, now: datetime) -> Kept:
    return copies.seal(
        keys,
        settings,
        request.queue_id,
        original=request.parsed.raw,
        envelope=request.envelope,
        decision=request.decision,
        keep_until=_keep_until(settings, now),
        edits=packed,
    )


def _keep_until(settings: Settings, now: datetime) -> datetime:
    return now + timedelta(days=settings.retention.raw_days)


def _gate_ref(offer: Offer) -> str:
    return f"invitation:{offer.invitation_id}"


@dataclass(frozen=True, slots=True)
class CleanRequest:
    """A mail whose placeholder was taken out because no link goes in."""

    mail_id: int
    decision: Decision
    note: str
    positions: Sequence[int]
    edits: tuple[OctetEdit, ...]
    kept: Kept | None


def store_cleaned(tx: Tx, request: CleanRequest) -> None:
    """Store the edits of the cleaned variant, before the first attempt."""
    store_decision(tx, request.mail_id, request.decision, note=request.note, edits=pack(request.edits))
    _POINT_TO_EDITED.run(tx, [_pointer(request.mail_id, at) for at in request.positions])
    if request.kept is not None:
        copies.store(tx, [(request.mail_id, request.kept)])


def store_decision(tx: Tx, mail_id: int, decision: Decision, *, note: str, **more: object) -> None:
    """Write a decision into its mail's row; ``more``: further columns."""
    tx.session.connection().execute(
        update(mail).where(mail.c.id == mail_id),
        {"state": MailState.READY.value, "judged": True, "note": note, **_decision_columns(decision), **more},
    )


def _decision_columns(decision: Decision) -> dict[str, Any]:
    return {"verdict": decision.verdict.value, "decision": decision.to_json(words=False)}


def _decided(decision: Decision) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in _decision_columns(decision).items()}


_EDITED: dict[str, Any] = {"state": MailState.READY.value, "judged": True, "note": "edited"}
_MAIL_EDITED = Bulk(
    update(mail)
    .where(mail.c.id == bindparam("of_mail"))
    .values(
        **_EDITED,
        verdict=bindparam("new_verdict"),
        decision=bindparam("new_decision"),
        gate_ref=bindparam("new_gate_ref"),
        edits=bindparam("new_edits"),
    )
)
_POINT_TO_EDITED = Bulk(
    update(delivery)
    .where(delivery.c.mail_id == bindparam("of_mail"), delivery.c.position == bindparam("at"))
    .values(variant=Variant.EDITED.value)
)


def _pointer(mail_id: int, position: int) -> dict[str, int]:
    return {"of_mail": mail_id, "at": position}


def _answer(prepared: Prepared, outcome: Stored) -> Edited | NotEdited | None:
    if outcome is Stored.DONE:
        return Edited(prepared.edits)
    return None if outcome is Stored.CHANGED else NotEdited(outcome.value)
