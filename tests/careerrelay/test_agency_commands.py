"""An agency's webhook and keys from the command line: secrets once, events listed, sent again, stopped."""

from pathlib import Path

from sqlalchemy import select

from careerrelay import opening
from core.setting_sources import load
from crm.agency import api_keys
from crm.tables import ApiKeyRow
from tests.careerrelay.command_line import Installation, add_agency, add_company

URL = "https://agency.example.org/careerrelay"


def test_a_webhook_is_set_rotated_tested_sent_again_and_removed(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    agency = str(add_agency(installation, add_company(installation))["id"])
    first = installation.json("agency", "webhook", "set", agency, URL)
    assert first["secret"].startswith("whsec_")
    assert set(installation.json("agency", "webhook", "set", agency, f"{URL}/2")) == {"agency_id"}
    second = installation.json("agency", "webhook", "rotate", agency)
    assert second["secret"] not in ("", first["secret"])
    event = installation.json("agency", "webhook", "test", agency)
    shown = installation.json("agency", "webhook", "show", agency)
    assert (shown["url"], shown["events"][0]["id"]) == (f"{URL}/2", event["id"])
    assert shown["events"][0]["delivery"] == "waiting"
    assert installation.json("agency", "webhook", "resend", agency, event["id"])["tries"] == 0
    for secret in (first["secret"], second["secret"]):
        assert secret not in installation.good("agency", "webhook", "show", agency)
    installation.good("agency", "webhook", "remove", agency)
    for arguments in (("show", agency), ("test", agency), ("resend", agency, event["id"]), ("rotate", agency)):
        assert len(installation.refused("agency", "webhook", *arguments)) == 1
    assert "https://" in installation.refused("agency", "webhook", "set", agency, "ftp://x")[0]


def test_keys_have_scopes_and_end(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    company = add_company(installation)
    agency = str(add_agency(installation, company)["id"])
    key = installation.json("api-key", "add", "--agency", agency, "--scope", "referrals:read")["api_key"]
    (listed,) = installation.json("api-key", "list", "--agency", agency)
    assert (listed["prefix"], listed["scopes"]) == (key.partition(".")[0], ["referrals:read"])
    assert key not in installation.good("api-key", "list", "--agency", agency)
    installation.good("api-key", "revoke", listed["prefix"], "--agency", agency)
    with opening.opened(load(env=installation.env)) as runtime, runtime.begin() as tx:
        made = api_keys.make(tx, agency_id=int(agency), actor="user:1")
        row = tx.session.scalar(select(ApiKeyRow).where(ApiKeyRow.prefix == made.partition(".")[0]))
        assert row is not None
        row.reach_company_id = company  # as an admin of this company could make it before
    shown = installation.good("api-key", "list", "--agency", agency).splitlines()
    assert [("revoked" in line, f"company {company}" in line) for line in shown[1:]] == [(False, True), (True, False)]
    installation.good("api-key", "add", "--company", str(company))
    refused = (
        ("add", "--company", str(company), "--scope", "referrals:read"),
        ("revoke", listed["prefix"], "--company", str(company)),
    )
    for arguments in refused:
        assert len(installation.refused("api-key", *arguments)) == 1
    assert installation.run("api-key", "list").exit_code == 2


def test_how_an_agency_hears_of_profiles_and_stopping_it(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    agency = str(add_agency(installation, add_company(installation))["id"])
    assert installation.json("agency", "mails", agency, "digest")["mails"] == "digest"
    assert "nobody would hear" in installation.refused("agency", "mails", agency, "none")[0]
    installation.good("agency", "webhook", "set", agency, URL)
    assert installation.json("agency", "mails", agency, "none")["mails"] == "none"
    installation.good("agency", "webhook", "remove", agency)
    (listed,) = installation.json("agency", "list")
    assert listed["mails"] == "each"  # or nobody would hear of a profile
    assert installation.json("agency", "suspend", agency)["suspended"] is True
    assert installation.json("agency", "suspend", agency, "--off")["suspended"] is False
