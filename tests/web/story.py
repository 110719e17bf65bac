"""The road from a link to a credit, walked through the pages by a person without JavaScript."""

import email
import email.policy
import re
from dataclasses import dataclass

from core import outbox
from core.runner import Runner
from crm import links
from crm.consents import consent_texts
from crm.delivery import referrals
from crm.invitation.invitations import Offer
from crm.links import LinkKind
from tests.web.browser import Browser
from tests.web.conftest import CANDIDATE, Site

PROFILE: dict[str, str | list[str]] = {
    "wanted_job": "法人営業",
    "prefecture": "13",
    "years": "6",
    "skills": "簿記2級、Excel",
    "available": "1_month",
    "language_en": "business",
}
HOUR_S = 3601
#: What the box of the age gate sends: the hash of its words.
ADULT = consent_texts.age_words("ja").text_sha256


@dataclass
class Letter:
    recipient: str
    subject: str
    text: str

    def link(self, path: str) -> str:
        """The path of the first of our links of that kind."""
        found = re.search(rf"https?://[^/\s]+({re.escape(path)}[A-Za-z0-9_-]{{16,}})", self.text)
        assert found, f"no {path} in {self.text}"
        return found.group(1)


def letters(site: Site) -> list[Letter]:
    """What waits in the outbox, oldest first."""
    with site.runtime.begin() as tx:
        waiting = outbox.waiting(tx, 100)
    found = []
    for mail in waiting:
        parsed = email.message_from_bytes(mail.raw, policy=email.policy.default)
        body = parsed.get_body(("plain",))
        assert body is not None
        found.append(Letter(mail.recipient, str(parsed["Subject"]), body.get_content()))
    return found


def code(site: Site) -> str:
    """The six digits of the newest mail."""
    found = re.search(r"^(\d{6})\r?$", letters(site)[-1].text, re.MULTILINE)
    assert found is not None
    return found.group(1)


def link_of(site: Site, offer: Offer) -> str:
    """The invitation's link as it is now: a new one after the notes were stopped and wanted again."""
    with site.runtime.read() as tx:
        link = links.of(tx, LinkKind.RELAY, offer.invitation_id)
        assert link is not None
        return links.url(tx.settings, LinkKind.RELAY, links.reveal(tx, link))


def fill(site: Site, link: str, mail: str = CANDIDATE) -> Browser:
    """From the link to the preview."""
    browser = site.stranger()
    browser.open(link)
    browser.press("プロフィールの入力へ", mail=mail)
    browser.press("渡す内容を確かめる", **PROFILE)
    return browser


def agree(browser: Browser, *, contact: bool = True, tell: bool = False, name: str = "港 花子") -> Browser:
    """Tick the boxes on the preview and press the button."""
    (form,) = [form for form in browser.page.forms if form.action.endswith("/confirm")]
    kinds = ("box.profile:", *(("box.contact:",) if contact else ()), *(("box.tell_company",) if tell else ()))
    ticked = {box: values[0] for box, values in form.choices.items() if box.startswith(kinds)}
    assert ticked
    fields: dict[str, str | list[str]] = {**ticked, "adult": ADULT}
    if contact:
        fields |= {"name": name, "phone": "090-0000-0000"}
    browser.press("選んだ内容に同意して登録する", **fields)
    return browser


def register(site: Site, mail: str = CANDIDATE, mail_id: int = 1, *, contact: bool = True) -> Browser:
    """A candidate registers; stands on the receipt."""
    link = site.path(site.offer(mail, mail_id).relay_url)
    return agree(fill(site, link, mail), contact=contact)


def take_over(site: Site, manage: str, former: str, mail: str) -> str:
    """Somebody with the manage link moves the registration to his own address; the path of the way back."""
    browser = site.stranger()
    browser.open(f"{manage}/address")
    browser.press("6桁の数字を受け取る", mail=mail)
    [code_letter] = [letter for letter in letters(site) if letter.recipient == mail]
    browser.press("確認する", code=code_letter.subject[-6:])
    [told] = [one for one in letters(site) if one.recipient == former and "/m/restore/" in one.text]
    return told.link("/m/restore/")


def work(site: Site) -> int:
    """Run every job that is due."""
    handlers = {"hand_over": referrals.hand_over, "referral_silence": referrals.tell_silence}
    return Runner(site.runtime, handlers, "test").drain()


def hand_over(site: Site) -> str:
    """Let the hour pass; the path of the agency's link."""
    site.clock.advance(HOUR_S)
    assert work(site) >= 1
    return agency_link(site)


def agency_link(site: Site, kind: str = "/agency/l/") -> str:
    """The path of such a link in the last mail to the agency."""
    mails = [letter for letter in letters(site) if letter.recipient == "desk@kamome.example.jp"]
    return mails[-1].link(kind)
