"""Looking changes nothing: whatever opens a public link, and however (domain 3.3 invariant 17)."""

import pytest
from playwright.sync_api import Browser as Chromium

from tests.web import axe
from tests.web.conftest import Site
from tests.web.links import every_link, is_behind_a_door, unopened
from tests.web.snapshot import every_row


@pytest.mark.parametrize("requests", [500, pytest.param(10_000, marks=pytest.mark.torture)])
def test_whatever_opens_a_link_changes_no_row(site: Site, requests: int) -> None:
    """GET, HEAD, OPTIONS and prefetch, as mail scanners do it; so many on each database."""
    paths = every_link(site)
    # The site's own table of routes says which there are: what no link leads to has to ask who one is.
    assert [rule.rule for rule in unopened(site, paths) if not is_behind_a_door(site, rule)] == []
    before = every_row(site.runtime)
    client = site.app.test_client()
    done = 0
    for number in range(-(-requests // len(paths))):
        method, query = (
            ("GET", "HEAD", "OPTIONS")[number % 3],
            ("", "?lang=en", "?agree=1&confirm=yes")[number // 3 % 3],
        )
        headers = {"Sec-Purpose": "prefetch"} if number % 2 else {}
        for path in paths:
            with client.open(path + query, method=method, headers=headers) as response:
                assert response.status_code < 500, path
            done += 1
    assert done >= requests
    assert every_row(site.runtime) == before


@pytest.mark.parametrize("step", [pytest.param(4, id="some"), pytest.param(1, id="all", marks=pytest.mark.torture)])
def test_a_browser_that_only_looks_changes_no_row(sqlite_site: Site, chromium: Chromium, step: int) -> None:
    """With JavaScript, style sheets and images, as a scanner with a real browser does."""
    paths = [path for path in every_link(sqlite_site) if not path.endswith((".pdf", ".csv"))]  # a browser saves those
    before = every_row(sqlite_site.runtime)
    with axe.served(sqlite_site.app) as url, axe.visitor(chromium, url) as who:
        for path in paths[::step]:
            who.open(path)
    assert every_row(sqlite_site.runtime) == before
