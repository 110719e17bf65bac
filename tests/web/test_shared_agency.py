"""An agency that works for two companies: what is set for it is not for the people of one of them to set."""

from datetime import date

import pytest

from crm.agency import agencies, api_keys
from crm.agency.agencies import NewAgency
from crm.registry import companies
from crm.registry.companies import NewCompany
from tests.web import story
from tests.web.conftest import AGENCY, Site
from tests.web.snapshot import every_row

ACTS = ("key", "keys", "webhook", "webhook/rotate", "webhook/remove", "webhook/test", "mails", "suspend", "renew")


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
    assert every_row(site.runtime) == before


def test_who_runs_the_installation_and_the_only_company_still_do(sqlite_site: Site, neighbour: int) -> None:
    site = sqlite_site
    page = f"/console/agencies/{site.agency_id}"
    own = site.signed_in("admin", company_id=site.company_id)
    assert own.client.get(page).status_code == 200
    _contract(site, neighbour)
    assert own.client.get(page).status_code == 404
    assert site.signed_in("admin").client.get(page).status_code == 200
