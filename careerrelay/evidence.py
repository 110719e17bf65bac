"""A signed bundle of what happened to one person, or in one period: for an authority, a court, an auditor.

Consents with their words, provision records, recalls, introductions for a slot, what was decided about which mail, and
the signed heads of the books. A bundle for a period names nobody; one for a person says who they are.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, or_, select

from core import bundle
from core.audit import AuditEntry
from core.clock import JST
from core.db import Base
from core.errors import ConfigError
from core.runtime import Tx
from crm import persons
from crm.consents import provisions
from crm.consents.consent_texts import by_hash, sha256
from crm.registry import programmes
from crm.registry.parties import company_row
from crm.rights import person_rows
from gateway.tables import mail
from ledger import heads
from ledger.heads import SignedHead

FORMAT = "careerrelay-evidence/1"
CONSENTS, PROVISIONS, RECALLS, MAILS, AUDIT = (
    "consents.jsonl", "provisions.jsonl", "recalls.jsonl", "mails.jsonl", "audit.jsonl",
)  # fmt: skip
HEADS, INTRODUCTIONS, PERSON, TEXTS = "heads.jsonl", "introductions.jsonl", "person.json", "texts"
_SEALED = frozenset({"subject_sealed", "raw", "edits", "body_path", "envelope_from", "peer", "helo", "mail_params"})
#: Days near the ends of the calendar have no midnight in another zone.
YEARS = (2000, 2999)
_AUDITED = ("person", "registration", "invitation", "referral", "introduction", "subject_request")


@dataclass(frozen=True, slots=True)
class Period:
    """Days of Japan's calendar, both included."""

    first: date
    last: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        return datetime.combine(self.first, time(), JST), datetime.combine(self.last + timedelta(days=1), time(), JST)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was written: lines a file, and the key's fingerprint."""

    lines: Mapping[str, int]
    fingerprint: str


def for_person(tx: Tx, person_id: str, directory: Path) -> Bundle:
    """Write the bundle of one person into a new directory.

    Raises:
        NotFound: no such person.
        ConfigError: the directory is not empty, or cannot be written.
    """
    company_id = persons.get(tx, person_id).company_id
    found = person_rows.rows_of(tx, person_id)
    mail_ids = [row["mail_id"] for row in found.get("invitation_mail", ())]
    given = [_plain(row) | {"subject": provisions.subject_of(tx, row["id"])} for row in found.get("provision", ())]
    subjects = [f"{'request' if name == 'subject_request' else name}:{row['id']}"
                for name in _AUDITED for row in found.get(name, ())]  # fmt: skip
    about: dict[str, Any] = {
        "person_id": person_id,
        "addresses": persons.addresses(tx, person_id),
        "registrations": [_plain(row) | _evidence(tx, row) for row in found.get("registration", ())],
    }
    lines: dict[str, list[dict[str, Any]]] = {
        CONSENTS: [_consent(tx, row) for row in found.get("consent", ())],
        PROVISIONS: given,
        RECALLS: [_plain(row) for row in found.get("recall", ())],
        INTRODUCTIONS: [_plain(row) for row in found.get("introduction", ())],
        MAILS: [_plain(row) for row in _rows(tx, mail, mail.c.id.in_(mail_ids))],
        AUDIT: [_plain(row) for row in _rows(tx, _table("audit_entry"), AuditEntry.subject.in_(subjects))],
    }
    facts = {"company_id": company_id, "about": "person"}
    return _write(tx, company_id, directory, lines, facts, {PERSON: [_json(about) + b"\n"]})


def for_period(tx: Tx, company_id: int, period: Period, directory: Path) -> Bundle:
    """Write the bundle of some days of one company into a new directory.

    Raises:
        NotFound: no such company.
        ConfigError: as in ``for_person``; also when the period ends before it begins.
    """
    company_row(tx, company_id)
    if period.last < period.first:
        raise ConfigError("the period ends before it begins")
    if not YEARS[0] <= period.first.year <= period.last.year <= YEARS[1]:
        raise ConfigError(f"the period lies between the years {YEARS[0]} and {YEARS[1]}")
    since, until = period.bounds
    consent, provision, recall, referral = map(_table, ("consent", "provision", "recall", "referral"))
    mine = select(referral.c.id).where(referral.c.company_id == company_id)
    provided = _rows(
        tx, provision, provision.c.company_id == company_id, _within(provision.c.provided_at, since, until)
    )
    known = or_(
        _within(consent.c.given_at, since, until),
        _within(consent.c.withdrawn_at, since, until),
        consent.c.id.in_([row["consent_id"] for row in provided]),
    )
    lines: dict[str, list[dict[str, Any]]] = {
        CONSENTS: [_consent(tx, row) for row in _rows(tx, consent, consent.c.company_id == company_id, known)],
        PROVISIONS: [_plain(row) for row in provided],
        RECALLS: [
            _plain(row)
            for row in _rows(tx, recall, recall.c.referral_id.in_(mine), _within(recall.c.asked_at, since, until))
        ],
        MAILS: [
            _plain(row)
            for row in _rows(
                tx, mail, mail.c.company_id == company_id, mail.c.judged, _within(mail.c.received_at, since, until)
            )
        ],
    }
    facts = {"company_id": company_id, "about": "period", "first": str(period.first), "last": str(period.last)}
    return _write(tx, company_id, directory, lines, facts, {})


