"""An agency that works for two companies: what is set for it is not for the people of one of them to set."""

import re
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from crm.agency import agencies, api_keys, webhooks
from crm.agency.agencies import NewAgency
from crm.registry import companies
from crm.registry.companies import NewCompany
from crm.slots import introductions
from crm.slots.introductions import By, Need
from crm.tables import AgencyWebhookRow, ApiKeyRow
from ledger import book
from tests.web import story
from tests.web.conftest import AGENCY, COMPANY, Site
from tests.web.snapshot import every_row

INSTALLATION_ACTS = ("key", "keys", "webhook", "webhook/rotate", "webhook/test")
ACTS = ("webhook/remove", "mails", "suspend", "renew")


@pytest.fixture
def neighbour(sqlite_site: Site) -> int:
    """Another company, whose people know of the agency what everybody knows."""
    with sqlite_site.runtime.begin() as tx:
        return companies.add(tx, NewCompany(name="かえで商事株式会社", sender_domains=("kaede.example.jp",))).id


def _contract(site: Site, company_id: int) -> NewAgency:
    known = NewAgency(
        name=AGENCY,
        licence_no="13-ユ-301234",
        licence_expires_on=date(2029, 3, 31),
        mail="desk@kamome.example.jp",
        with_api_key=True,
    )
    with site.runtime.begin() as tx:
        added = agencies.add(tx, company_id, known)
    assert added.agency.id == site.agency_id
    assert added.api_key is None, "a key of this agency opens what the other company's candidates gave it"
    return known


def test_a_further_contract_makes_no_key_of_a_known_agency(sqlite_site: Site, neighbour: int) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    _contract(sqlite_site, neighbour)
    with sqlite_site.runtime.read() as tx:
        assert len(api_keys.listed(tx, agency_id=sqlite_site.agency_id)) == 1


def test_the_people_of_one_company_change_nothing_of_an_agency_of_two(sqlite_site: Site, neighbour: int) -> None:
    site = sqlite_site
    _contract(site, neighbour)
    admin = site.signed_in("admin", company_id=neighbour)
    admin.open("/console/agencies/")
    assert AGENCY in admin.page.text
    assert "受け渡しの設定と記録" not in admin.page.text
    assert "新しいAPIキーを発行する" not in admin.page.text
    token = dict(admin.page.forms[0].fields)["csrf_token"]
    before = every_row(site.runtime)
    page = f"/console/agencies/{site.agency_id}"
    assert admin.client.get(page).status_code == 404
    data = {
        "csrf_token": token,
        "url": "https://kaede.example.jp/hook",
        "scope": "contacts:read",
        "mails": "digest",
        "on": "1",
        "licence_expires_on": "2039-03-31",
    }
    for act in ACTS:
        assert admin.client.post(f"{page}/{act}", data=data).status_code == 404, act
    for act in INSTALLATION_ACTS:
        assert admin.client.post(f"{page}/{act}", data=data).status_code == 403, act
    assert every_row(site.runtime) == before


def test_who_runs_the_installation_and_the_only_company_still_do(sqlite_site: Site, neighbour: int) -> None:
    site = sqlite_site
    page = f"/console/agencies/{site.agency_id}"
    own = site.signed_in("admin", company_id=site.company_id)
    assert own.client.get(page).status_code == 200
    _contract(site, neighbour)
    assert own.client.get(page).status_code == 404
    assert site.signed_in("admin").client.get(page).status_code == 200


def _key_made(site: Site) -> str:
    """A key that an admin of the installation makes on the page."""
    admin = site.signed_in("admin")
    admin.open(f"/console/agencies/{site.agency_id}")
    admin.press("発行する")
    found = re.search(r"cr[0-9a-f]{8}\.[A-Za-z0-9_-]{22}", admin.page.text)
    assert found
    return found.group()


def _bound_key(site: Site) -> str:
    """A key as an admin of the first company could make it before: it works on, for this company."""
    with site.runtime.begin() as tx:
        key = api_keys.make(tx, agency_id=site.agency_id, actor="user:1")
        row = tx.session.scalar(select(ApiKeyRow).where(ApiKeyRow.prefix == key.partition(".")[0]))
        assert row is not None
        row.reach_company_id = site.company_id
    return key


def _at_both(site: Site, neighbour: int) -> tuple[list[str], list[str]]:
    """Somebody registers at each of the two companies, and each looks for somebody; numbers of both, first company
    first."""
    story.register(site)
    story.register(replace(site, company_id=neighbour), "jiro@example.com", 2)
    story.hand_over(site)
    needs = []
    for company_id in (site.company_id, neighbour):
        with site.runtime.begin() as tx:
            programme = agencies.programme_of(tx, company_id, site.agency_id)
            book.adjust(tx, programme.id, 10, reason="migration", actor="u:1", approver="u:2")
            made = introductions.open_need(tx, programme.id, Need("経理"), By("company", company_id, "u:1"))
        needs.append(made.id)
    feed = _called(site, site.api_key, "referrals")["referrals"]
    company_of = {one["company"]: one["id"] for one in feed}
    return [company_of[name] for name in sorted(company_of, reverse=True)], needs


