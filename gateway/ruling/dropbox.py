"""Copies to a company's own CRM that a rule orders: the mail as it came, in the envelope only, an item of its own.

To the company's own CRM selection data may go, nothing about invitation or registration (decisions 27): so it is always
the original, never the variant with the link, and never an address that is not the company's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core import outbox
from core.log import get_logger
from core.runtime import Tx
from crm.registry.companies import CompanyView
from gateway import policy
from gateway.letter.octets import Octets
from rules.actions import BccDropbox, fill
from rules.gates import matches
from rules.model import Orders
from rules.ruleset import RuleSet
from rules.toml_lines import Path

log = get_logger(__name__)

#: Larger mails are not copied: a CRM takes none, and a copy must not fill the queue.
COPY_BYTES_MAX = 10_485_760


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """One mail to be copied to ``addresses``; ``raw`` is the original."""

    mail_id: int
    company_id: int
    sender: str
    addresses: tuple[str, ...]
    raw: Octets


def put(tx: Tx, request: CopyRequest) -> int:
    """Write the copies into our own outgoing mails; how many are new. The same mail again makes no second copy.

    Whether one may leave is asked again at each attempt, of the gate ``company:ID:dropbox``.
    """
    raw = bytes(request.raw[:])
    return sum(
        outbox.put(
            tx,
            key=f"dropbox:{request.mail_id}:{number}",
            company_id=request.company_id,
            kind=outbox.Kind.OWN_COMPANY,
            sender=request.sender,
            recipient=address,
            raw=raw,
            gate_ref=f"company:{request.company_id}:dropbox",
        )
        for number, address in enumerate(request.addresses)
    )


def wanted(
    orders: Orders, company: CompanyView, rule_set: RuleSet, recipients: Sequence[str], size_bytes: int
) -> tuple[str, ...]:
    """The addresses that get a copy now. One that gets the mail anyway is none of them: no copy goes in circles."""
    filled = dict.fromkeys(fill(address, variables(company)) for address in orders.dropboxes)
    already = {address.lower() for address in recipients}
    own = tuple(a for a in filled if a.lower() not in already and is_own_crm(a, rule_set, company))
    if size_bytes > COPY_BYTES_MAX and own:
        log.warning("mail too large for a copy to the CRM", extra={"company_id": company.id, "bytes": size_bytes})
        return ()
    return own


def is_own_crm(address: str, rule_set: RuleSet, company: CompanyView) -> bool:
    """Whether a copy may go there: an address of the company's own domains, or one that its rules name as its CRM."""
    own = policy.is_own_domain(policy.domain_of(address), company.sender_domains)
    outsider = matches(address, (*rule_set.agencies, *rule_set.clients))
    return (own or matches(address, rule_set.crm)) and not outsider


def variables(company: CompanyView) -> Mapping[str, str]:
    """What the gateway fills in for ``${company}``, in fields and in dropboxes."""
    return {"company": str(company.id), "tenant": str(company.id)}


def problems(rule_set: RuleSet, company: CompanyView, agency_mails: frozenset[str]) -> Iterator[tuple[Path, str]]:
    """Yield each dropbox that may get no copy: where it stands in the file, and what to do.

    ``agency_mails``: addresses of the company's agencies, lower-case.
    """
    for number, rule in enumerate(rule_set.rules):
        for step, action in enumerate(rule.actions):
            if not isinstance(action, BccDropbox):
                continue
            address, where = fill(action.to, variables(company)), ("rule", number, "do", step, "to")
            if address.lower() in agency_mails:
                yield where, f"{address} belongs to an agency: selection data may go to the company's own CRM only"
            elif not is_own_crm(address, rule_set, company):
                yield (
                    where,
                    f"{address} is not in the company's domains; if it is its own CRM, name it in [addresses] crm",
                )
