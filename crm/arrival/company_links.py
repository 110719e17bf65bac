"""A company's own link ``/r/c/TOKEN``, for notices that an ATS sends itself or that go out on paper: text and QR."""

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import segno

from core import audit
from core.errors import NotFound
from core.lang import Lang
from core.runtime import Tx
from crm import links, wording
from crm.agency import agencies
from crm.links import LinkKind
from crm.registry.parties import company_row
from crm.tables import CompanyRow

LINK_DAYS = 3650
_QR_BORDER_MODULES = 4  # ISO/IEC 18004: the quiet zone
_QR_SCALE = 4


@dataclass(frozen=True, slots=True)
class CompanyLink:
    """The link as people use it. ``texts``: a paragraph for the company's own notices, by language; empty while no
    agency has a valid licence, since the paragraph must name one."""

    url: str
    texts: dict[Lang, str]


def of(tx: Tx, company_id: int) -> CompanyLink | None:
    """Return the company's link, or None while it has none. Reads only."""
    link = links.of(tx, LinkKind.COMPANY, str(company_id))
    if link is None:
        return None
    url = links.url(tx.settings, LinkKind.COMPANY, links.reveal(tx, link))
    company = tx.session.get_one(CompanyRow, company_id)
    listed = [{"name": one.name, "licence_no": one.licence_no} for one in agencies.licensed(tx, company_id)]
    languages: tuple[Lang, ...] = ("ja", "en")
    values: dict[str, object] = {"company": company.name, "agencies": listed, "url": url}
    texts = {lang: wording.render("texts", f"company_link.{lang}.txt", values) for lang in languages}
    return CompanyLink(url, texts if listed else {})


def make(tx: Tx, company_id: int, *, actor: str) -> CompanyLink:
    """Make the company's link; an earlier one ends at once, wherever it was printed.

    Raises:
        NotFound: there is no such company.
    """
    company_row(tx, company_id)
    ended = links.revoke(tx, LinkKind.COMPANY, str(company_id))
    links.issue(tx, LinkKind.COMPANY, str(company_id), tx.now + timedelta(days=LINK_DAYS))
    audit.record(tx, actor, "company link made", f"company:{company_id}", ended=ended)
    made = of(tx, company_id)
    if made is None:
        raise NotFound("the link that was just made is gone")
    return made


def company_of(tx: Tx, token: str) -> CompanyRow | None:
    """Return whose link it is; None for unknown, ended and suspended alike."""
    link = links.find(tx, LinkKind.COMPANY, token)
    company = tx.session.get(CompanyRow, int(link.subject)) if link else None
    return None if company is None or company.suspended_at is not None else company


def qr_svg(url: str, *, inline: bool = True) -> str:
    """Draw the link as a QR code, error correction M. ``inline``: for a page; else a file that stands alone."""
    drawn = segno.make(url, error="m", micro=False)
    if inline:
        return str(drawn.svg_inline(border=_QR_BORDER_MODULES, svgclass=None, lineclass=None, omitsize=True))
    out = BytesIO()
    drawn.save(out, kind="svg", scale=_QR_SCALE, border=_QR_BORDER_MODULES)
    return out.getvalue().decode()
