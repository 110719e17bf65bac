"""The description of the API is what the API does: every operation is driven, every answer fits its schema."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from core.settings import Web
from crm.agency import agencies, api_keys
from crm.agency.api_keys import Scope
from crm.slots import introductions
from crm.slots.introductions import By, Need
from ledger import book
from tests.web import story
from tests.web.conftest import CANDIDATE, Site
from web import context
from web.api_problems import PROBLEMS

DAY = timedelta(days=1)


@dataclass
class Program:
    """Somebody's program with a key, that checks every answer against the description."""

    site: Site
    key: str
    document: dict[str, Any]
    met: set[tuple[str, str, str]] = field(default_factory=set)

    def call(self, method: str, path: str, body: Any = None, idem: str = "", **place: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}"} | ({"Idempotency-Key": idem} if idem else {})
        address = f"/api/v1{path.partition('?')[0].format(**place)}"
        query = path.partition("?")[2]
        response = self.site.app.test_client().open(
            address, method=method.upper(), json=body, headers=headers, query_string=query
        )
        described = self.document["paths"][f"/api/v1{path.partition('?')[0]}"][method]["responses"]
        status = str(response.status_code)
        assert status in described, (method, path, status, response.get_data(as_text=True))
        [(media_type, content)] = described[status]["content"].items()
        assert response.mimetype == media_type
        schema = {**content["schema"], "components": self.document["components"]}
        Draft202012Validator(schema).validate(response.get_json())
        if status != "200":
            assert response.get_json()["status"] == response.status_code
            assert response.get_json()["code"] in described[status]["description"]
        self.met.add((method, path.partition("?")[0], status))
        return response


def program(site: Site, key: str | None = None) -> Program:
    document = site.app.test_client().get("/api/v1/openapi.json").get_json()
    return Program(site, key or site.api_key, document)


def company_key(site: Site) -> str:
    with site.runtime.begin() as tx:
        return api_keys.make(tx, company_id=site.company_id, actor="test")


def slot(site: Site) -> str:
    """A company that earned a slot looks for somebody."""
    with site.runtime.begin() as tx:
        programme = agencies.programme_of(tx, site.company_id, site.agency_id)
        for number in range(10):
            book.earn(
                tx,
                programme_id=programme.id,
                referral_id=f"old{number}",
                company_id=site.company_id,
                subject_indexes=[f"k:{number}"],
            )
    site.clock.advance(8 * 86_400)
    with site.runtime.begin() as tx:
        by = By("company", site.company_id, "user:1")
        return introductions.open_need(tx, programme.id, Need("経理", "東京都"), by).id


def test_the_description_names_what_is_served(sqlite_site: Site) -> None:
    document = program(sqlite_site).document
    assert document["openapi"].startswith("3.1")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    served = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in sqlite_site.app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
        if rule.rule.startswith(("/api/v1/agency", "/api/v1/company"))
    }
    assert described == served
    Draft202012Validator.check_schema({"components": document["components"]})
    [call] = document["webhooks"]["events"].values()
    schema = {**call["requestBody"]["content"]["application/json"]["schema"], "components": document["components"]}
    told = {"type": "introduction.hired", "timestamp": "2026-11-21T03:00:00Z", "data": {"id": "x"}}
    assert Draft202012Validator(schema).is_valid(told)
    assert not Draft202012Validator(schema).is_valid(told | {"type": "something.else"})


def test_every_operation_answers_as_described(site: Site) -> None:
    story.register(site, contact=False)
    story.hand_over(site)
    need = slot(site)
    one = program(site)
    [referral] = one.call("get", "/agency/referrals").get_json()["referrals"]
    assert referral["provision"]["consent_id"] == referral["profile"]["meta"]["careerrelay"]["consent_id"]
    place, path = {"referral_id": referral["id"]}, "/agency/referrals/{referral_id}"
    other = {"referral_id": "nobody"}
    one.call("get", path, **place)
    one.call("get", path, **other)
    one.call("get", "/agency/referrals?after=x")
    for act, body in (("ack", {"answer": "accepted"}), ("talk", None), ("deleted", None), ("outcomes", _hired())):
        one.call("post", f"{path}/{act}", body, **place)  # no key
        one.call("post", f"{path}/{act}", body, idem=f"{act}-other", **other)
        one.call("post", f"{path}/{act}", body, idem=act, **place)
        one.call("post", f"{path}/{act}", {"else": 1}, idem=act, **place)
    one.call("post", f"{path}/contact", **place)
    one.call("post", f"{path}/contact", **other)
    events = one.call("get", "/agency/events").get_json()
    assert [event["type"] for event in events["events"]] == ["referral.shared", "introduction.requested"]
    assert events["events"][0]["data"]["profile"] is not None
    assert events["events"][1]["data"] == {"id": need}
    assert one.call("get", f"/agency/events?after={events['next']}").get_json() == {
        "events": [],
        "next": events["next"],
    }
    _introduce(one, need)
    moved = one.call("get", f"/agency/events?after={events['next']}").get_json()["events"]
    assert [event["type"] for event in moved] == ["introduction.proposed", "introduction.declined"]
    _invite(program(site, company_key(site)), one)
    happy = {(method, path) for method, path, status in one.met if status == "200"}
    missing = {"/agency/referrals/{referral_id}/outcomes", f"{path}/contact", f"{path}/deleted"}
    all_of = {(method, path[7:]) for path, methods in one.document["paths"].items() for method in methods}
    assert {path for _, path in all_of - happy} == missing  # each refused above, and its own test below


