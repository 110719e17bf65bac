"""What a program or an agency's person may send that no database, zone or calendar can hold: refused, never a fault."""

from typing import Any

from sqlalchemy import select

from crm.agency import api_keys, webhooks
from crm.consents import consent, consent_texts
from crm.consents.consent_texts import Purpose
from crm.slots import introductions
from crm.slots.introductions import By
from crm.tables import CompanyRow, RegistrationRow
from tests.web import story
from tests.web.conftest import Site
from tests.web.test_agency_api import _get, _only, _post
from tests.web.test_odd_input import seated
from tests.web.test_openapi import slot

#: What is no request: of the wrong shape, of the wrong letters, too deep, too much.
NONSENSE = (
    b"",
    b"null",
    b"[1]",
    b"[" * 100_000 + b"]" * 100_000,
    b"[" + b"1," * 100_000 + b"1]",
    b'{"answer": NaN}',
    b'{"answer": ' + b"9" * 5_000 + b"}",
    b'{"answer": "\\ud800"}',
    b'{"\\u0000": 1}',
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{",
    b"answer=accepted",
)


def _status(site: Site, path: str, data: bytes, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "odd"}
    return site.app.test_client().post(f"/api/v1{path}", data=data, headers=headers).status_code


def _company_key(site: Site) -> str:
    with site.runtime.begin() as tx:
        return api_keys.make(tx, company_id=site.company_id, actor="test")


def test_a_body_of_any_shape_is_refused(sqlite_site: Site) -> None:
    site, key = sqlite_site, _company_key(sqlite_site)
    for data in NONSENSE:
        assert _status(site, "/agency/referrals/x/ack", data, site.api_key) == 422, data[:20]
        assert _status(site, "/company/invitations", data, key) == 422, data[:20]
    for act in ("ack", "talk"):
        assert _status(site, f"/agency/referrals/x/{act}", b"x" * 300_000, site.api_key) == 413


def test_a_link_is_asked_for_with_words_and_a_time_that_can_be_kept(site: Site) -> None:
    key = _company_key(site)
    good = {"recipient": "a@example.com", "rejected_at": "2026-11-01T00:00:00Z"}
    odd: tuple[dict[str, Any], ...] = (
        {"application": "a\0b"},
        {"recipient": "a\0@example.com"},
        {"recipient": "a@example.com\r\nBcc: b@example.com"},
        {"rejected_at": "0001-01-01T00:00:00+12:00"},
        {"rejected_at": "2024-01-01T00:00:00Z"},
        {"rejected_at": "9999-12-31T23:59:59-12:00"},
    )
    for number, change in enumerate(odd):
        answer = _post(site, "/company/invitations", good | change, key, idem=f"i{number}")
        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid"), change
    assert _post(site, "/company/invitations", good, key).get_json()["state"] == "issued"


def test_a_key_with_odd_letters_is_nobodys(site: Site) -> None:
    for key in ("cr\0.x", "é", " ", "x" * 100_000, site.api_key + "x", site.api_key.partition(".")[0]):
        assert _get(site, "/agency/events", key).status_code == 401


def test_an_outcome_before_the_hand_over_is_refused_by_api_and_at_the_desk(sqlite_site: Site) -> None:
    """One in year 1 would be kept, and each page and feed that shows it would fail from then on."""
    site = sqlite_site
    story.register(site)
    story.hand_over(site)
    referral = _only(site)
    _post(site, f"/agency/referrals/{referral}/ack", {"answer": "accepted"})
    with site.runtime.begin() as tx:
        registration = tx.session.scalars(select(RegistrationRow)).one()
        company = tx.session.get_one(CompanyRow, site.company_id)
        consent.give(tx, registration, consent_texts.box(company, None, Purpose.OUTCOME, "ja"), "ja")
    for number, day in enumerate(("0001-01-01", "2026-10-31")):
        told = {"kind": "interviewed", "happened_on": day}
        answer = _post(site, f"/agency/referrals/{referral}/outcomes", told, idem=f"o{number}")
        assert (answer.status_code, answer.get_json()["code"]) == (409, "before_hand_over")
    browser, token = seated(site)
    typed = {"csrf_token": token, "kind": "interviewed", "month": "0001-01"}
    browser.client.post(f"/agency/referrals/{referral}/outcome", data=typed)
    assert "お渡しした月より前" in browser.open(f"/agency/referrals/{referral}").text
    [listed] = _get(site, "/agency/referrals").get_json()["referrals"]
    assert listed["outcomes"] == []


def test_an_interview_has_a_time_near_today(site: Site) -> None:
    need = slot(site)
    person = {"summary": "経理12年。", "name": "港 花子", "mail": "h@example.com", "agreed_on": "2026-11-01"}
    assert _post(site, f"/agency/introductions/{need}/proposal", person, idem="p").status_code == 200
    with site.runtime.begin() as tx:
        introductions.accept(tx, need, By("company", site.company_id, "user:1"))
    for number, at in enumerate(("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+12:00")):
        told = {"act": "schedule", "interview_at": at}
        assert _post(site, f"/agency/introductions/{need}/acts", told, idem=f"s{number}").status_code == 422
    desk, token = seated(site)
    admin = site.signed_in("admin")
    page = f"/console/introductions/{need}"
    admin.open(page)
    [own] = {dict(form.fields)["csrf_token"] for form in admin.page.forms if "csrf_token" in dict(form.fields)}
    for at in ("9999-12-31T23:59", "0001-01-01T00:00"):
        typed = {"csrf_token": token, "act": "schedule", "interview_at": at}
        assert desk.client.post(f"/agency/introductions/{need}/acts", data=typed).status_code == 303
        typed = {"csrf_token": own, "interview_at": at}
        assert admin.client.post(f"{page}/schedule", data=typed).status_code == 303
    with site.runtime.read() as tx:
        assert introductions.get(tx, "agency", site.agency_id, need).interview_at is None


def test_odd_words_in_an_admins_forms_are_told(site: Site) -> None:
    browser = site.signed_in("admin")
    page = f"/console/agencies/{site.agency_id}"
    browser.open(page)
    [token] = {dict(form.fields)["csrf_token"] for form in browser.page.forms if "csrf_token" in dict(form.fields)}
    for url in ("https://[::1", "https://[v1.x/", "https://a:99999/", "https://exa mple.jp/", "file:///etc/passwd"):
        typed = {"csrf_token": token, "url": url}
        assert browser.client.post(f"{page}/webhook", data=typed).status_code == 303
    with site.runtime.read() as tx:
        assert webhooks.get(tx, site.agency_id) is None
    typed = {"csrf_token": token, "referral": "a\0b", "reason": "fraud"}
    assert browser.client.post("/console/ledger/1/reverse", data=typed).status_code == 303
