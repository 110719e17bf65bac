"""The desk, the register of purposes and the words of a consent in a real browser: axe at phone and desktop width."""

import pytest
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select

from crm.tables import ConsentTextRow
from tests.web import axe, story
from tests.web.conftest import Site
from tests.web.test_requests import ask
from web import auth


@pytest.mark.torture
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_pages_about_people_s_rights_are_for_everybody(sqlite_site: Site, chromium: Chromium, lang: str) -> None:
    story.register(sqlite_site)
    for kind in ("erasure", "disclosure"):
        ask(sqlite_site, kind).press("本人確認を記録する", how="document")
    with sqlite_site.runtime.begin() as tx:
        way_in = auth.sign_in_link(tx, auth.create_user(tx, "axe@example.jp", None, ["admin"]))
        text_sha256 = tx.session.scalars(select(ConsentTextRow.sha256)).first()
    found = []
    with (
        axe.served(sqlite_site.app) as url,
        axe.visitor(chromium, url, lang=lang) as who,
    ):
        who.open(way_in)
        with who.page.expect_navigation():
            who.page.locator("main form button").first.click()
        requests = "/console/requests/"
        who.open(requests)
        links = who.page.locator("a.subject").evaluate_all("found => found.map(one => one.getAttribute('href'))")
        assert len(links) == 2
        for path in (requests, *links, "/console/purposes/", f"/consent/{text_sha256}"):
            who.open(path)
            for summary in who.page.locator("main details > summary").all():
                summary.click()
            found += who.complaints()
        assert who.outside == []
    assert found == []