def _called(site: Site, key: str, path: str) -> dict[str, list[dict[str, str]]]:
    client = site.app.test_client()
    answer = client.get(f"/api/v1/agency/{path}", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    found: dict[str, list[dict[str, str]]] = answer.get_json()
    return found


def test_a_key_made_by_one_company_opens_nothing_of_the_next(sqlite_site: Site, neighbour: int) -> None:
    site = sqlite_site
    key = _bound_key(site)
    _contract(site, neighbour)
    referrals, needs = _at_both(site, neighbour)
    assert [one["id"] for one in _called(site, key, "referrals")["referrals"]] == [referrals[0]]
    assert [one["id"] for one in _called(site, key, "introductions")["introductions"]] == [needs[0]]
    told = {one["data"]["id"] for one in _called(site, key, "events")["events"]}  # type: ignore[index]
    assert told == {referrals[0], needs[0]}
    client, headers = site.app.test_client(), {"Authorization": f"Bearer {key}"}
    posts = [(f"referrals/{{}}/{act}", given) for act, given in (
        ("ack", {"answer": "accepted"}), ("talk", None), ("contact", None), ("deleted", None),
        ("outcomes", {"kind": "hired", "happened_on": "2026-11-01"}))]  # fmt: skip
    person = {"summary": "経理12年。", "name": "港 花子", "mail": "h@example.com", "agreed_on": "2026-11-01"}
    posts += [("introductions/{}/proposal", person), ("introductions/{}/acts", {"act": "close"})]
    for number, (path, given) in enumerate(posts):
        mine, other = referrals if path.startswith("referrals") else needs
        once = headers | {"Idempotency-Key": str(number)}
        assert client.post(f"/api/v1/agency/{path.format(other)}", json=given, headers=once).status_code == 404, path
        assert client.post(f"/api/v1/agency/{path.format(mine)}", json=given, headers=once).status_code != 404 or (
            path.endswith("deleted")  # nothing was recalled
        )
    for path in (f"referrals/{referrals[1]}", f"introductions/{needs[1]}"):
        assert client.get(f"/api/v1/agency/{path}", headers=headers).status_code == 404
    # Nor does it get an answer that another key was given.
    again = headers | {"Idempotency-Key": "theirs"}
    path, whole = f"/api/v1/agency/referrals/{referrals[1]}/ack", {"Authorization": f"Bearer {site.api_key}"}
    assert client.post(path, json={"answer": "accepted"}, headers=again | whole).status_code == 200
    assert client.post(path, json={"answer": "accepted"}, headers=again).status_code == 404


def test_who_answers_for_all_makes_a_key_for_all(sqlite_site: Site, neighbour: int) -> None:
    site = sqlite_site
    old = _bound_key(site)
    _contract(site, neighbour)
    referrals, needs = _at_both(site, neighbour)
    page = site.signed_in("admin").open(f"/console/agencies/{site.agency_id}")
    assert page.text.count(f"{COMPANY}の分だけ") == 1, "which key is to be renewed"
    key = _key_made(site)
    assert {one["id"] for one in _called(site, key, "referrals")["referrals"]} == set(referrals)
    assert {one["id"] for one in _called(site, key, "introductions")["introductions"]} == set(needs)
    assert len(_called(site, old, "referrals")["referrals"]) == 1


def test_a_webhook_set_by_one_company_is_told_nothing_of_the_next(sqlite_site: Site, neighbour: int) -> None:
    site = sqlite_site
    with site.runtime.begin() as tx:
        webhooks.put(tx, site.agency_id, "https://agency.example.jp/careerrelay", actor="user:1")
        tx.session.get_one(AgencyWebhookRow, site.agency_id).reach_company_id = site.company_id
    _contract(site, neighbour)
    with site.runtime.begin() as tx:
        assert webhooks.destination(tx, site.agency_id, site.company_id) is not None
        assert webhooks.destination(tx, site.agency_id, neighbour) is None
        webhooks.put(tx, site.agency_id, "https://agency.example.jp/careerrelay", actor="cli")
        assert webhooks.destination(tx, site.agency_id, neighbour) is not None


def test_who_wants_no_mails_gets_them_from_a_company_that_no_program_hears_of(
    sqlite_site: Site, neighbour: int
) -> None:
    site = sqlite_site
    with site.runtime.begin() as tx:
        api_keys.revoke(tx, site.api_key.partition(".")[0], agency_id=site.agency_id, actor="test")
    _bound_key(site)
    with site.runtime.begin() as tx:
        agencies.set_mails(tx, site.agency_id, "none")
    _contract(site, neighbour)
    story.register(site)
    story.register(replace(site, company_id=neighbour), "jiro@example.com", 2)
    story.hand_over(site)
    profiles = [one for one in story.letters(site) if one.recipient == "desk@kamome.example.jp"]
    assert len([one for one in profiles if "CR-" in one.text]) == 1
