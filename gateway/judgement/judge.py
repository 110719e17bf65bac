"""Reading a mail for the rules, and asking them. CPU only: no database, no network."""

from dataclasses import dataclass

from core.crypto import KeyRing
from core.settings import Settings
from crm.registry.companies import CompanyView
from gateway import policy
from gateway.letter.envelope import Envelope
from gateway.letter.limits import Limits
from gateway.letter.octets import Octets
from gateway.letter.parse import Parsed, parse
from gateway.letter.read import read_mail, sender_of
from gateway.received import trace_fits
from gateway.ruling.ruleset import Approval, shipped
from rules.decide import decide as decide_by_rules
from rules.mail import Mail
from rules.model import AtsAnswer, Decision, Signals
from rules.ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail of a recruiting sender: taken apart, for whoever edits it, and as the rules see it."""

    parsed: Parsed
    mail: Mail


def read(raw: Octets, envelope: Envelope, company: CompanyView, settings: Settings, keys: KeyRing) -> Letter | None:
    """Read a mail; None when its ``From`` is no recruiting sender: then nobody looks any further than its header.

    Raises:
        Malformed: the mail cannot be read.
    """
    bounds = limits(settings)
    if not policy.is_recruiting(company, sender_of(raw, bounds)):
        return None
    parsed = parse(raw, bounds)
    mail = read_mail(
        parsed,
        envelope,
        own_domains=frozenset(company.sender_domains),
        own_link_base=settings.web.base_url,
        already_processed=trace_fits(keys, raw, envelope.addresses),
    )
    return Letter(parsed, mail) if policy.is_recruiting(company, mail.header_from) else None


def decide(mail: Mail, approval: Approval, ats: AtsAnswer | None, rule_set: RuleSet | None = None) -> Decision:
    """Ask the rules in force; ``rule_set`` None: the shipped ones."""
    approved, refused = approval
    return decide_by_rules(mail, rule_set or shipped(), Signals(ats=ats, approved=approved, refused=refused))


def limits(settings: Settings) -> Limits:
    """Return how much of a mail is read, as this installation has it."""
    judge = settings.judge
    return Limits(judge.text_bytes_max, judge.parts_max, judge.depth_max, judge.spans_max)