def _hired() -> dict[str, str]:
    return {"kind": "hired", "happened_on": "2026-11-01"}


def _introduce(one: Program, need: str) -> None:
    place, path = {"introduction_id": need}, "/agency/introductions/{introduction_id}"
    [listed] = one.call("get", "/agency/introductions").get_json()["introductions"]
    assert (listed["id"], listed["acts"]) == (need, ["propose", "close"])
    one.call("get", path, **place)
    one.call("get", path, introduction_id="nobody")
    person = {"summary": "経理12年。", "name": "港 花子", "mail": "h@example.com", "agreed_on": "2026-11-01"}
    one.call("post", f"{path}/proposal", person | {"summary": "港花子です"}, idem="p0", **place)
    one.call("post", f"{path}/acts", {"act": "held"}, idem="a0", **place)
    one.call("post", f"{path}/acts", {"act": "dance"}, idem="a1", **place)
    proposed = one.call("post", f"{path}/proposal", person, idem="p1", **place)
    assert proposed.get_json()["state"] == "proposed"
    assert "花子" not in proposed.get_data(as_text=True)
    one.call("post", f"{path}/acts", {"act": "schedule"}, idem="a2", **place)
    ended = one.call("post", f"{path}/acts", {"act": "decline_by_candidate"}, idem="a3", **place)
    assert ended.get_json()["state"] == "declined_by_candidate"


def _invite(company: Program, one: Program) -> None:
    site, path = company.site, "/company/invitations"
    now = site.clock.now()
    body = {"recipient": "rejected@example.com", "rejected_at": (now - DAY).isoformat(), "application": "A-1"}
    first = company.call("post", path, body).get_json()
    assert (first["state"], first["agency"]) == ("issued", "かもめキャリア株式会社")
    assert company.call("post", path, body).get_json()["url"] == first["url"]
    page = site.stranger().open(site.path(first["url"]))
    assert "かもめキャリア株式会社" in page.text
    fresh = body | {"recipient": "fresh@example.com", "rejected_at": now.isoformat()}
    held = company.call("post", path, fresh).get_json()
    assert (held["state"], held["url"]) == ("held", None)
    site.clock.advance(DAY.total_seconds())
    assert company.call("post", path, fresh).get_json()["state"] == "issued"
    company.call("post", path, body | {"recipient": "nonsense"})
    company.call("post", path, body | {"recipient": "hr@minato.example.jp"})
    company.call("post", path, body | {"rejected_at": "2026-11-01T00:00:00"})
    one.call("post", path, body)
    one.met |= company.met


def test_no_link_while_the_person_may_still_get_another_job(sqlite_site: Site) -> None:
    from crm import signals
    from crm.signals import SignalRow
    from rules.model import AtsStatus

    site = sqlite_site
    company = program(site, company_key(site))
    at = site.clock.now() - 2 * DAY
    body = {"recipient": "two@example.com", "rejected_at": at.isoformat(), "application": "A-1"}
    with site.runtime.begin() as tx:
        other = SignalRow("csv", "two@example.com", AtsStatus.OFFERED, at, "A-2")
        signals.store(tx, site.company_id, other)
    assert company.call("post", "/company/invitations", body).get_json()["code"] == "other_application"
    with site.runtime.begin() as tx:
        taken_back = SignalRow("csv", "two@example.com", AtsStatus.IN_PROCESS, at + DAY, "A-1")
        signals.store(tx, site.company_id, taken_back)
    assert company.call("post", "/company/invitations", body).get_json()["code"] == "not_rejected"


def test_a_key_opens_what_its_scopes_name_and_nothing_else(sqlite_site: Site) -> None:
    site = sqlite_site
    story.register(site)
    story.hand_over(site)
    place = {"referral_id": program(site).call("get", "/agency/referrals").get_json()["referrals"][0]["id"]}
    document = program(site).document
    for scope in Scope:
        if scope in api_keys.OF_COMPANIES:
            key = company_key(site)
        else:
            with site.runtime.begin() as tx:
                key = api_keys.make(tx, agency_id=site.agency_id, scopes=[scope], actor="test")
        one = program(site, key)
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                name = path.partition("{")[2].partition("}")[0]
                given = place if name == "referral_id" else {name: "x"} if name else {}
                response = one.call(method, path[7:], _body(path), idem=f"{scope}{path}", **given)
                if operation["description"] == f"Scope: {scope.value}":
                    assert response.status_code != 403, (scope, path)
                else:
                    assert response.status_code == 403, (scope, path)
                    assert response.get_json()["code"] == "scope"


