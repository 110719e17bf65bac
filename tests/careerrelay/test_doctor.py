"""`careerrelay doctor`: what it finds on a machine, in a running installation, and about mail that stays unchanged."""

import json
import re
import smtplib
import string
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from careerrelay import opening, schema
from careerrelay.doctor import dns_checks, machine
from careerrelay.doctor.finding import Level, words
from careerrelay.doctor.patient import Patient
from core import sqlite
from core.db import Database
from core.resolver import Resolver
from core.setting_sources import load
from crm.agency import agencies
from crm.registry import companies
from crm.tables import AgencyRow
from tests.careerrelay.command_line import Installation, add_agency, add_company
from tests.careerrelay.running import Running, eventually, serving
from tests.gateway.chaos_hop import Hop, Hops
from tests.gateway.sink import Sink
from tests.nameserver import NameServer, name_server, txt
from tests.servers import PostgresServer, free_port

PACKAGE = Path(machine.__file__).parent
SIGNATURE = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.co.jp; s=s1; h=from; bh=AA==; b=AA==\r\n"
REJECTION = (
    "From: hr@example.co.jp\r\nTo: {to}\r\nSubject: =?utf-8?B?6YG46ICD57WQ5p6c?=\r\nMIME-Version: 1.0\r\n"
    "X-CareerRelay: rejection\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    "山田 太郎 様\r\n\r\nこのたびは弊社の選考にご応募いただき、誠にありがとうございました。\r\n"
    "慎重に検討を重ねました結果、誠に残念ながら、今回は採用を見送らせていただくこととなりました。\r\n"
)


@pytest.fixture
def dns() -> Iterator[NameServer]:
    with name_server({("example.co.jp", "TXT"): [txt("v=spf1 ip4:192.0.2.0/24 -all")]}) as server:
        yield server


def examined(installation: Installation, *more: str, status: int | None = None) -> list[dict[str, Any]]:
    result = installation.run("doctor", "--json", "--lang", "en", *more)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    if status is not None:
        assert result.exit_code == status, result.output
    found = json.loads(result.stdout)
    assert isinstance(found, list)
    return found


def about(found: list[dict[str, Any]], check: str) -> list[tuple[str, str]]:
    return [(line["level"], line["finding"]) for line in found if line["check"] == check]


def test_a_bare_machine_fails_with_what_to_do(tmp_path: Path) -> None:
    nobody = {"SMTP__LISTEN": f"127.0.0.1:{free_port()}", "RELAY__NEXT_HOP": f"smtp://127.0.0.1:{free_port()}"}
    found = examined(Installation(tmp_path / "home", **nobody), status=1)
    for check in ("home", "keys", "database", "smtp", "next_hop"):
        (line,) = [line for line in found if line["check"] == check]
        assert line["level"] == "fail"
        assert line["to_do"]
    assert not (tmp_path / "home").exists(), "it changes nothing"


def test_wrong_settings_are_listed_instead_of_a_crash(tmp_path: Path) -> None:
    found = examined(Installation(tmp_path / "home", SMTP__LISTEN="nowhere", ADMIN__TIMEZONE="Mars"), status=1)
    assert about(found, "settings") == [("fail", "wrong")] * 2
    assert any("ADMIN__TIMEZONE" in line["meaning"] for line in found)


def test_a_running_installation_is_looked_over(tmp_path: Path, dns: NameServer) -> None:
    port, web = free_port(), free_port()
    settings = {"DNS__NAMESERVERS": dns.address, "SMTP__LISTEN": f"127.0.0.1:{port}", "WEB__LISTEN": f"127.0.0.1:{web}"}
    settings["WEB__BASE_URL"] = f"http://127.0.0.1:{web}"
    with serving(tmp_path / "home", processes=1, **settings) as (running, sink):
        more = {"SPOOL__FREE_BYTES_MIN": "0", "RELAY__NEXT_HOP": f"smtp://127.0.0.1:{sink.port}"}
        installation = Installation(tmp_path / "home", **settings, **more)
        add_agency(installation, 1)
        found = examined(installation, status=0)
        assert about(found, "smtp") == about(found, "web") == [("ok", "answers")]
        assert about(found, "reached") == [("ok", "good")]
        assert about(found, "next_hop") == [("ok", "takes")]
        assert about(found, "spf") == [("ok", "inside")]
        assert about(found, "dmarc") == [("ok", "none")]
        assert about(found, "agency") == [("ok", "good")]
        assert about(found, "signals") == [("warn", "none")]
        assert about(found, "traffic") == [("warn", "none")]
        assert about(found, "queue") == [("ok", "empty")]
        _signed_mail_is_explained(installation, running, dns)
        _a_switch_is_shown(installation)


