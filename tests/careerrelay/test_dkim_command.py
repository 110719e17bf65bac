"""`careerrelay dkim`, as an admin uses it: publish, check, activate, rotate, go back; against a real name server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.zone
import pytest

from tests.careerrelay.command_line import Installation, add_company
from tests.nameserver import NameServer, name_server, txt

ACTIVATED = "signs for example.co.jp from now on"


@pytest.fixture
def server() -> Iterator[NameServer]:
    with name_server() as running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, server: NameServer) -> Installation:
    return Installation(tmp_path / "home", DNS__NAMESERVERS=server.address, DNS__TIMEOUT_S="2")


@pytest.fixture
def company_id(installation: Installation) -> str:
    return str(add_company(installation))


def prepare(installation: Installation, company_id: str, *more: str) -> Any:
    return installation.json("dkim", "prepare", company_id, "--domain", "example.co.jp", *more)


def publish(server: NameServer, key: Any, text: str | None = None) -> None:
    server.zone[key["dns_name"], "TXT"] = [txt(text or key["dns_value"])]


def states(installation: Installation) -> dict[str, str]:
    return {key["id"]: key["state"] for key in installation.json("dkim", "list")}


def test_from_no_key_to_signing(installation: Installation, company_id: str, server: NameServer) -> None:
    key = prepare(installation, company_id, "--selector", "cr1")
    assert key["dns_name"] == "cr1._domainkey.example.co.jp"
    assert "".join(key["dns_strings"]) == key["dns_value"]
    (line,) = installation.refused("dkim", "activate", key["id"])
    assert "there is no TXT record" in line
    publish(server, key, key["dns_value"][:255])
    result = installation.run("dkim", "check")
    assert (result.exit_code, result.stdout) == (1, f"{key['dns_name']}: p= is another key, or was cut or mistyped\n")
    publish(server, key)
    (finding,) = installation.json("dkim", "check", key["dns_name"])
    assert (finding["published"], finding["detail"]) == ("same", "")
    assert states(installation) == {key["id"]: "prepared"}, "to check changes nothing"
    assert ACTIVATED in installation.good("dkim", "activate", key["id"])
    assert states(installation) == {key["id"]: "active"}


@pytest.mark.parametrize("algorithm", ["rsa2048", "ed25519"])
def test_the_line_for_the_zone_file_is_one(installation: Installation, company_id: str, algorithm: str) -> None:
    key = prepare(installation, company_id, "--algorithm", algorithm)
    (line,) = installation.good("dkim", "list", "--records").splitlines()
    zone = dns.zone.from_text(f"{line}\n", "example.co.jp", check_origin=False)
    (record,) = zone.find_rdataset(key["dns_name"].removesuffix(".example.co.jp"), "TXT")
    assert b"".join(record.strings).decode() == key["dns_value"]
    assert all(len(piece) <= 255 for piece in record.strings)


def test_what_is_printed_for_a_person(installation: Installation, company_id: str) -> None:
    shown = installation.good("dkim", "prepare", company_id, "--domain", "example.co.jp")
    (key,) = installation.json("dkim", "list")
    for text in (key["dns_name"], *key["dns_strings"], key["zone_line"], f"careerrelay dkim activate {key['id']}"):
        assert text in shown
    assert "PRIVATE" not in shown
    headings, row = installation.good("dkim", "list").splitlines()
    assert headings.split() == ["id", "company", "domain", "selector", "algorithm", "state", "since"]
    assert row.split()[:6] == [key["id"], company_id, "example.co.jp", key["selector"], "rsa2048", "prepared"]
    assert installation.good("dkim", "list", "--company", "99") == "(none)\n"


def test_rotation_and_the_way_back(installation: Installation, company_id: str, server: NameServer) -> None:
    first, second = prepare(installation, company_id), prepare(installation, company_id)
    for key in (first, second):
        publish(server, key)
    assert installation.json("dkim", "activate", first["id"])["retired"] == []
    shown = installation.good("dkim", "activate", second["id"])
    assert f"key {first['id']} is retired; leave {first['dns_name']} in the DNS until " in shown
    assert states(installation) == {first["id"]: "retired", second["id"]: "active"}
    checked = installation.json("dkim", "check")
    assert [one["id"] for one in checked] == [second["id"]], "retired keys are not asked for"
    installation.good("dkim", "activate", first["id"])
    assert states(installation) == {first["id"]: "active", second["id"]: "retired"}
    assert "signs no more" in installation.good("dkim", "retire", first["dns_name"])
    assert states(installation) == {first["id"]: "retired", second["id"]: "retired"}
    never = prepare(installation, company_id)
    assert "it never signed" in installation.good("dkim", "retire", never["id"])


def test_resign_needs_a_key_and_tells_when_it_goes(installation: Installation, company_id: str) -> None:
    (line,) = installation.refused("company", "set", company_id, "--signed-mail", "resign")
    assert line.startswith("careerrelay: signed mail resign: no active DKIM key for example.co.jp; `careerrelay dkim")
    (line,) = installation.refused("company", "set", company_id, "--dkim-sign", "all")
    assert "no active DKIM key" in line
    assert installation.json("company", "list")[0]["signed_mail"] == "leave", "refused as a whole"
    key = prepare(installation, company_id)
    installation.good("dkim", "activate", key["id"], "--without-check")
    changed = installation.json("company", "set", company_id, "--signed-mail", "resign", "--dkim-sign", "all")
    assert (changed["signed_mail"], changed["dkim_sign"]) == ("resign", "all")
    warnings = installation.json("dkim", "retire", key["id"])["warnings"]
    assert [warning.partition(" (")[0] for warning in warnings] == [
        "mail that arrives signed by example.co.jp is no longer edited",
        "mail of example.co.jp leaves without our signature",
    ]
    back = installation.json("company", "set", company_id, "--signed-mail", "leave")
    assert back["signed_mail"] == "leave", "the way back is open without a key"


def test_a_dns_that_does_not_answer_is_no_missing_record(installation: Installation, company_id: str) -> None:
    key = prepare(installation, company_id)
    with name_server() as gone:
        pass
    installation.env |= {"CAREERRELAY_DNS__NAMESERVERS": gone.address, "CAREERRELAY_DNS__TIMEOUT_S": "0.3"}
    for arguments in (("check",), ("activate", key["id"])):
        (line,) = installation.refused("dkim", *arguments)
        assert line.startswith(f"careerrelay: the DNS gives no answer about {key['dns_name']}")
    assert ACTIVATED in installation.good("dkim", "activate", key["id"], "--without-check")


def test_what_does_not_exist(installation: Installation, company_id: str) -> None:
    for arguments in (("activate", "x"), ("retire", "x"), ("check", "x")):
        assert installation.refused("dkim", *arguments) == ["careerrelay: there is no DKIM key x"]
    (line,) = installation.refused("dkim", "prepare", company_id, "--domain", "example.com")
    assert line.startswith("careerrelay: example.com is not a sender domain of company")
    assert installation.json("dkim", "check") == []
