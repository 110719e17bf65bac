"""Candidates and an agency, played through the real pages: what a person does, in the order in which they do it."""

import contextlib
import email
import re
from email.policy import default
from typing import cast

from careerrelay.demo import people
from careerrelay.demo.browser import Browser, DemoBroken, Page

RELAY = re.compile(r"https?://[^\s\"<>]+/r/[A-Za-z0-9_-]{22}")
OPTOUT = re.compile(r"https?://[^\s\"<>]+/u/[A-Za-z0-9_-]{22}")
AGENCY = re.compile(r"https?://[^\s\"<>]+/agency/l/[A-Za-z0-9_-]{22}")
MANAGE = re.compile(r"https?://[^\s\"<>]+/m/[A-Za-z0-9_-]{22}")
NAME = "例示 花子"
PROFILE = {"wanted_job": "法人営業", "prefecture": "13", "years": "5", "skills": "簿記2級、Excel"}


def texts(raw: bytes) -> dict[str, str]:
    """The text of a mail as its reader sees it, by sub-type: "plain", "html"."""
    message = email.message_from_bytes(raw, policy=default)
    found = {}
    for part in message.walk():
        if part.get_content_maintype() == "text" and not part.is_attachment():
            octets = cast("bytes", part.get_payload(decode=True))
            found[part.get_content_subtype()] = octets.decode(part.get_content_charset("utf-8"), "strict")
    return found


def link(pattern: re.Pattern[str], raw: bytes) -> str:
    """The one link of this kind in a mail."""
    links = {found for text in texts(raw).values() for found in pattern.findall(text)}
    assert len(links) == 1, links
    (only,) = links
    return str(only)


def register(url: str, mail: str) -> Page:
    """Open the link, type a profile, agree to profile and contact, confirm."""
    return people.register(people.Applicant(mail, NAME, PROFILE), url)


def refuse_every_box(url: str, mail: str) -> Page:
    """Do the same but tick nothing, only say how old one is."""
    browser = Browser()
    page = browser.get(url)
    page = browser.submit(page, page.form("/profile"), {"mail": mail})
    page = browser.submit(page, page.form("/preview"), PROFILE)
    form = page.form("/confirm")
    return browser.submit(page, form, {"adult": form.boxes["adult"][0]})


def open_again(url: str, mail: str) -> Page:
    """Somebody who has registered opens the link again and tries once more, as far as the pages let him."""
    browser = Browser()
    page = browser.get(url)
    if not any(form.action.endswith("/profile") for form in page.forms):
        return page
    return browser.submit(page, page.form("/profile"), {"mail": mail})


def answer_again(url: str) -> None:
    """The agency opens its link a second time and would answer again, if the page let it."""
    with contextlib.suppress(DemoBroken):
        people.acknowledge(url)
