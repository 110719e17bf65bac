"""The people whom the demo plays, each in a browser of their own: applicants who register, and the agency's desk."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from careerrelay.demo.browser import Browser, DemoBroken, Page
from careerrelay.demo.sink import Delivered

_RELAY_LINK = re.compile(r"https?://\S+?/r/[A-Za-z0-9_-]{16,64}")
_AGENCY_LINK = re.compile(r"https?://\S+?/agency/l/[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class Applicant:
    mail: str
    name: str
    profile: Mapping[str, str]


def relay_link(mail: Delivered) -> str:
    """The candidate's link in an edited mail; raises DemoBroken when it has none."""
    found = _RELAY_LINK.search(mail.text("plain") or mail.text("html"))
    if found is None:
        raise DemoBroken(f"no link in mail {mail.number}")
    return found.group()


def agency_links(mail: Delivered) -> set[str]:
    return set(_AGENCY_LINK.findall(mail.text("plain")))


def register(applicant: Applicant, link: str) -> Page:
    """Open the link, type the profile, tick profile and contact, press the button: what a candidate does.

    Raises:
        DemoBroken: a page was not the expected one.
    """
    browser = Browser()
    page = browser.get(link)
    page = browser.submit(page, page.form("/profile"), {"mail": applicant.mail})
    page = browser.submit(page, page.form("/preview"), applicant.profile)
    form = page.form("/confirm")
    boxes = {
        name: values[0] for name, values in form.boxes.items() if name.startswith(("box.profile:", "box.contact:"))
    }
    if not boxes:
        raise DemoBroken("no box to tick on the page of consent")
    age = form.boxes["adult"][0]
    page = browser.submit(page, form, {**boxes, "adult": age, "name": applicant.name, "phone": "090-0000-0000"})
    if page.status >= 400 or "/m/" not in page.url:
        raise DemoBroken(f"registration ended with {page.status}")
    return page


def acknowledge(link: str) -> Page:
    """Open the link in the agency's mail and accept.

    Raises:
        DemoBroken: the page has no such button.
    """
    desk = Browser()
    page = desk.get(link)
    page = desk.submit(page, page.form("/answer", answer="accepted"), {})
    if page.status >= 400:
        raise DemoBroken(f"the acknowledgement ended with {page.status}")
    return page
