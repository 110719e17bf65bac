"""Trial edits: would the newest mails of a company take a link? Tried in memory on kept copies, nothing is stored.

This answers before the first real edit (in mode observe too) why nothing would be edited, above all when mail arrives
already signed: an edit breaks a DKIM signature that covers the body (RFC 6376 3.7).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from sqlalchemy import exists, select

from careerrelay.doctor.finding import Finding, ok, warn
from core.crypto import SealBroken
from core.runtime import Tx
from crm.registry.companies import CompanyView
from gateway import copies
from gateway.copies import CopyKind
from gateway.judgement.judge import limits
from gateway.letter.block import Block
from gateway.letter.blocks import block
from gateway.letter.rewrite import Untouched, rewrite
from gateway.ruling import block_texts
from gateway.signature import dkim_keys, dkim_policy
from gateway.tables import Origin, mail, mail_copy

MAILS_MAX = 20
_SIGNED = "signed by "
_TOKEN = "A" * 22  # as long as a real one


def edits(tx: Tx, view: CompanyView) -> Iterator[Finding]:
    """Try the newest kept mails of recruiting senders; one finding for each reason that stands in the way."""
    tried, refusals = 0, Counter[str]()
    signers = dkim_keys.signers_for(tx).get(view.id, ())
    for mail_id in _newest(tx, view.id):
        try:
            original = copies.open_copies(tx, mail_id).get(CopyKind.ORIGINAL)
        except (OSError, SealBroken):
            continue  # gone meanwhile, or of another key ring: the check of the ring says so
        if original is None:
            continue
        tried += 1
        author = dkim_policy.author_domain(_header(original))
        own = dkim_policy.signing(view, signers, author, own_sender=True).editable_domains
        made = rewrite(original, _example_block(tx, view), limits(tx.settings), editable_dkim_domains=own)
        if isinstance(made, Untouched):
            refusals[made.reason] += 1
    if not tried:
        return
    signed = Counter({reason: count for reason, count in refusals.items() if reason.startswith(_SIGNED)})
    others = refusals - signed
    if signed:
        by = ", ".join(sorted({reason.removeprefix(_SIGNED).removesuffix(" (DKIM)") for reason in signed}))
        yield warn("trial", "signed", view.name, view.id, count=signed.total(), tried=tried, by=by)
    for reason, count in others.most_common():
        yield warn("trial", "cannot", view.name, view.id, count=count, tried=tried, reason=reason)
    if not refusals:
        yield ok("trial", "good", view.name, view.id, tried=tried)


def _header(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[0] + b"\r\n"


def _newest(tx: Tx, company_id: int) -> list[int]:
    columns = mail.c
    kept = exists().where(mail_copy.c.mail_id == columns.id)
    query = (
        select(columns.id)
        .where(columns.company_id == company_id, columns.origin == Origin.SMTP.value, columns.judged.is_(True), kept)
        .order_by(columns.id.desc())
        .limit(MAILS_MAX)
    )
    return list(tx.session.scalars(query))


def _example_block(tx: Tx, view: CompanyView) -> Block:
    base = tx.settings.web.base_url
    return block(
        view.locale,
        view.tone,
        agency="例示キャリア",
        licence_no="13-ユ-300001",
        relay_url=f"{base}/r/{_TOKEN}",
        optout_url=f"{base}/u/{_TOKEN}",
        expires_on=date(2099, 12, 31),
        own=block_texts.of_company(tx, view.id),
    )