def verify(directory: Path, fingerprint: str | None = None) -> bundle.Checked:
    """Check a bundle offline: signature, files, every text by its hash, every provision by its consent, every head."""
    found = bundle.check(directory, FORMAT, fingerprint)
    if not found.ok:
        return found
    problems: list[str] = []
    consents = {row["id"]: row for row in _lines(directory / CONSENTS)}
    for row in consents.values():
        if not _text_fits(directory, row["text_sha256"]):
            problems.append(f"consent {row['id']}: its text is not there")
        # Bundles made before the age gate was kept have no such field.
        if (adult := row.get("adult_sha256")) and not _text_fits(directory, adult):
            problems.append(f"consent {row['id']}: the words of the age gate are not there")
    for row in _lines(directory / PROVISIONS):
        problems += _provision_problems(row, consents)
    for row in _lines(directory / HEADS):
        head = SignedHead(**{**row, "signature": bytes.fromhex(row["signature"])})
        if not head.is_genuine():
            problems.append(f"head {head.seq} of programme {head.programme_id}: the signature does not fit")
    return bundle.Checked(found.facts, found.fingerprint, tuple(problems))


def _text_fits(directory: Path, text_sha256: str) -> bool:
    text = directory / TEXTS / f"{text_sha256}.txt"
    return text.is_file() and sha256(text.read_text(encoding="utf-8")) == text_sha256


def _provision_problems(row: Mapping[str, Any], consents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    consent = consents.get(row["consent_id"])
    if consent is None:
        yield f"provision {row['id']}: its consent is not there"
        return
    at = datetime.fromisoformat(row["provided_at"])
    live = datetime.fromisoformat(consent["given_at"]) <= at < datetime.fromisoformat(consent["expires_at"])
    withdrawn = consent["withdrawn_at"] is not None and datetime.fromisoformat(consent["withdrawn_at"]) < at
    covered = consent["recipient"] == f"agency:{row['agency_id']}" and set(row["items"]) <= set(consent["items"])
    if not live or withdrawn or not covered:
        yield f"provision {row['id']}: its consent did not cover it"


def _write(
    tx: Tx,
    company_id: int,
    directory: Path,
    lines: Mapping[str, list[dict[str, Any]]],
    facts: Mapping[str, Any],
    more: Mapping[str, Iterable[bytes]],
) -> Bundle:
    signed = [_head(head) for one in programmes.of_company(tx, company_id) for head in heads.signed_heads(tx, one.id)]
    written = {**lines, HEADS: signed}
    hashes = {row["text_sha256"] for name in (CONSENTS, PROVISIONS) for row in lines[name]}
    hashes |= {row["adult_sha256"] for row in lines[CONSENTS] if row["adult_sha256"]}
    texts = {f"{TEXTS}/{one}.txt": [text.encode()] for one in sorted(hashes) if (text := by_hash(tx, one)) is not None}
    files = {name: [_json(row) + b"\n" for row in rows] for name, rows in written.items()}
    counts = {name: len(rows) for name, rows in written.items()}
    head = {"format": FORMAT, "made_at": tx.now.astimezone(JST).isoformat(), "lines": counts}
    fingerprint = bundle.write(directory, {**files, **texts, **more}, {**head, **facts}, tx.keys.signer())
    return Bundle(counts, fingerprint)


def _rows(tx: Tx, table: Table, *where: ColumnElement[bool]) -> list[Mapping[str, Any]]:
    columns = [column for column in table.c if column.name not in _SEALED]
    query: Select[Any] = select(*columns).where(*where).order_by(*table.primary_key)
    return [dict(row) for row in tx.session.execute(query).mappings()]


def _within(column: Any, since: datetime, until: datetime) -> ColumnElement[bool]:
    inside: ColumnElement[bool] = (column >= since) & (column < until)
    return inside


def _consent(tx: Tx, row: Mapping[str, Any]) -> dict[str, Any]:
    """The consent with when, and by which words, the person said to be old enough to give it."""
    registration = _table("registration").c
    query = select(registration.adult_at, registration.adult_sha256).where(registration.id == row["registration_id"])
    return _plain(row) | _plain(dict(tx.session.execute(query).mappings().one()))


def _evidence(tx: Tx, row: Mapping[str, Any]) -> dict[str, Any]:
    """How the address was proved, and from where it was agreed; nothing of what was typed."""
    sealed = row["evidence_sealed"]
    opened = (
        None if sealed is None else json.loads(tx.keys.open_text(f"registration.evidence_sealed:{row['id']}", sealed))
    )
    return {"evidence": opened}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as JSON values: moments in UTC; blind indexes and sealed columns left out."""
    return {
        name: value.isoformat() if isinstance(value, datetime | date) else value
        for name, value in row.items()
        if not isinstance(value, bytes) and name not in _SEALED and not name.endswith(("_index", "_sealed", "_mac"))
    }


def _head(head: SignedHead) -> dict[str, Any]:
    return {
        "programme_id": head.programme_id,
        "seq": head.seq,
        "head": head.head,
        "at": head.at,
        "public_key": head.public_key,
        "signature": head.signature.hex(),
    }


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
