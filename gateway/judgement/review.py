"""What people answer about mails, and the sentences that they approve: the second signal that a company teaches.

Approved is the masked decision *sentence* of a sender, never a template: one word decides between no and yes
(detection 2).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from core import audit
from core.errors import NotFound, Permanent
from core.runtime import Tx
from crm.registry.companies import get as get_company
from gateway import copies
from gateway.copies import CopyKind
from gateway.judgement import judge
from gateway.letter.envelope import Envelope, Recipient
from gateway.tables import approved_sentence, mail, review
from rules.model import Decision

APPROVE, REFUSE = "approve", "refuse"


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """``answer``: approve | release (of a held mail), rejection | not_rejection (of a reviewed one), wrong."""

    answer: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SentenceLine:
    """A sentence that somebody has approved or refused; it can be undone."""

    id: int
    company_id: int
    sender: str
    masked: str
    answer: str
    by: str
    at: datetime
    undone_at: datetime | None


def note_answer(tx: Tx, mail_id: int, answer: str, by: str) -> None:
    """Write down what somebody said about a mail; ``by``: an id, never an address."""
    tx.session.execute(insert(review).values(mail_id=mail_id, answer=answer, by=by, at=tx.now))


def reviews_of(tx: Tx, mail_id: int) -> list[ReviewLine]:
    """What people have answered about a mail, oldest first."""
    columns = review.c
    rows = tx.session.execute(
        select(columns.answer, columns.by, columns.at).where(columns.mail_id == mail_id).order_by(columns.id)
    )
    return [ReviewLine(answer, by, at) for answer, by, at in rows]


def answer_review(tx: Tx, mail_id: int, *, rejection: bool, by: str, company_id: int | None = None) -> None:
    """Was a reviewed mail a rejection? It has left already: the answer only teaches its sentence (decisions 19)."""
    approve_sentence(tx, mail_id, by=by, answer=APPROVE if rejection else REFUSE, company_id=company_id)
    note_answer(tx, mail_id, "rejection" if rejection else "not_rejection", by)


def approve_sentence(
    tx: Tx, mail_id: int, *, by: str, answer: str = APPROVE, company_id: int | None = None
) -> SentenceLine:
    """Approve (or refuse) the decision sentence of a kept mail for its company and its sender.

    Raises:
        NotFound: no such mail of this company.
        Permanent: its copy is not kept any more, or it has no decision sentence.
    """
    row = tx.session.execute(select(mail.c.company_id).where(mail.c.id == mail_id)).one_or_none()
    if row is None or (company_id is not None and row.company_id != company_id):
        raise NotFound(f"no mail {mail_id}")
    kept = copies.open_copies(tx, mail_id)
    if CopyKind.DECISION not in kept or CopyKind.ORIGINAL not in kept:
        raise Permanent(f"mail {mail_id} is not kept any more: its sentence is not known")
    decision = Decision.from_json(json.loads(kept[CopyKind.DECISION]))
    if not decision.sentence_sha256:
        raise Permanent(f"mail {mail_id} has no decision sentence")
    sender = _header_from(tx, row.company_id, kept)
    return store_sentence(
        tx,
        company_id=row.company_id,
        sender=sender,
        sha256=decision.sentence_sha256,
        masked=decision.sentence,
        answer=answer,
        by=by,
    )


def store_sentence(
    tx: Tx, *, company_id: int, sender: str, sha256: str, masked: str, answer: str, by: str
) -> SentenceLine:
    """Write the answer about a sentence; a newer answer replaces an older one. In force within a second."""
    columns = approved_sentence.c
    values = {"masked": masked, "answer": answer, "by": by, "at": tx.now, "undone_at": None}
    key = (columns.company_id == company_id, columns.sender == sender.lower(), columns.sha256 == sha256)
    found = tx.session.execute(
        update(approved_sentence).where(*key).values(**values).returning(columns.id)
    ).scalar_one_or_none()
    if found is None:
        found = tx.session.execute(
            insert(approved_sentence)
            .values(company_id=company_id, sender=sender.lower(), sha256=sha256, **values)
            .returning(columns.id)
        ).scalar_one()
    audit.record(tx, by, f"sentence {answer}", f"sentence:{found}", company=company_id)
    tx.config_changed()
    return SentenceLine(found, company_id, sender.lower(), masked, answer, by, tx.now, None)


def undo_sentence(tx: Tx, sentence_id: int, *, by: str, company_id: int | None = None) -> None:
    """Take an answer back; raises NotFound."""
    columns = approved_sentence.c
    query = update(approved_sentence).where(columns.id == sentence_id, columns.undone_at.is_(None))
    if company_id is not None:
        query = query.where(columns.company_id == company_id)
    if tx.session.execute(query.values(undone_at=tx.now).returning(columns.id)).scalar_one_or_none() is None:
        raise NotFound(f"no sentence {sentence_id} in force")
    audit.record(tx, by, "sentence undone", f"sentence:{sentence_id}")
    tx.config_changed()


def sentences(tx: Tx, company_id: int | None = None) -> Sequence[SentenceLine]:
    """The sentences of a company (None: of all), the ones taken back too, newest first."""
    query = _SENTENCES if company_id is None else _SENTENCES.where(approved_sentence.c.company_id == company_id)
    rows = tx.session.execute(query.order_by(approved_sentence.c.at.desc(), approved_sentence.c.id.desc()))
    return [SentenceLine(*row) for row in rows]


def refusal(tx: Tx, company_id: int, sender: str, sha256: str) -> SentenceLine | None:
    """Who has said that this sentence of this sender is no rejection, while that is in force."""
    columns = approved_sentence.c
    key = (columns.company_id == company_id, columns.sender == sender.lower(), columns.sha256 == sha256)
    row = tx.session.execute(
        _SENTENCES.where(*key, columns.answer == REFUSE, columns.undone_at.is_(None))
    ).one_or_none()
    return None if row is None else SentenceLine(*row)


def told_about(tx: Tx, company_id: int | None, decision: Decision | None) -> Sequence[SentenceLine]:
    """What people have said about the sentence by which a mail was decided: by whom, when, for which sender."""
    if decision is None or not decision.sentence_sha256:
        return []
    columns = approved_sentence.c
    query = _SENTENCES.where(columns.company_id == company_id, columns.sha256 == decision.sentence_sha256)
    return [SentenceLine(*row) for row in tx.session.execute(query.order_by(columns.id))]


_SENTENCES = select(*(getattr(approved_sentence.c, name) for name in SentenceLine.__dataclass_fields__))


def _header_from(tx: Tx, company_id: int, kept: dict[CopyKind, bytes]) -> str:
    envelope = json.loads(kept[CopyKind.ENVELOPE])
    read = judge.read(
        kept[CopyKind.ORIGINAL],
        Envelope(envelope["from"], tuple(Recipient(address) for address in envelope["to"])),
        get_company(tx, company_id),
        tx.settings,
        tx.keys,
    )
    if read is None:
        raise Permanent("the sender of this mail is no recruiting sender any more")
    return read.mail.header_from
