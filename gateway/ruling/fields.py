"""The header fields that a company's rules add on top of a mail (decisions 12). Pure."""

import re

from crm.registry.companies import CompanyView
from gateway.letter.octets import Octets
from gateway.letter.rewrite import top_fields
from gateway.received import field_values, header_of
from gateway.ruling.dropbox import variables
from rules.actions import fill
from rules.model import Orders

_SIGNED_NAMES = re.compile(r"(?:^|;)\s*h\s*=([^;]*)", re.IGNORECASE)


def of_rules(orders: Orders | None, company: CompanyView, raw: Octets) -> list[tuple[str, bytes]]:
    """Return the fields to add to ``raw``, in order, with their variables filled in.

    Left out is what the mail carries already, as on a second way through here, and what a DKIM signature in it says is
    not there (RFC 6376 5.4.2): adding it would break that signature.
    """
    if orders is None or not orders.headers:
        return []
    header = header_of(raw)
    signed = {
        name.strip().lower()
        for value in field_values(header, "DKIM-Signature")
        for names in _SIGNED_NAMES.findall(value)
        for name in names.split(":")
    }
    wanted = [(name, fill(value, variables(company)).strip()) for name, value in orders.headers]
    return [
        (name, value.encode("ascii"))
        for name, value in wanted
        if value and name.lower() not in signed and value not in field_values(header, name)
    ]


def octets(fields: list[tuple[str, bytes]]) -> bytes:
    """The fields as they stand in a mail; empty for none."""
    return top_fields(fields) if fields else b""
