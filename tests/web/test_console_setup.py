"""Companies and agencies in the console."""

import re
from datetime import date, timedelta

import pytest

from core.runtime import Runtime
from crm.agency import agencies, api_keys
from crm.registry import companies
from rules.model import Mode
from tests.web.browser import Browser
from tests.web.conftest import Site
from web import auth
from web.app import create_app

_COMPANY: dict[str, str | list[str]] = {
    "name": "かえで商事株式会社",
    "sender_domains": "kaede.example.jp\n.kaede.example.com",
    "recruiting_senders": "@kaede.example.jp",
    "networks": "198.51.100.0/28",
    "mode": "observe",
    "hold_minutes": "30",
}
_AGENCY: dict[str, str | list[str]] = {
    "name": "つばめ人材株式会社",
    "licence_no": "27-ユ-300001",
    "licence_expires_on": "2030-01-31",
    "mail": "tsubame@example.com",
}


def _first_admin(runtime: Runtime) -> Browser:
    with runtime.begin() as tx:
        path = auth.sign_in_link(tx, auth.create_user(tx, "admin@example.jp", None, ["admin"]))
    browser = Browser(create_app(runtime).test_client())
    browser.open(path)
    browser.press("サインインする")
    return browser


def test_an_empty_installation_leads_from_company_to_agency(any_runtime: Runtime) -> None:
    browser = _first_admin(any_runtime)
    assert "はじめに、3つだけ" in browser.page.text
    browser.follow("会社を追加")
    browser.press("追加する", **_COMPANY)
    assert "次は紹介会社を登録してください" in browser.page.text
    with any_runtime.read() as tx:
        (company,) = companies.all_companies(tx)
    assert company.sender_domains == ("kaede.example.jp", ".kaede.example.com")
    assert (company.mode, company.hold_minutes) == (Mode.OBSERVE, 30)
    browser.follow("紹介会社を登録")
    browser.press("登録する", company_id=str(company.id), **_AGENCY)
    assert "つばめ人材株式会社を登録しました" in browser.page.text
    with any_runtime.read() as tx:
        assert [agency.licence_no for agency in agencies.licensed(tx, company.id)] == ["27-ユ-300001"]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("sender_domains", "not a domain", "not a domain"),
        ("recruiting_senders", "someone", "someone"),
        ("networks", "300.1.2.3/8", "300.1.2.3/8"),
        ("hold_minutes", "soon", "分単位の数字"),
        ("mode", "auto", "「自動」は選べません"),
    ],
)
def test_a_wrong_company_is_refused_and_nothing_typed_is_lost(
    runtime: Runtime, field: str, value: str, told: str
) -> None:
    browser = _first_admin(runtime)
    browser.open("/console/companies/new")
    browser.press("追加する", **(_COMPANY | {field: value}))
    assert browser.status == 422
    assert told in browser.page.text
    assert "かえで商事株式会社" in browser.html
    with runtime.read() as tx:
        assert companies.all_companies(tx) == []


def test_a_company_is_changed_and_only_what_was_changed(site: Site) -> None:
    browser = site.signed_in("admin")
    browser.open(f"/console/companies/{site.company_id}")
    with site.runtime.read() as tx:
        before = companies.get(tx, site.company_id)
    browser.press("変更を保存する", mode="observe")
    assert "変更を保存しました" in browser.page.text
    with site.runtime.read() as tx:
        after = companies.get(tx, site.company_id)
    assert after.mode is Mode.OBSERVE
    assert (after.recruiting_senders, after.networks, after.contact_mail) == (
        before.recruiting_senders,
        before.networks,
        before.contact_mail,
    )


def test_bypass_is_one_press_there_and_back(sqlite_site: Site) -> None:
    browser = sqlite_site.signed_in("admin")
    browser.open(f"/console/companies/{sqlite_site.company_id}")
    browser.press("素通しにする")
    with sqlite_site.runtime.read() as tx:
        assert companies.get(tx, sqlite_site.company_id).bypass
    browser.press("素通しを終了する")
    with sqlite_site.runtime.read() as tx:
        assert not companies.get(tx, sqlite_site.company_id).bypass


def test_every_page_says_that_mail_passes_unread(sqlite_site: Site) -> None:
    browser = sqlite_site.signed_in("admin")
    with sqlite_site.runtime.read() as tx:
        name = companies.get(tx, sqlite_site.company_id).name
    pages = ("/console/", "/console/mails/", "/console/companies/")
    for company_id, words in ((None, "全体が素通しになっています。"), (sqlite_site.company_id, f"{name}: 素通し")):
        for on in (True, False):
            with sqlite_site.runtime.begin() as tx:
                companies.set_bypass(tx, company_id, on)
            for page in pages:
                browser.open(page)
                assert (words in browser.page.text) is on, page


def test_an_expiring_licence_is_shown_and_renewed(sqlite_site: Site) -> None:
    browser = sqlite_site.signed_in("admin")
    soon = (sqlite_site.clock.now() + timedelta(days=20)).date()
    with sqlite_site.runtime.begin() as tx:
        agencies.renew(tx, sqlite_site.agency_id, soon)
    assert "まもなく期限" in browser.open("/console/").text
    assert "まもなく期限" in browser.open("/console/agencies/").text
    sqlite_site.clock.advance(30 * 86400)
    browser = sqlite_site.signed_in("admin")
    assert "許可の期限切れ" in browser.open("/console/agencies/").text
    assert "許可が有効な紹介会社がありません" in browser.open("/console/").text
    browser.open("/console/agencies/")
    browser.press("更新する", licence_expires_on="2032-03-31")
    assert "許可は有効" in browser.page.text
    with sqlite_site.runtime.read() as tx:
        assert agencies.get(tx, sqlite_site.agency_id).licence_expires_on == date(2032, 3, 31)


def test_a_key_is_shown_once_and_ends_the_old_one(sqlite_site: Site) -> None:
    browser = sqlite_site.signed_in("admin")
    browser.open("/console/agencies/")
    browser.press("新しいAPIキーを発行する")
    (key,) = re.findall(r'data-copied="[^"]*">([^<]+)<', browser.html)
    with sqlite_site.runtime.read() as tx:
        assert api_keys.check(tx, key) is not None
        assert api_keys.check(tx, sqlite_site.api_key) is None
    assert key not in browser.open("/console/agencies/").text
