"""No form works without its token, and no page that changes something answers to GET."""

import re

import pytest

from tests.web import story
from tests.web.conftest import Site
from tests.web.snapshot import every_row

_ANY_OF = re.compile(r"<any\((\w+)[^>]*>")


def _posts(site: Site) -> list[str]:
    """Every address of ours that takes a POST, but for the API (its key is no cookie)."""
    return sorted(
        rule.rule
        for rule in site.app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")
    )


def test_a_form_without_its_token_is_refused_everywhere(site: Site) -> None:
    offer = site.offer()
    manage = story.register(site).path.rpartition("/")[2]
    agency = story.hand_over(site).rpartition("/")[2]
    values: dict[str, object] = {"token": offer.relay_url.rpartition("/")[2], "mail_id": 1, "slot_id": "x"}
    values |= {"company_id": site.company_id, "agency_id": site.agency_id, "programme_id": 1}
    values |= {"act": "redeem", "referral_id": "x", "sentence_id": 1}
    browser = site.signed_in("admin")
    before = every_row(site.runtime)
    rules = _posts(site)
    assert len(rules) > 20
    for rule in rules:
        own = {"/m/": manage, "/agency/": agency, "/u/": offer.optout_url.rpartition("/")[2]}
        token = next((own[start] for start in own if rule.startswith(start)), values["token"])
        path = rule
        for name, value in (values | {"token": token}).items():
            path = path.replace(f"<{name}>", str(value)).replace(f"<int:{name}>", str(value))
        path = re.sub(r"<int:\w+>", "1", _ANY_OF.sub(r"\1", path))  # any will do: it ends before the view
        for data in ({}, {"csrf_token": "wrong"}):
            response = browser.client.post(path, data=data)
            assert response.status_code == 400, path
            assert "画面の有効時間が過ぎました" in response.get_data(as_text=True)
    assert every_row(site.runtime) == before


def test_a_token_of_another_visitor_opens_nothing(sqlite_site: Site) -> None:
    link = sqlite_site.path(sqlite_site.offer().optout_url)
    stolen = sqlite_site.stranger()
    stolen.open(link)
    token = dict(stolen.page.forms[0].fields)["csrf_token"]
    response = sqlite_site.app.test_client().post(link, data={"csrf_token": token})
    assert response.status_code == 400


@pytest.mark.parametrize("hours", [5])
def test_an_old_page_says_how_to_go_on(sqlite_site: Site, hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = sqlite_site.stranger()
    browser.open(sqlite_site.path(sqlite_site.offer().optout_url))
    import time

    later = time.time() + hours * 3600
    monkeypatch.setattr("time.time", lambda: later)
    browser.press("案内を受け取らない")
    assert browser.status == 400
    assert "もう一度開く" in browser.page.text