def _body(path: str) -> Any:
    person = {"summary": "a", "name": "b", "mail": "c@example.com", "agreed_on": "2026-11-01"}
    link = {"recipient": "a@example.com", "rejected_at": "2026-11-01T00:00:00Z"}
    bodies = {"ack": {"answer": "accepted"}, "outcomes": _hired(), "proposal": person, "acts": {"act": "close"}}
    return link if path.endswith("invitations") else bodies.get(path.rpartition("/")[2])


def test_a_revoked_key_opens_nothing(sqlite_site: Site) -> None:
    with sqlite_site.runtime.begin() as tx:
        prefix = sqlite_site.api_key.partition(".")[0]
        api_keys.revoke(tx, prefix, agency_id=sqlite_site.agency_id, actor="test")
    assert program(sqlite_site).call("get", "/agency/referrals").status_code == 401


@pytest.mark.parametrize("key", ["good", "bad"])
def test_too_many_calls_wait(sqlite_site: Site, key: str) -> None:
    settings = sqlite_site.runtime.settings.model_copy(update={"web": Web(api_calls_per_minute=3)})
    context.attach(sqlite_site.app, replace(sqlite_site.runtime, settings=settings))
    one = program(sqlite_site, None if key == "good" else "cr00000000.x")
    # A new minute may begin in the middle, so twice as many as fit.
    statuses = [one.call("get", "/agency/referrals").status_code for _ in range(8 if key == "good" else 130)]
    assert set(statuses) == {200 if key == "good" else 401, 429}


def test_every_code_that_may_be_answered_has_a_meaning(sqlite_site: Site) -> None:
    served = sqlite_site.app.test_client().get("/api/v1/problems").get_json()
    assert served.keys() == PROBLEMS.keys()
    for path in ("/api/v1/nothing", "/api/v1/agency/referrals/x/ack"):
        response = sqlite_site.app.test_client().get(path)
        assert response.mimetype == "application/problem+json"
        assert response.get_json()["code"] in PROBLEMS


def test_an_outcome_is_reported_once_the_candidate_agrees_to_that(sqlite_site: Site) -> None:
    """The contact is released, but the box for outcomes was not ticked; then it is."""
    from sqlalchemy import select

    from crm.consents import consent, consent_texts
    from crm.consents.consent_texts import Purpose
    from crm.tables import CompanyRow, RegistrationRow

    site = sqlite_site
    story.register(site, CANDIDATE)
    story.hand_over(site)
    one = program(site)
    [referral] = one.call("get", "/agency/referrals").get_json()["referrals"]
    place, path = {"referral_id": referral["id"]}, "/agency/referrals/{referral_id}"
    one.call("post", f"{path}/ack", {"answer": "accepted"}, idem="ack", **place)
    assert one.call("post", f"{path}/contact", **place).get_json()["mail"] == CANDIDATE
    assert one.call("post", f"{path}/outcomes", _hired(), idem="o1", **place).get_json()["code"] == "no_consent"
    with site.runtime.begin() as tx:
        registration = tx.session.scalars(select(RegistrationRow)).one()
        company = tx.session.get_one(CompanyRow, site.company_id)
        consent.give(tx, registration, consent_texts.box(company, None, Purpose.OUTCOME, "ja"), "ja")
    future = {"kind": "hired", "happened_on": "2027-01-01"}
    assert one.call("post", f"{path}/outcomes", future, idem="o2", **place).get_json()["code"] == "future"
    told = one.call("post", f"{path}/outcomes", _hired(), idem="o3", **place).get_json()
    assert told["outcomes"] == [{"kind": "hired", "month": "2026-11"}]


def test_a_deletion_is_confirmed(sqlite_site: Site) -> None:
    site = sqlite_site
    manage = story.register(site).path
    story.hand_over(site)
    one = program(site)
    [referral] = one.call("get", "/agency/referrals").get_json()["referrals"]
    candidate = site.stranger()
    candidate.open(manage)
    candidate.press("撤回する")
    place = {"referral_id": referral["id"]}
    told = one.call("post", "/agency/referrals/{referral_id}/deleted", idem="d", **place).get_json()
    assert told["recall_acknowledged_at"] is not None
    events = one.call("get", "/agency/events").get_json()["events"]
    assert [event["type"] for event in events] == ["referral.recalled"]  # the profile does not leave any more
