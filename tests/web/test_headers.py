"""Every answer carries its headers: no frame, no referrer, no store, no index, nothing from elsewhere."""

import re

import pytest

from core.runtime import Runtime
from tests.web.conftest import Site
from web.app import create_app

_PAGES = ("/r/{relay}", "/r/{relay}/no", "/u/{optout}", "/r/unknown", "/r/c/unknown", "/r/c/code/unknown", "/m/unknown",
          "/m/unknown/correct", "/agency/l/unknown", "/console/sign-in", "/console/", "/api/v1/openapi.json",
          "/nowhere", "/healthz")  # fmt: skip


@pytest.mark.parametrize("page", _PAGES)
def test_every_answer_keeps_to_itself(sqlite_site: Site, page: str) -> None:
    offer = sqlite_site.offer()
    path = page.format(relay=offer.relay_url.rpartition("/")[2], optout=offer.optout_url.rpartition("/")[2])
    headers = sqlite_site.app.test_client().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_a_candidate_posts_gets_the_same_headers_whatever_goes_wrong(sqlite_site: Site) -> None:
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    browser = sqlite_site.stranger()
    browser.open(link)
    token = dict(browser.page.forms[0].fields)["csrf_token"]
    for path, data, status in (
        (f"{link}/profile", {}, 400),
        (f"{link}/profile", {"csrf_token": token, "mail": ""}, 422),
        (f"{link}/profile", {"csrf_token": token, "mail": "hanako@example.com"}, 200),
        (f"{link}/preview", {"csrf_token": token, "x": "a" * 300_000}, 413),
        (f"{link}/nothing", {"csrf_token": token}, 404),
        ("/u/unknown", {"csrf_token": token}, 410),
    ):
        response = browser.client.post(path, data=data)
        assert response.status_code == status, path
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response.headers["X-Robots-Tag"]


def test_no_page_holds_what_its_policy_forbids(sqlite_site: Site) -> None:
    """No inline script, style or handler, and no address of anybody else's server."""
    browser = sqlite_site.signed_in("admin")
    link = sqlite_site.path(sqlite_site.offer().relay_url)
    for path in (link, "/console/", "/console/mails/", "/console/companies/1", "/console/agencies/new"):
        browser.open(path)
        assert browser.status == 200
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", browser.html), path
        sources = re.findall(r'<(?:link|script|img|iframe)[^>]*(?:href|src)="([^"]+)"', browser.html)
        assert sources, path
        assert all(source.startswith("/") for source in sources), path


def test_our_own_files_may_be_kept_by_browsers(sqlite_site: Site) -> None:
    with sqlite_site.app.test_client().get("/static/app.css") as response:
        assert "max-age" in response.headers["Cache-Control"]
        assert "no-store" not in response.headers["Cache-Control"]


def test_bootstrap_comes_from_this_server(sqlite_site: Site) -> None:
    browser = sqlite_site.stranger()
    browser.open("/console/sign-in")
    (sheet,) = re.findall(r'href="([^"]*bootstrap.min.css[^"]*)"', browser.html)
    with sqlite_site.app.test_client().get(sheet) as response:
        assert response.status_code == 200


def test_behind_https_cookies_are_bound_to_it(runtime: Runtime) -> None:
    web = runtime.settings.web.model_copy(update={"base_url": "https://relay.example.jp"})
    settings = runtime.settings.model_copy(update={"web": web})
    app = create_app(Runtime(settings, runtime.db, runtime.clock, runtime.keys))
    response = app.test_client().get("/console/sign-in")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-careerrelay=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax"))
    assert "max-age" in response.headers["Strict-Transport-Security"]
