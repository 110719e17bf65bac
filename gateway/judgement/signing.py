"""Our own DKIM signature on a mail as it leaves: over the edited bytes, or the original where a company has all signed.

What `dkim.py` and `dkim_policy.py` decide and compute, applied to mails in hand and their edits.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from core.crypto import KeyRing
from crm.registry.companies import CompanyView
from gateway import policy
from gateway.config import Snapshot
from gateway.letter.limits import Limits
from gateway.letter.octets import Octets
from gateway.letter.rewrite import remove_placeholder
from gateway.letter.splice import OctetEdit, pieces, splice
from gateway.received import header_of, trace_fits
from gateway.signature import dkim
from gateway.signature.dkim import Chunk, Signer
from gateway.signature.dkim_policy import NO_SIGNING, Signing, author_domain, signing
from gateway.work import Work

_EMPTY_LINE = b"\r\n"


def for_edit(signers: Sequence[Signer], company: CompanyView, raw: Octets) -> Signing:
    """What DKIM means for an edit of ``raw``, a mail of the company's own sender."""
    if not signers:
        return NO_SIGNING
    return signing(company, signers, author_domain(header_of(raw)), own_sender=True)


def over(raw: Octets, edits: Sequence[OctetEdit], signers: Sequence[Signer], now: datetime) -> bytes:
    """The signature fields for ``raw`` with ``edits`` made; empty without signers.

    The body is read as a stream, so that a large mail is not put together to be signed.
    """
    if not signers:
        return b""
    header_end = len(header_of(raw))
    in_header = [edit for edit in edits if edit.end <= header_end]
    return dkim.sign(splice(raw[:header_end], in_header), _body(raw, header_end, edits), signers, now)


def _body(raw: Octets, header_end: int, edits: Sequence[OctetEdit]) -> Iterator[Chunk]:
    start = min(header_end + len(_EMPTY_LINE), len(raw))
    moved = [OctetEdit(at - start, end - start, new) for at, end, new in edits if end > header_end]
    with memoryview(raw) as view:
        for piece in pieces(len(raw) - start, moved):
            yield piece if isinstance(piece, bytes) else view[start + piece[0] : start + piece[1]]


def cleaned(
    raw: Octets,
    signers: Sequence[Signer],
    company: CompanyView,
    limits: Limits,
    received_at: datetime,
    *,
    fields: bytes = b"",
    marked: bool = True,
) -> tuple[OctetEdit, ...] | None:
    """The edits that take a placeholder out of ``raw``, put ``fields`` on top and sign the result; None for none.

    ``marked`` False: there is no placeholder to look for. ``t=`` is the mail's arrival, so that every call makes the
    same bytes. Fields alone break no signature, so they ask for none of ours either.
    """
    meant = for_edit(signers, company, raw)
    found = remove_placeholder(raw, limits, editable_dkim_domains=meant.editable_domains) if marked else None
    if found is None and not fields:
        return None
    edits = () if found is None else found.edits
    signature = over(raw, edits, meant.if_not if found is None else meant.if_edited, received_at)
    on_top = signature + fields
    return (OctetEdit(0, 0, on_top), *edits) if on_top else edits


def wants_every_mail(snapshot: Snapshot, work: Work) -> bool:
    """Does the company of this mail have all of its mail signed? Then its header may be read for that."""
    company = snapshot.company(work.company_id)
    return (
        company is not None
        and company.dkim_sign == "all"
        and not (company.bypass or company.suspended or snapshot.bypass_all)
        and bool(snapshot.signers_of(company.id))
    )


def of_original(snapshot: Snapshot, work: Work, keys: KeyRing) -> bytes:
    """The signature fields for a mail that leaves as it came; ``t=`` is its arrival, so every attempt sends the same.

    None for a stranger's mail that the company's server passes on, and none for one that was here before.

    Raises:
        OSError: its file cannot be read.
    """
    company = snapshot.company(work.company_id)
    if company is None:
        return b""
    raw = work.original()
    own = not work.envelope.sender or policy.is_own_domain(
        policy.domain_of(work.envelope.sender), company.sender_domains
    )
    if trace_fits(keys, raw, work.envelope.addresses):
        return b""
    meant = signing(company, snapshot.signers_of(company.id), author_domain(header_of(raw)), own_sender=own)
    return over(raw, (), meant.if_not, work.received_at)
