"""Everything that is known about one person, in one file: for a request for disclosure (個人情報保護法 33条).

As JSON it is every row of every table, sealed columns opened; as text it is what a person wants to read of it.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from core.lang import Lang
from core.runtime import Tx
from crm import persons, wording
from crm.consents.consent_texts import by_hash
from crm.profile.choices import ITEMS, label
from crm.rights.person_rows import rows_of
from crm.tables import AgencyRow, CompanyRow

FORMAT = "careerrelay-person/1"
#: Keys to a page or to our own look-ups, and the company's own books: no information about the person.
_LEFT_OUT = frozenset(
    {"token_sha256", "token_sealed", "request_sha256", "code_mac", "mail_index", "mailbox_index", "recipient_index",
     "fee_basis_yen", "fee_rate_bp", "fee_waived_yen", "opened_by"}
)  # fmt: skip


def file_of(tx: Tx, person_id: str) -> dict[str, Any]:
    """Return the file as plain JSON values. Its reader is the person, or who answers for the company.

    Raises:
        NotFound: no such person.
        SealBroken: a sealed column does not open with this installation's keys.
    """
    person = persons.get(tx, person_id)
    found = rows_of(tx, person_id)
    tables = {name: [_row(tx, name, row) for row in rows] for name, rows in found.items()}
    hashes = [row["text_sha256"] for row in found.get("consent", ())]
    ticked = [row["adult_sha256"] for name in ("registration", "arrival") for row in found.get(name, ())]
    hashes += [one for one in ticked if one is not None]
    texts = {one: by_hash(tx, one) for one in hashes}
    agency_ids = sorted({row["agency_id"] for name in ("referral", "provision") for row in found.get(name, ())})
    agencies = [tx.session.get_one(AgencyRow, agency_id) for agency_id in agency_ids]
    return {
        "format": FORMAT,
        "made_at": tx.now.isoformat(),
        "person_id": person.id,
        "erased": person.erased,
        "company": {"id": person.company_id, "name": tx.session.get_one(CompanyRow, person.company_id).name},
        "agencies": [{"id": one.id, "name": one.name, "licence_no": one.licence_no} for one in agencies],
        "consent_texts": texts,
        "tables": tables,
    }


def provisions_of(file: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a file that answers a request for provision records (domain LAW20)."""
    names = ("format", "made_at", "person_id", "company", "agencies")
    tables = {name: file["tables"].get(name, []) for name in ("provision", "recall")}
    return {name: file[name] for name in names} | {"tables": tables}


def as_json(file: Mapping[str, Any]) -> str:
    """Write a file for programs."""
    return json.dumps(file, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def as_text(file: Mapping[str, Any], lang: Lang) -> str:
    """Write a file for its reader, in plain words; what the text leaves out stands in the JSON."""
    names = {one["id"]: f"{one['name']} ({one['licence_no']})" for one in file["agencies"]}
    company = file["company"]["name"]
    values: dict[str, object] = {
        "company": company,
        "made_on": _day(file["made_at"], lang),
        "tables": file["tables"],
        "texts": file.get("consent_texts", {}),
        "mails": file.get("mails", []),
        "agency": names,
        "recipient": lambda recipient: _recipient(recipient, names, company),
        "items": lambda codes: ("、" if lang == "ja" else ", ").join(label(ITEMS, code, lang) for code in codes),
        "day": lambda moment: _day(moment, lang),
    }
    return wording.render("texts", f"person_file.{lang}.txt", values)


def _row(tx: Tx, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if name in _LEFT_OUT:
            continue
        if isinstance(value, bytes):
            opened = tx.keys.open_text(f"{table}.{name}:{row['id']}", value)
            shown[name] = json.loads(opened) if opened[:1] in "{[" else opened
        elif isinstance(value, datetime | date):
            shown[name] = value.isoformat()
        else:
            shown[name] = value
    return shown


def _recipient(recipient: str, agencies: Mapping[int, str], company: str) -> str:
    kind, _, number = recipient.partition(":")
    return agencies.get(int(number), recipient) if kind == "agency" else company


def _day(moment: str | None, lang: Lang) -> str:
    if moment is None:
        return "-"
    return (
        wording.moment(datetime.fromisoformat(moment), lang)
        if "T" in moment
        else wording.day(date.fromisoformat(moment), lang)
    )
