"""What a candidate sees behind ``/r/TOKEN``: company, agencies, terms, boxes, and nobody's name. Reads only."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.clock import day_in_japan
from core.lang import Lang, lang_of
from core.runtime import Tx
from crm import links
from crm.agency import agencies
from crm.agency.agencies import AgencyView
from crm.arrival import arrivals, company_links
from crm.consents import consent_texts
from crm.consents.consent_texts import CONSENT_DAYS, Box, Words
from crm.errors import FormRefused, LinkGone
from crm.invitation import invitations
from crm.links import LinkKind
from crm.profile import profiles
from crm.profile.forms import ContactForm, ProfileForm, cleaned, profile_problems
from crm.registry import programmes
from crm.tables import CompanyRow, InvitationRow, RegistrationRow

PREVIEW_PSEUDONYM = "CR-••••••••"


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """Everything the page must say (domain 3.5). ``threshold``: so many registrations give the company a free slot.

    ``registered``: done already, there is no form; ``agencies`` empty: nobody may receive anything now.
    ``expires_on`` is None behind a company's own link; ``address_known``: it was confirmed on the way here.
    """

    company_id: int
    company: str
    locale: Lang
    agencies: tuple[AgencyView, ...]
    boxes: tuple[Box, ...]
    adult: Words
    expires_on: date | None
    threshold: int
    privacy_url: str | None
    contact_mail: str | None
    registered: bool
    address_known: bool = False


def page(tx: Tx, token: str, lang: Lang) -> InvitationPage | None:
    """Return the page behind a relay link, or None for the neutral one (unknown, expired, revoked, suspended)."""
    link = links.find(tx, LinkKind.RELAY, token)
    if link is None:
        return None
    invitation = tx.session.get_one(InvitationRow, link.subject)
    company = tx.session.get_one(CompanyRow, invitation.company_id)
    if company.suspended_at is not None:
        return None
    return replace(
        _page(tx, company, lang),
        expires_on=invitations.last_day(invitation.expires_at, ZoneInfo(company.timezone)),
        registered=submitted(tx, invitation.id) is not None,
        address_known=arrivals.address_for(tx, invitation.id) is not None,
    )


def company_page(tx: Tx, token: str, lang: Lang) -> InvitationPage | None:
    """Return the page behind a company's own link, or None for the neutral one."""
    company = company_links.company_of(tx, token)
    return None if company is None else _page(tx, company, lang)


def _page(tx: Tx, company: CompanyRow, lang: Lang) -> InvitationPage:
    offered = agencies.licensed(tx, company.id)
    return InvitationPage(
        company_id=company.id,
        company=company.name,
        locale=lang_of(company.locale),
        agencies=tuple(offered),
        boxes=consent_texts.boxes(company, offered, lang),
        adult=consent_texts.age_words(lang),
        expires_on=None,
        threshold=min((one.threshold for one in programmes.of_company(tx, company.id)), default=programmes.THRESHOLD),
        privacy_url=company.privacy_url,
        contact_mail=company.contact_mail,
        registered=False,
    )


def preview(
    tx: Tx, token: str, profile: ProfileForm, lang: Lang = "ja", contact: ContactForm | None = None, mail: str = ""
) -> dict[str, Any]:
    """Return the exact JSON an agency would get, but for the pseudonym and the consent's id. Writes nothing.

    ``contact`` and ``mail``, when typed already, are taken out of the free fields like any other name.

    Raises:
        LinkGone: the link is not valid.
        FormRefused: the profile has problems.
    """
    if links.find(tx, LinkKind.RELAY, token) is None:
        raise LinkGone
    problems = profile_problems(profile)
    if problems:
        raise FormRefused(problems)
    expires_on = day_in_japan(tx.now + timedelta(days=CONSENT_DAYS))
    return profiles.payload(cleaned(profile, lang, contact, mail), lang, PREVIEW_PSEUDONYM, "", expires_on)


def submitted(tx: Tx, invitation_id: str) -> RegistrationRow | None:
    """Return the live registration of an invitation."""
    return tx.session.scalar(
        select(RegistrationRow).where(
            RegistrationRow.invitation_id == invitation_id, RegistrationRow.state == "submitted"
        )
    )
