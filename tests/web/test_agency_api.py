"""The API: an agency's own referrals only, each act once for its key, the contact after the candidate's word."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from werkzeug.test import TestResponse

from crm.agency import agencies
from crm.agency.agencies import NewAgency
from ledger import book
from tests.web import story
from tests.web.conftest import CANDIDATE, Site
from tests.web.snapshot import every_row


def _credits(site: Site) -> int:
    with site.runtime.read() as tx:
        return book.balance(tx, agencies.programme_of(tx, site.company_id, site.agency_id).id).earned


def _get(site: Site, path: str, key: str | None = None) -> TestResponse:
    return site.app.test_client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {key or site.api_key}"})


def _post(site: Site, path: str, body: Any = None, key: str | None = None, idem: str = "one") -> TestResponse:
    headers = {"Authorization": f"Bearer {key or site.api_key}", "Idempotency-Key": idem}
    return site.app.test_client().post(
        f"/api/v1{path}", json=body, headers=headers if idem else headers | {"Idempotency-Key": ""}
    )


def _only(site: Site) -> str:
    (referral,) = _get(site, "/agency/referrals").get_json()["referrals"]
    return str(referral["id"])


def test_accepting_by_the_api_earns_the_credit_once(site: Site) -> None:
    story.register(site)
    story.hand_over(site)
    path = f"/agency/referrals/{_only(site)}/ack"
    first = _post(site, path, {"answer": "accepted"})
    assert (first.status_code, first.get_json()["credited"]) == (200, True)
    before = every_row(site.runtime)
    for _ in range(5):
        again = _post(site, path, {"answer": "accepted"})
        assert again.status_code == 200
        assert again.get_json() == first.get_json()
        assert again.headers["Idempotency-Replayed"] == "true"
    assert every_row(site.runtime) == before
    other = _post(site, path, {"answer": "accepted"}, idem="two")
    assert other.get_json()["credited"] is False
    assert _credits(site) == 1


def test_the_same_key_at_the_same_moment_works_once(site: Site) -> None:
    story.register(site)
    story.hand_over(site)
    path = f"/agency/referrals/{_only(site)}/ack"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: _post(site, path, {"answer": "accepted"}), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert {answer.get_json()["credited"] for answer in answers} == {True}
    assert _credits(site) == 1


def test_a_key_used_for_another_request_is_refused(site: Site) -> None:
    story.register(site)
    story.hand_over(site)
    path = f"/agency/referrals/{_only(site)}/ack"
    _post(site, path, {"answer": "accepted"})
    response = _post(site, path, {"answer": "duplicate"})
    assert (response.status_code, response.get_json()["code"]) == (422, "idempotency_key_reused")


def test_a_refused_act_may_be_tried_again_with_its_key(sqlite_site: Site) -> None:
    story.register(sqlite_site, contact=False)
    story.hand_over(sqlite_site)
    referral = _only(sqlite_site)
    assert _post(sqlite_site, f"/agency/referrals/{referral}/deleted").status_code == 404
    assert _post(sqlite_site, f"/agency/referrals/{referral}/talk").status_code == 200


def test_a_body_that_is_no_answer_is_refused(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    path = f"/agency/referrals/{_only(sqlite_site)}/ack"
    bodies: list[Any] = [{}, {"answer": "perhaps"}, {"answer": "accepted", "more": 1}, [], "accepted", None]
    for body in bodies:
        assert _post(sqlite_site, path, body).status_code == 422, body


def test_a_post_without_its_key_is_refused(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    response = _post(sqlite_site, f"/agency/referrals/{_only(sqlite_site)}/ack", {"answer": "accepted"}, idem="")
    assert (response.status_code, response.get_json()["code"]) == (400, "idempotency_key_missing")


def test_the_feed_goes_on_where_it_was_left(site: Site) -> None:
    for number in range(3):
        story.register(site, f"person{number}@example.com", number + 1)
        site.clock.advance(60)
    story.hand_over(site)
    seen, after = [], ""
    while page := _get(site, f"/agency/referrals?limit=2&after={after}").get_json():
        seen += [referral["id"] for referral in page["referrals"]]
        if not page["referrals"]:
            break
        after = page["next"]
    assert len(seen) == len(set(seen)) == 3
    for wrong in ("bm9uc2Vuc2U", "%E3%81%82", "-1", "1.0", "9" * 40):
        assert _get(site, f"/agency/referrals?after={wrong}").status_code == 422, wrong


def test_the_feed_names_nobody(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    text = _get(sqlite_site, "/agency/referrals").get_data(as_text=True)
    assert "法人営業" in text
    for secret in (CANDIDATE, "花子", "090-0000-0000"):
        assert secret not in text


def test_the_contact_is_read_after_its_release_and_each_look_is_audited(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    path = f"/agency/referrals/{_only(sqlite_site)}"
    assert _post(sqlite_site, f"{path}/contact").status_code == 409
    _post(sqlite_site, f"{path}/ack", {"answer": "accepted"})
    looks = len(every_row(sqlite_site.runtime)["audit_entry"])
    assert _post(sqlite_site, f"{path}/contact").get_json() == {
        "name": "港 花子",
        "phone": "090-0000-0000",
        "mail": CANDIDATE,
    }
    assert len(every_row(sqlite_site.runtime)["audit_entry"]) == looks + 1
    assert "花子" not in repr(every_row(sqlite_site.runtime)["api_replay"])


def test_without_its_key_the_api_is_closed(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    referral = _only(sqlite_site)
    client = sqlite_site.app.test_client()
    acts = [("POST", f"/{referral}/{act}") for act in ("ack", "talk", "contact", "deleted")]
    for key in ("", "wrong", "cr00000000.AAAAAAAAAAAAAAAAAAAAAA", "Bearer"):
        for method, path in (("GET", ""), ("GET", f"/{referral}"), *acts):
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "x"}
            response = client.open(
                f"/api/v1/agency/referrals{path}", method=method, json={"answer": "accepted"}, headers=headers
            )
            assert (response.status_code, response.get_json()["code"]) == (401, "unauthorized"), path
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_agency_sees_its_own_referrals_only(sqlite_site: Site) -> None:
    story.register(sqlite_site)
    story.hand_over(sqlite_site)
    referral = _only(sqlite_site)
    from datetime import date

    with sqlite_site.runtime.begin() as tx:
        other = agencies.add(
            tx,
            sqlite_site.company_id,
            NewAgency(
                name="つばめ人材株式会社",
                licence_no="27-ユ-300001",
                licence_expires_on=date(2030, 1, 31),
                mail="tsubame@example.com",
                with_api_key=True,
            ),
        )
    assert other.api_key is not None
    assert _get(sqlite_site, "/agency/referrals", other.api_key).get_json()["referrals"] == []
    assert _get(sqlite_site, f"/agency/referrals/{referral}", other.api_key).status_code == 404
    for act, body in (("ack", {"answer": "accepted"}), ("talk", None), ("contact", None), ("deleted", None)):
        response = _post(sqlite_site, f"/agency/referrals/{referral}/{act}", body, other.api_key, idem=act)
        assert (response.status_code, response.get_json()["code"]) == (404, "not_found")


def test_a_replay_never_gives_the_profile_again(site: Site) -> None:
    manage = story.register(site, contact=False).path
    story.hand_over(site)
    path = f"/agency/referrals/{_only(site)}"
    acts = [("ack", {"answer": "accepted"}), ("talk", None)]
    for act, body in acts:
        assert _post(site, f"{path}/{act}", body, idem=act).status_code == 200
    assert _get(site, path).get_json()["profile"] is not None
    candidate = site.stranger()
    candidate.open(manage)
    candidate.press("撤回する")
    assert _post(site, f"{path}/deleted", idem="deleted").status_code == 200
    for act, body in (*acts, ("deleted", None)):
        again = _post(site, f"{path}/{act}", body, idem=act)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "法人営業" not in again.get_data(as_text=True), act
    assert "法人営業" not in repr(every_row(site.runtime)["api_replay"])
