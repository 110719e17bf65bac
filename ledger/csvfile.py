"""The book as CSV that Excel opens in the right encoding. Pure."""

from collections.abc import Iterable

from ledger.entries import Fields

#: Excel takes a file without it for the local code page.
BOM = b"\xef\xbb\xbf"
HEADER = (
    "programme",
    "seq",
    "at_utc",
    "kind",
    "credits",
    "from",
    "to",
    "reference",
    "person",
    "settles",
    "policy",
    "reason",
    "actor",
    "approver",
    "sha256",
)
#: A cell that begins so is a formula to a spreadsheet (ASVS 5.0 1.2.10).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cell(value: object) -> str:
    """One cell: numbers as they are, text quoted, a leading formula character disarmed by an apostrophe."""
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if not text:
        return ""
    if text.startswith(_FORMULA):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"'


def line(values: Iterable[object]) -> bytes:
    """One record with its CRLF (RFC 4180 2), in UTF-8."""
    return (",".join([cell(value) for value in values]) + "\r\n").encode()


def csv_line(fields: Fields, entry_hash: str) -> bytes:
    """The record of one entry; verification writes it anew and compares."""
    return line(
        (
            fields.programme_id,
            fields.seq,
            fields.at,
            fields.kind.value,
            fields.credits,
            fields.moved_from.value,
            fields.moved_to.value,
            fields.reference,
            fields.person,
            fields.settles or "",
            fields.policy,
            fields.reason,
            fields.actor,
            fields.approver,
            entry_hash,
        )
    )
