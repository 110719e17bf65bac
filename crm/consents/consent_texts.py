"""The words a person agrees to: rendered from ``crm/texts/``, known by hash, kept in full once somebody agreed."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.dialects import postgresql, sqlite

from core.lang import Lang
from core.runtime import Tx
from crm import wording
from crm.agency.agencies import AgencyView
from crm.profile.choices import ITEMS, label
from crm.profile.forms import CONTACT_ITEMS, PROFILE_ITEMS
from crm.tables import CompanyRow, ConsentTextRow

CONSENT_DAYS = 365
ADULT = "adult"
TOLD_ITEMS = ("name", "mail", "registered_on")


class Purpose(StrEnum):
    """What a consent is for. Each has its own box and its own text."""

    PROFILE = "profile"
    CONTACT = "contact"
    POOL = "pool"
    JOB_MAILS = "job_mails"
    TELL_COMPANY = "tell_company"
    OUTCOME = "outcome"


ITEMS_OF: dict[Purpose, tuple[str, ...]] = {
    Purpose.PROFILE: PROFILE_ITEMS,
    Purpose.CONTACT: CONTACT_ITEMS,
    Purpose.POOL: ("mail", "application"),
    Purpose.JOB_MAILS: ("mail",),
    Purpose.TELL_COMPANY: TOLD_ITEMS,
    Purpose.OUTCOME: ("outcome",),
}
#: What the company itself may do; the others are about one agency each (domain 3.5, boxes 3 to 6).
OF_COMPANY = (Purpose.POOL, Purpose.JOB_MAILS, Purpose.TELL_COMPANY, Purpose.OUTCOME)


@dataclass(frozen=True, slots=True)
class Box:
    """One box of the form, never ticked beforehand. ``name`` is the field ("profile:3", "tell_company"); the hash of
    the text comes back with the POST, so that nobody agrees to words that changed meanwhile."""

    name: str
    purpose: Purpose
    recipient: str
    agency_id: int | None
    text: str
    text_sha256: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody declares by a tick, and the hash that comes back with the POST."""

    text: str
    text_sha256: str


def age_words(lang: Lang) -> Words:
    """Return the words of the age gate (domain LAW24)."""
    text = wording.render("texts", f"{ADULT}.{lang}.txt", {}).strip()
    return Words(text, sha256(text))


def boxes(company: CompanyRow, agencies: list[AgencyView], lang: Lang) -> tuple[Box, ...]:
    """Return the boxes of one company's page, in the order in which they stand there."""
    return (
        *(box(company, agency, purpose, lang) for agency in agencies for purpose in (Purpose.PROFILE, Purpose.CONTACT)),
        *(box(company, None, purpose, lang) for purpose in OF_COMPANY),
    )


def box(company: CompanyRow, agency: AgencyView | None, purpose: Purpose, lang: Lang) -> Box:
    """Render one box; ``agency`` is None for what the company itself may do."""
    items = ITEMS_OF[purpose]
    values: dict[str, object] = {
        "company": company.name,
        "items": [label(ITEMS, item, lang) for item in items],
        "days": CONSENT_DAYS,
    }
    if agency is not None:
        values |= {"agency": agency.name, "licence_no": agency.licence_no, "address": agency.postal_address}
    text = wording.render("texts", f"{purpose.value}.{lang}.txt", values)
    return Box(
        name=purpose.value if agency is None else f"{purpose.value}:{agency.id}",
        purpose=purpose,
        recipient=f"company:{company.id}" if agency is None else f"agency:{agency.id}",
        agency_id=None if agency is None else agency.id,
        text=text,
        text_sha256=sha256(text),
        items=items,
    )


def keep(tx: Tx, name: str, text: str, lang: Lang) -> None:
    """Keep the full words beside a box that somebody ticked, once. ``name``: a purpose, or `ADULT`."""
    insert = postgresql.insert if tx.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {
        "sha256": sha256(text),
        "name": name,
        "lang": lang,
        "text": text,
        "first_used_at": tx.now,
    }
    tx.session.execute(insert(ConsentTextRow).values(row).on_conflict_do_nothing(index_elements=["sha256"]))


def by_hash(tx: Tx, text_sha256: str) -> str | None:
    """Return the full text that a consent names by its hash."""
    row = tx.session.get(ConsentTextRow, text_sha256)
    return row.text if row else None


def sha256(text: str) -> str:
    """Return the hex hash that names a text."""
    return hashlib.sha256(text.encode()).hexdigest()
