"""The ledger and its introductions in a real browser: axe at phone and desktop width, and nothing from outside."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser as Chromium

from crm.slots import introductions
from crm.slots.introductions import By
from ledger import adjustments
from tests.crm.slots import NEED, PROPOSAL
from tests.web import axe
from tests.web.conftest import Site
from tests.web.test_console_ledger import DAY_S, earn
from web import auth


def filled(site: Site) -> dict[str, str]:
    """Forty credits over two months, one introduction before and one after the company's word; paths by name."""
    programme, by = earn(site, 30), By("company", site.company_id, "user:1")
    site.clock.advance(40 * DAY_S)
    earn(site, 10, first=30)
    with site.runtime.begin() as tx:
        first, second = (introductions.open_need(tx, programme, NEED, by).id for _ in range(2))
        for one in (first, second):
            introductions.propose(tx, site.agency_id, one, PROPOSAL)
        introductions.accept(tx, second, by)
        introductions.schedule(tx, second, tx.now + timedelta(hours=1), by)
        adjustments.ask(tx, programme, 2, adjustments.Why.CORRECTION, "user:1", adjustments.Side.COMPANY)
    site.clock.advance(DAY_S)
    with site.runtime.begin() as tx:
        introductions.held(tx, second, by)
    return {
        "ledger": "/console/ledger/",
        "proof": f"/console/ledger/{programme}/proof",
        "hands": f"/console/ledger/{programme}/hands",
        "keys": f"/console/companies/{site.company_id}/keys",
        "list": "/console/introductions/",
        "new": f"/console/introductions/new?programme={programme}",
        "proposed": f"/console/introductions/{first}",
        "held": f"/console/introductions/{second}",
    }


@pytest.mark.parametrize("lang", ["ja", pytest.param("en", marks=pytest.mark.torture)])
def test_every_page_of_the_book_is_for_everybody(sqlite_site: Site, chromium: Chromium, lang: str) -> None:
    paths, found = filled(sqlite_site), []
    with sqlite_site.runtime.begin() as tx:
        way_in = auth.sign_in_link(tx, auth.create_user(tx, "both@example.jp", None, ["admin", "auditor"]))
    with (
        axe.served(sqlite_site.app) as url,
        axe.visitor(chromium, url, lang=lang) as who,
    ):
        who.open(way_in)
        found += who.complaints()
        with who.page.expect_navigation():
            who.page.locator("main form button").first.click()
        for path in paths.values():
            who.open(path)
            assert who.page.url.endswith(path)
            for summary in who.page.locator("main details > summary").all():
                summary.click()
            found += who.complaints()
        assert who.outside == []
    assert found == []
