"""Which mail of a company is signed with which keys, and whose old signatures may break. Pure.

Four cases, in words: a mail with somebody else's signature is never edited. One with a signature of the company's own
domain is edited only with ``signed_mail = resign`` and an active key that fits its author. What was edited is signed
when a key fits. What was not edited is signed only with ``dkim_sign = all``.

The old signature of an edited mail stays where it is, broken (decisions 12: nothing is stripped). That does no harm: a
verifier treats a failed signature like none and goes on to the next (RFC 6376 6.1), and DMARC passes when any aligned
one does (RFC 7489 4.2).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crm.registry.companies import CompanyView
from gateway.letter.addresses import mailboxes
from gateway.policy import domain_of
from gateway.signature.dkim import Signer

_FROM = re.compile(rb"^from[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE)


def author_domain(header: bytes) -> str:
    """Domain of the author, in lower case and ASCII; empty unless exactly one From field names exactly one domain.

    DMARC asks about that domain (RFC 7489 3.1, 6.6.1), not about the envelope's sender.
    """
    fields = _FROM.findall(header)
    if len(fields) != 1:
        return ""
    domains = {domain_of(mailbox.address) for mailbox in mailboxes(fields[0])}
    return domains.pop() if len(domains) == 1 else ""


def aligned(signers: Sequence[Signer], author: str) -> tuple[Signer, ...]:
    """The signers of the author's domain, else of its nearest parent domain that has one; () when none fits.

    A parent's ``d=`` is aligned under DMARC's relaxed mode, which is the default (RFC 7489 3.1.1); with ``adkim=s`` the
    author's domain needs a key of its own. Only keys of domains the company has been given are among ``signers``, so a
    parent is never a public suffix.
    """
    domain = author
    while domain:
        found = tuple(signer for signer in signers if signer.domain == domain)
        if found:
            return found
        domain = domain.partition(".")[2]
    return ()


@dataclass(frozen=True, slots=True)
class Signing:
    """What DKIM means for one mail. ``editable_domains``: for ``rewrite(…, editable_dkim_domains=…)``;
    ``if_edited`` and ``if_not``: who signs the edited bytes and the original ones."""

    editable_domains: frozenset[str] = frozenset()
    if_edited: tuple[Signer, ...] = ()
    if_not: tuple[Signer, ...] = ()


NO_SIGNING = Signing()


def signing(company: CompanyView, signers: Sequence[Signer], author: str, *, own_sender: bool) -> Signing:
    """Decide for a mail of ``company`` whose author is in the domain ``author`` (see `author_domain`).

    ``own_sender``: the envelope's sender is empty or in the company's domains. What a company's server merely passes on
    for others is not signed: it may claim any author, and the signature would say that it is genuine.
    """
    fitting = aligned(signers, author) if own_sender else ()
    if not fitting:
        # ``resign`` without a key for this author is ``leave``: what was good is not broken for nothing.
        return NO_SIGNING
    return Signing(
        editable_domains=frozenset(company.sender_domains) if company.signed_mail == "resign" else frozenset(),
        if_edited=fitting,
        if_not=fitting if company.dkim_sign == "all" else (),
    )