def _signed_mail_is_explained(installation: Installation, running: Running, dns: NameServer) -> None:
    installation.good("company", "set", "1", "--mode", "auto")
    dns.zone["_dmarc.example.co.jp", "TXT"] = [txt("v=DMARC1; p=reject")]
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=20) as client:
        for name, head in (("taro", SIGNATURE), ("jiro", b"")):
            raw = head + REJECTION.format(to=f"{name}@example.com").encode()
            client.sendmail("hr@example.co.jp", [f"{name}@example.com"], raw, mail_options=["BODY=8BITMIME"])
    assert eventually(lambda: not installation.json("queue", "list"))
    found = examined(installation, status=0)
    (trial,) = [line for line in found if line["check"] == "trial"]
    assert (trial["level"], trial["finding"]) == ("warn", "signed")
    assert (trial["values"]["count"], trial["values"]["tried"], trial["values"]["by"]) == (1, 2, "example.co.jp")
    (unchanged,) = [line for line in found if line["check"] == "unchanged"]
    assert (unchanged["level"], unchanged["values"]["count"]) == ("warn", 1)
    assert about(found, "dmarc") == [("warn", "enforced")]
    (traffic,) = [line for line in found if line["check"] == "traffic"]
    assert {name: traffic["values"][name] for name in ("received", "judged", "edited")} == {
        "received": 2,
        "judged": 2,
        "edited": 1,
    }


def _a_switch_is_shown(installation: Installation) -> None:
    installation.good("bypass", "on", "--company", "1")
    assert about(examined(installation), "mode") == [("warn", "bypass_company"), ("ok", "auto")]
    installation.good("bypass", "on")
    assert ("warn", "bypass_everybody") in about(examined(installation), "mode")
    installation.good("bypass", "off")
    installation.good("bypass", "off", "--company", "1")
    assert about(examined(installation), "mode") == [("ok", "auto")]


def test_what_is_wrong_with_a_company(tmp_path: Path, dns: NameServer) -> None:
    hop = f"smtp://127.0.0.1:{free_port()}"
    installation = Installation(tmp_path / "home", DNS__NAMESERVERS=dns.address, RELAY__NEXT_HOP=hop)
    first = add_company(installation)
    own_hop = f"smtp://127.0.0.1:{free_port()}"
    closed = ("company", "add", "--name", "Closed", "--sender-domain", ".example.org", "--next-hop", own_hop)
    second = installation.json(*closed)["id"]
    dns.zone["example.org", "TXT"] = [txt("v=spf1 -all"), txt("v=spf1 a -all")]
    found = examined(installation, status=1)
    assert [(line["company"], line["finding"]) for line in found if line["check"] == "next_hop"] == [
        (None, "refuses"),
        (second, "refuses"),
    ]
    assert [(line["company"], line["finding"]) for line in found if line["check"] == "entrance"] == [
        (first, "open"),
        (second, "closed"),
    ]
    assert [line["finding"] for line in found if line["check"] == "senders"] == ["set", "none"]
    assert [line["finding"] for line in found if line["check"] == "spf"] == ["inside", "several"]
    assert {line["company"] for line in examined(installation, "--company", str(first))} == {None, first}
    assert installation.refused("doctor", "--company", "99") == ["careerrelay: there is no company 99"]


@pytest.mark.parametrize(
    ("record", "level", "finding"),
    [
        ("v=spf1 ip4:8.8.8.8 -all", "ok", "names"),
        ("v=spf1 ip4:192.0.2.1 -all", "warn", "lacks"),
        ("v=spf1 exists:%{i}.example.net -all", "warn", "perhaps"),
        ("v=spf1 include:example.co.jp -all", "fail", "broken"),
        (None, "warn", "none"),
    ],
)
def test_spf_for_a_next_hop_with_a_public_address(
    tmp_path: Path, dns: NameServer, record: str | None, level: str, finding: str
) -> None:
    dns.zone["example.co.jp", "TXT"] = [txt(record)] if record else []
    dns.zone["out.example.net", "A"] = ["8.8.8.8"]
    installation = Installation(tmp_path / "home", DNS__NAMESERVERS=dns.address)
    # The installation's next hop is closed; the company's is never connected to, only its name is looked up.
    company = add_company(installation)
    settings = load(env=installation.env)
    with opening.opened(settings) as runtime, runtime.begin() as tx:
        view = companies.change(tx, company, next_hop="smtp://out.example.net:25")
    patient = Patient(settings, None, [view], Resolver(settings))
    (found,) = [one for one in dns_checks.domains(patient, view) if one.check == "spf"]
    assert (found.level.value, found.text) == (level, finding)


