"""The console makes keys for a company's own programs: shown once, with scopes in words, revoked one by one."""

import re

from crm.agency import api_keys
from crm.registry import companies
from crm.registry.companies import NewCompany
from tests.web.conftest import Site

KEY = re.compile(r"cr[0-9a-f]{8}\.[A-Za-z0-9_-]{22}")


def called(site: Site, key: str) -> int:
    """Ask for a personal link, as an applicant tracking system does; the status of the answer."""
    body = {"recipient": "rejected@example.com", "rejected_at": "2026-11-20T00:00:00+00:00"}
    headers = {"Authorization": f"Bearer {key}"}
    answer = site.app.test_client().post("/api/v1/company/invitations", json=body, headers=headers)
    return int(answer.status_code)


def test_a_key_is_made_shown_once_used_and_revoked(site: Site) -> None:
    admin = site.signed_in("admin", company_id=site.company_id)
    admin.open(f"/console/companies/{site.company_id}")
    admin.follow("採用管理システムのためのAPIキー")
    page = admin.path
    assert "登録したかどうかを読むことはできません" in admin.page.text
    admin.press("発行する")
    [key] = set(KEY.findall(admin.page.text))
    assert called(site, key) == 200
    admin.open(page)
    assert not KEY.search(admin.html)
    assert key.partition(".")[0] in admin.page.text
    admin.press("無効にする")
    assert "APIキーを無効にしました" in admin.page.text
    assert called(site, key) == 401
    admin.press("発行する", scope=[])
    assert "1つ以上選んでください" in admin.page.text
    token = dict(admin.page.forms[-1].fields)["csrf_token"]
    given = {"csrf_token": token, "scope": ["referrals:read", "invitations:write"]}
    assert admin.client.post(page, data=given).status_code == 303, "a scope of agencies"
    with site.runtime.read() as tx:
        assert [one.prefix for one in api_keys.listed(tx, company_id=site.company_id)] == [key.partition(".")[0]]


def test_nobody_makes_or_ends_a_key_of_another_company(sqlite_site: Site) -> None:
    site = sqlite_site
    with site.runtime.begin() as tx:
        neighbour = companies.add(tx, NewCompany(name="かえで商事株式会社", sender_domains=("kaede.example.jp",))).id
    own, other = (site.signed_in("admin", company_id=one) for one in (site.company_id, neighbour))
    page = f"/console/companies/{site.company_id}/keys"
    own.open(page)
    own.press("発行する")
    [key] = set(KEY.findall(own.page.text))
    other.open(f"/console/companies/{neighbour}/keys")
    token = dict(other.page.forms[0].fields)["csrf_token"]
    assert other.client.get(page).status_code == 404
    for path in (page, f"{page}/{key.partition('.')[0]}/revoke"):
        given = {"csrf_token": token, "scope": "invitations:write"}
        assert other.client.post(path, data=given).status_code == 404
    assert called(site, key) == 200
