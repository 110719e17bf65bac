"""Characters and numbers that no database can hold: an answer for who asked, never a fault of ours."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from flask import url_for

from crm import links
from crm.links import LinkKind
from tests.web import story
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


def test_full_width_spaces_and_tabs_are_blanks(sqlite_site: Site) -> None:
    browser = sqlite_site.stranger()
    browser.open(sqlite_site.path(sqlite_site.offer().relay_url))
    browser.press("プロフィールの入力へ", mail="hanako@example.com")
    words = {"wanted_job": "法人\u3000営業", "summary": "倉庫\t12年\n\u3000朝の便を担当"}
    browser.press("渡す内容を確かめる", **{**story.PROFILE, **words})
    assert browser.path.endswith("/preview")
    assert "法人 営業" in browser.page.text
    assert "倉庫 12年 朝の便を担当" in browser.page.text


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


def test_a_number_beyond_every_column_names_nothing(site: Site) -> None:
    """Each page of the console that has a number in its address, and each that takes one behind it."""
    browser = site.signed_in("admin", "auditor")
    given: dict[str, Any] = {"kind": "pdf", "variant": "original", "month": "2026-10"}
    rules = [
        rule for rule in site.app.url_map.iter_rules() if "<int:" in rule.rule and rule.rule.startswith("/console")
    ]
    assert len(rules) > 15
    answers: dict[str, int] = {}
    for number in (2**31, 2**63 - 1, 2**63, 10**30):
        for rule in (one for one in rules if one.methods and "GET" in one.methods):
            with site.app.test_request_context():
                path = url_for(rule.endpoint, **{name: given.get(name, number) for name in rule.arguments})
            answers[path] = browser.client.get(path).status_code
        for path in ("introductions/new?programme", "ledger/?after", "mails/?before", "mails/news?after"):
            status = browser.client.get(f"/console/{path}={number}").status_code
            answers[path] = max(answers.get(path, 0), status)
    assert {path: status for path, status in answers.items() if status >= 500} == {}
    assert {status for path, status in answers.items() if path.startswith("/console")} == {404}


def test_a_need_without_a_programme_is_explained(sqlite_site: Site) -> None:
    browser = sqlite_site.signed_in("recruiter")
    for path in ("/console/introductions/new", "/console/introductions/new?programme=x"):
        assert "どの紹介会社の枠を使うか" in browser.open(path).text
        assert browser.path == "/console/introductions/"
        assert "まだ依頼はありません" in browser.page.text
