"""Characters and numbers that no database can hold: an answer for who asked, never a fault of ours."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from crm import links
from crm.links import LinkKind
from tests.web.browser import Browser
from tests.web.conftest import Site
from web import resumes
from web.problems import Problem


def seated(site: Site) -> tuple[Browser, str]:
    """Somebody at the agency's desk, and the token of its forms."""
    with site.runtime.begin() as tx:
        token = links.issue(tx, LinkKind.DESK_IN, str(site.agency_id), tx.now + timedelta(hours=1))
    browser = site.stranger()
    browser.open(f"/agency/in/{token}")
    browser.client.post(f"/agency/in/{token}", data={"csrf_token": dict(browser.page.forms[-1].fields)["csrf_token"]})
    browser.open("/agency/settings")
    return browser, dict(browser.page.forms[-1].fields)["csrf_token"]


def test_no_text_and_no_number_of_a_visitor_is_a_fault(site: Site) -> None:
    browser, token = seated(site)
    key = {"Authorization": f"Bearer {site.api_key}", "Idempotency-Key": "k1"}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        *(("GET", path, {}) for path in ("/r/%00", "/r/c/%00", "/m/%00", "/u/%00", "/agency/l/%00", "/consent/%00")),
        ("GET", "/agency/referrals/%00", {}),
        ("GET", "/agency/referrals/%00/profile.pdf", {}),
        ("GET", "/agency/introductions/%00", {}),
        ("GET", "/agency/inbox/new?page=99999999999999999999999", {}),
        ("GET", "/agency/inbox/new?page=-1", {}),
        ("GET", "/?x=%00", {}),
        ("POST", "/agency/referrals/%00/contact", {"data": {"csrf_token": token}}),
        ("POST", "/agency/sign-in", {"data": {"csrf_token": token, "mail": "a\0@example.jp"}}),
        ("GET", "/api/v1/agency/referrals/%00", {"headers": key}),
        ("POST", "/api/v1/agency/referrals/%00/talk", {"headers": key}),
        ("GET", "/api/v1/agency/referrals?after=999999999999999999", {"headers": key}),
    ]
    answers = {
        f"{method} {path}": browser.client.open(path, method=method, **given).status_code
        for method, path, given in asked
    }
    assert {path: status for path, status in answers.items() if status >= 500} == {}


def test_a_file_that_finds_all_readers_busy_is_answered_and_leaves_them_as_they_were(sqlite_site: Site) -> None:
    with sqlite_site.app.test_request_context("/"), ThreadPoolExecutor(2 * resumes.READERS_MAX) as pool:
        for _ in range(resumes.READERS_MAX):
            assert resumes._readers.acquire(blocking=False)
        try:
            tried = [pool.submit(contextvars.copy_context().run, resumes.text_of_file, b"text") for _ in range(4)]
            said = [one.result(timeout=resumes.READ_S / 2) for one in tried]
        finally:
            for _ in range(resumes.READERS_MAX):
                resumes._readers.release()
        assert all(isinstance(one, Problem) and "混み合って" in one.text for one in said)
        assert resumes.text_of_file(b"text") == "text"
