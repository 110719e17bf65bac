"""Every page of the agency in a real browser, in ja and en: axe at phone and desktop width, and the keyboard alone."""

import pytest
from playwright.sync_api import Browser as Chromium

from crm.agency import webhooks
from crm.agency.agencies import programme_of
from crm.slots import introductions
from crm.slots.introductions import By, Need
from ledger import adjustments, book
from tests.web import axe, story
from tests.web.conftest import Site
from tests.web.test_agency_desk import way_in

WORDS = {
    "ja": {"open": "受信箱を開く", "accept": "受け付けて、話したいと伝える", "see": "連絡先を見る"},
    "en": {"open": "Open the inbox", "accept": "Accept and ask to talk", "see": "Show the contact data"},
}


def filled(site: Site) -> None:
    """Three referrals, one answered, and a company that looks for somebody."""
    for number in range(3):
        story.register(site, f"person{number}@example.com", number + 1, contact=number != 1)
        story.hand_over(site)
    with site.runtime.begin() as tx:
        programme = programme_of(tx, site.company_id, site.agency_id)
        for number in range(10):
            book.earn(
                tx,
                programme_id=programme.id,
                referral_id=f"old{number}",
                company_id=site.company_id,
                subject_indexes=[f"k:{number}"],
            )
    site.clock.advance(8 * 86_400)
    with site.runtime.begin() as tx:
        need = Need(
            "経理(月次決算)", "東京都", 4_500_000, 6_000_000, "月次決算をお任せできる方。\n在宅勤務は週2日です。"
        )
        introductions.open_need(tx, programme.id, need, By("company", site.company_id, "user:1"))
        adjustments.ask(tx, programme.id, 2, adjustments.Why.CORRECTION, "user:1", adjustments.Side.COMPANY)


@pytest.mark.parametrize("lang", ["ja", pytest.param("en", marks=pytest.mark.torture)])
def test_every_page_of_the_desk_is_for_everybody(sqlite_site: Site, chromium: Chromium, lang: str) -> None:
    site, words = sqlite_site, WORDS[lang]
    filled(site)
    link = way_in(site)
    found: list[str] = []
    with axe.served(site.app) as url, axe.visitor(chromium, url, lang=lang) as who:

        def look() -> None:
            found.extend(who.complaints())

        who.open("/agency/")
        look()
        who.open(link)
        look()
        who.press(words["open"])
        look()
        who.page.set_viewport_size({"width": axe.PHONE[0], "height": axe.PHONE[1]})
        cut_off = "menu => menu.scrollWidth > menu.clientWidth"
        assert not who.page.locator(".desk-nav ul").evaluate(cut_off), "signing out is in sight on a phone, too"
        who.page.locator(".card-row a").first.focus()
        with who.page.expect_navigation():
            who.page.keyboard.press("Enter")
        look()
        who.press(words["accept"])
        look()
        who.press(words["see"])
        look()
        for tray in ("contact", "talk", "done"):
            who.open(f"/agency/inbox/{tray}")
        look()
        who.open("/agency/ledger/")
        look()
        with site.runtime.begin() as tx:
            webhooks.put(tx, site.agency_id, "https://agency.example.jp/careerrelay", actor="test")
            webhooks.send_test(tx, site.agency_id, actor="test")
        who.open("/agency/keys/")
        look()
        with who.page.expect_navigation():
            who.page.locator("form[action$=rotate] button").click()
        look()
        who.open("/agency/settings")
        look()
        who.open("/agency/introductions/")
        look()
        who.page.locator(".card-row a").first.click()
        look()
        assert who.outside == []
    assert found == []