def test_no_dns_is_a_warning(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    installation = Installation(tmp_path / "home", DNS__NAMESERVERS=nobody, DNS__TIMEOUT_S="0.2")
    add_company(installation)
    found = examined(installation)
    assert about(found, "spf") == about(found, "dmarc") == [("warn", "no_answer")]


def test_open_doors_of_the_data_directory(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    add_company(installation)
    settings = load(env=installation.env)
    assert next(machine.home(settings)).text == "good"
    (tmp_path / "home").chmod(0o755)
    settings.keys_file.chmod(0o644)
    found = next(machine.home(settings))
    assert (found.level, found.text) == (Level.WARN, "open")
    assert [(one.level, one.text) for one in machine.key_ring(settings, new=False)] == [(Level.WARN, "open")]
    full = load(env=installation.env | {"CAREERRELAY_SPOOL__FREE_BYTES_MIN": str(2**60)})
    assert [(one.level, one.text) for one in machine.home(full)][1] == (Level.FAIL, "full")


def test_a_database_that_is_away_or_old(tmp_path: Path, postgres_server: PostgresServer) -> None:
    empty = postgres_server.url("postgres")
    (found,) = machine.database(load(env={"CAREERRELAY_HOME": str(tmp_path), "CAREERRELAY_DATABASE_URL": empty}))
    assert (found.level, found.text) == (Level.FAIL, "version"), "an empty one"
    nobody = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none"
    (found,) = machine.database(load(env={"CAREERRELAY_HOME": str(tmp_path), "CAREERRELAY_DATABASE_URL": nobody}))
    assert (found.level, found.text) == (Level.FAIL, "silent")


def test_a_damaged_database_file_is_a_finding_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{free_port()}")
    add_company(installation)
    file = tmp_path / "home" / "careerrelay.sqlite3"
    good = file.read_bytes()
    for name, damaged in {
        "no database": b"not a database" * 1000,
        "its pages are gone": good[:4096] + b"\xff" * (len(good) - 4096),
    }.items():
        file.write_bytes(damaged)
        for beside in ("-wal", "-shm"):
            file.with_name(file.name + beside).unlink(missing_ok=True)
        found = examined(installation, status=1)
        assert ("fail", "damaged") in about(found, "database"), name
        assert about(found, "next_hop") == [("fail", "refuses")], name
        (line,) = installation.refused("company", "list")
        assert line.startswith(f"careerrelay: the database {file} is damaged ("), name
        assert file.read_bytes() == damaged, name


def test_an_agency_that_is_there_but_may_not_act_is_not_told_as_missing(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    company = add_company(installation)
    assert about(examined(installation), "agency") == [("warn", "none")]
    agency = str(add_agency(installation, company)["id"])
    installation.good("agency", "suspend", agency)
    (found,) = [line for line in examined(installation) if line["check"] == "agency"]
    assert (found["level"], found["finding"]) == ("warn", "suspended")
    assert "Mirai Career" in found["meaning"]
    with opening.opened(load(env=installation.env)) as runtime, runtime.begin() as tx:
        agencies.suspend(tx, int(agency), on=False)
        tx.session.execute(update(AgencyRow).values(licence_expires_on=date(2020, 1, 1)))
    assert about(examined(installation), "agency") == [("warn", "ended")]


def test_damage_that_nobody_has_met_yet_is_found(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    add_company(installation)
    file = tmp_path / "home" / "careerrelay.sqlite3"
    good = file.read_bytes()
    half = len(good) // 8192 * 4096
    file.write_bytes(good[:half] + b"\xff" * 16384 + good[half + 16384 :])
    installation.good("company", "list")
    assert ("fail", "damaged") in about(examined(installation, status=1), "database")


def test_a_large_database_is_looked_through_for_a_while_only(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    add_company(installation)
    url = f"sqlite+pysqlite:///{tmp_path / 'home' / 'careerrelay.sqlite3'}"
    with closing(Database(url)) as db, db.connection(write=False) as connection:
        assert sqlite.damage(connection, within_s=-1.0) is None
        assert sqlite.damage(connection, within_s=10.0) == "", "the connection goes on"


def test_a_ring_that_is_gone_is_no_fault_of_the_database(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    add_company(installation)
    (tmp_path / "home" / "keys" / "ring.json").unlink()
    found = examined(installation, status=1)
    assert about(found, "keys") == [("fail", "unusable")]
    assert about(found, "database") == [("ok", "good")]
    (line,) = [line for line in found if line["check"] == "keys"]
    assert "backup" in line["to_do"]
    assert "migrate" not in line["to_do"], "it refuses where data is"
    new = examined(Installation(tmp_path / "nowhere"), status=1)
    assert about(new, "keys") == [("fail", "none")]


def test_what_is_wrong_with_the_version_has_its_own_advice() -> None:
    codes = {schema.ABSENT, schema.OLDER, schema.NEWER, schema.CLOSED}
    assert set(machine.DATABASE_TEXTS) == codes
    advice = {text: words()["find"]["database"][text]["do_en"] for text in machine.DATABASE_TEXTS.values()}
    assert "migrate" in advice["version"]
    assert not any("migrate" in advice[text] for text in ("newer", "closed"))


def test_another_server_on_our_port_is_not_taken_for_ours(tmp_path: Path) -> None:
    with Sink() as other:
        installation = Installation(tmp_path / "home", SMTP__LISTEN=f"127.0.0.1:{other.port}")
        add_company(installation)
        assert about(examined(installation, status=1), "smtp") == [("fail", "foreign")]


def test_a_next_hop_that_takes_less_than_we_do(tmp_path: Path) -> None:
    hop = Hop()
    hop.extensions = ("8BITMIME", "SIZE 1000")
    with Hops(hop):
        installation = Installation(tmp_path / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{hop.port}")
        add_company(installation)
        (found, _) = [line for line in examined(installation) if line["check"] == "next_hop"]
        assert (found["level"], found["finding"]) == ("warn", "size")
        assert "SMTP__MESSAGE_BYTES_MAX=1000" in found["to_do"]


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("relay.example.jp", "good"),
        ("localhost", "local"),
        ("relay", "local"),
        ("localhost.localdomain", "local"),
        ("printer.local", "local"),
    ],
)
def test_the_name_we_greet_with(tmp_path: Path, name: str, finding: str) -> None:
    settings = load(env={"CAREERRELAY_HOME": str(tmp_path), "CAREERRELAY_SMTP__HOSTNAME": name})
    assert [one.text for one in machine.hostname(settings)] == [finding]


@pytest.mark.parametrize(
    ("skew_s", "level"),
    [(0, Level.OK), (1.5, Level.OK), (-1.5, Level.OK), (5, Level.WARN), (-5, Level.WARN), (90, Level.FAIL)],
)
def test_clocks_that_differ(skew_s: float, level: Level) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    before, after = now - timedelta(seconds=0.2), now + timedelta(seconds=0.2)
    assert machine.clock_skew(before, now + timedelta(seconds=skew_s), after).level is level


def test_the_table_for_people_speaks_both_languages(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    english, japanese = (installation.run("doctor", "--lang", lang).stdout for lang in ("en", "ja"))
    assert "FAIL  data directory" in english
    assert "→ Create it" in english
    assert "データディレクトリ" in japanese
    for lines, title in ((english, "public address"), (japanese, "公開アドレス")):
        assert len(re.findall(rf"^(?:ok|WARN|FAIL) +{title}  ", lines, re.MULTILINE)) == 1, "two findings, two names"
    assert re.search(r"^ok \d+  WARN \d+  FAIL \d+$", english, re.MULTILINE)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_is_there_in_both_languages() -> None:
    found = words()
    for lang in ("ja", "en"):
        titles = [title[lang] for title in found["check"].values()]
        assert len(set(titles)) == len(titles), "two checks of one name"
    for check, texts in found["find"].items():
        assert set(found["check"][check]) == {"ja", "en"}
        for name, text in texts.items():
            assert set(text) in ({"ja", "en"}, {"ja", "en", "do_ja", "do_en"}), (check, name)
            values = placeholders(text["ja"])
            assert values == placeholders(text["en"]), (check, name)
    used = set()
    for file in PACKAGE.glob("*.py"):
        used |= set(re.findall(r'\b(?:ok|warn|fail|level)\)?\(\s*"(\w+)",\s*"(\w+)"', file.read_text(encoding="utf-8")))
    assert len(used) > 50
    assert not [pair for pair in used if pair[1] not in found["find"].get(pair[0], {})]


def test_every_word_for_an_unchanged_mail_has_its_words() -> None:
    assert all(set(text) == {"ja", "en"} for text in words()["reason"].values())
