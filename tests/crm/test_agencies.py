"""Agencies: no licence, no link; keys kept as hashes; one contract with each company."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.errors import ConfigError, NotFound
from core.runtime import Runtime
from crm.agency import agencies, api_keys
from crm.registry import companies, programmes
from crm.registry.companies import NewCompany
from tests.crm.world import AGENCY, COMPANY, clock_of, database_bytes, parties


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("13-ユ-300001", "13-ユ-300001"), ("１３－ﾕ－３００００１", "13-ユ-300001"), (" 47‐ム‐000123 ", "47-ム-000123")],
)
def test_licence_numbers_have_one_form(runtime: Runtime, typed: str, stored: str) -> None:
    with runtime.begin() as tx:
        company_id = companies.add(tx, COMPANY).id
        assert agencies.add(tx, company_id, replace(AGENCY, licence_no=typed)).agency.licence_no == stored


@pytest.mark.parametrize("odd", ["48-ユ-300001", "13-ア-300001", "13-ユ-30001", "特-2026-1"])
def test_an_odd_licence_number_is_asked_about_not_refused(runtime: Runtime, odd: str) -> None:
    with runtime.begin() as tx:
        company_id = companies.add(tx, COMPANY).id
        with pytest.raises(ConfigError, match="usual form"):
            agencies.add(tx, company_id, replace(AGENCY, licence_no=odd))
        added = agencies.add(tx, company_id, replace(AGENCY, licence_no=odd, odd_licence_ok=True))
    assert added.agency.licence_valid


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": ""}, "agency name"),
        ({"mail": "nobody"}, "not a mail address"),
        ({"licence_expires_on": date(2026, 11, 20)}, "expired"),
        ({"licence_no": ""}, "licence number"),
        ({"threshold": 0}, "threshold"),
    ],
)
def test_wrong_input_is_refused(runtime: Runtime, changes: dict[str, object], complaint: str) -> None:
    with runtime.begin() as tx:
        company_id = companies.add(tx, COMPANY).id
        with pytest.raises(ConfigError, match=complaint):
            agencies.add(tx, company_id, replace(AGENCY, **changes))  # type: ignore[arg-type]


def test_a_licence_ends_with_its_japanese_day(any_runtime: Runtime) -> None:
    made = parties(any_runtime, agency=replace(AGENCY, licence_expires_on=date(2026, 11, 21)))
    clock = clock_of(any_runtime)  # 12:00 in Tokyo
    clock.advance(11 * 3600 + 3599)
    with any_runtime.read() as tx:
        assert [one.id for one in agencies.licensed(tx, made.company_id)] == [made.agency_id]
    clock.advance(1)
    with any_runtime.read() as tx:
        assert agencies.licensed(tx, made.company_id) == []
        assert not agencies.get(tx, made.agency_id).licence_valid
    with any_runtime.begin() as tx:
        agencies.renew(tx, made.agency_id, date(2031, 11, 21))
        assert [one.id for one in agencies.licensed(tx, made.company_id)] == [made.agency_id]


def test_a_renewal_needs_a_future_date_and_a_free_number(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        other = agencies.add(tx, made.company_id, replace(AGENCY, name="Other", licence_no="27-ユ-300002")).agency
    for arguments in ((date(2026, 1, 1), None), (date(2030, 1, 1), "13-ユ-300001"), (date(2030, 1, 1), "odd")):
        with pytest.raises(ConfigError), runtime.begin() as tx:
            agencies.renew(tx, other.id, arguments[0], licence_no=arguments[1])


def test_a_suspended_agency_is_out(runtime: Runtime) -> None:
    made = parties(runtime, agency=replace(AGENCY, with_api_key=True))
    with runtime.begin() as tx:
        key = api_keys.replace_all(tx, made.agency_id, actor="test")
        agencies.suspend(tx, made.agency_id)
        assert agencies.licensed(tx, made.company_id) == []
        assert api_keys.check(tx, key) is None
        agencies.suspend(tx, made.agency_id, on=False)
        assert api_keys.check(tx, key) is not None


def test_api_keys_are_random_replaced_and_never_stored(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        company_id = companies.add(tx, COMPANY).id
        added = agencies.add(tx, company_id, replace(AGENCY, with_api_key=True))
    first = added.api_key
    assert first is not None
    assert added.agency.has_api_key
    with runtime.read() as tx:
        found = api_keys.check(tx, first)
        assert found is not None
        assert found.agency_id == added.agency.id
        for wrong in ("", "x", first[:-1], first + "x", first.partition(".")[0] + ".", first.partition(".")[2]):
            assert api_keys.check(tx, wrong) is None
    with runtime.begin() as tx:
        second = api_keys.replace_all(tx, added.agency.id, actor="test")
        assert api_keys.check(tx, first) is None
        assert api_keys.check(tx, second) is not None
    assert first.partition(".")[2].encode() not in database_bytes(runtime)


def test_one_agency_may_serve_two_companies_with_a_book_each(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    with any_runtime.begin() as tx:
        second = companies.add(tx, NewCompany(name="Other", sender_domains=("example.org",))).id
        added = agencies.add(tx, second, replace(AGENCY, threshold=5))
    assert added.agency.id == made.agency_id
    assert added.programme.id != made.programme_id
    with any_runtime.read() as tx:
        assert agencies.programme_of(tx, made.company_id, made.agency_id).threshold == 10
        assert programmes.of_company(tx, second) == [added.programme]
        assert [one.id for one in agencies.all_agencies(tx)] == [made.agency_id]
        with pytest.raises(NotFound):
            agencies.programme_of(tx, 99, made.agency_id)
    with pytest.raises(ConfigError, match="programme already"), any_runtime.begin() as tx:
        agencies.add(tx, second, AGENCY)
    with pytest.raises(ConfigError, match="another name"), any_runtime.begin() as tx:
        agencies.add(tx, second, replace(AGENCY, mail="other@agency.example.com"))


def test_a_programme_starts_today_and_can_end(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.read() as tx:
        programme = programmes.programme_of(tx, made.company_id, made.agency_id)
    assert programme.valid_from == date(2026, 11, 21)
    with runtime.begin() as tx:
        programmes.end(tx, programme.id, date(2026, 11, 30))
    with runtime.read() as tx:
        assert agencies.licensed(tx, made.company_id)
    clock_of(runtime).advance(timedelta(days=10).total_seconds())
    with runtime.read() as tx:
        assert agencies.licensed(tx, made.company_id) == []
