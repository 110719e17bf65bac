"""The whole loop, as a company, its applicants and an agency live it: mail in, link out, consent, profile, credit.

Postfix stands in front of the gateway and behind it. Runs embedded on SQLite, and on PostgreSQL with Redis and RQ.
"""

import csv
import email
import json
import re
import secrets
import smtplib
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.policy import default
from email.utils import parseaddr
from pathlib import Path

import pytest

from careerrelay.demo import people
from tests.gateway.sink import Got, Sink
from tests.loop import candidate
from tests.loop.dump import dump, settled
from tests.loop.installation import Installation, serving
from tests.loop.postfix import postfix
from tests.servers import PostgresServer

DATA = Path(__file__).parent.parent / "data" / "rejection-mails"
DESK = "desk@agency.example.jp"
ARRIVED_S = 60.0
_TRACE = re.compile(rb"\A(?:(?:Received|Return-Path):[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n)+", re.IGNORECASE)


@dataclass(frozen=True)
class Letter:
    """One mail of the development set as a mail server would hand it over."""

    file: str
    sender: str
    recipient: str
    raw: bytes


def letters() -> list[Letter]:
    found = []
    for path in sorted(DATA.glob("*.eml")):
        raw = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
        message = email.message_from_bytes(raw, policy=default)
        found.append(Letter(path.name, parseaddr(message["From"])[1], parseaddr(message["To"])[1], raw))
    return found


def without_trace(raw: bytes) -> bytes:
    """Without the Received and Return-Path fields that each relay puts on top."""
    return _TRACE.sub(b"", raw)


class World:
    """A company behind Postfix, its gateway, its ATS export, its agency, and everybody's mailboxes."""

    def __init__(self, gateway: Installation, sink: Sink, front_port: int, database_url: str) -> None:
        self.gateway, self.sink, self.front_port, self.database_url = gateway, sink, front_port, database_url
        self.letters = letters()
        self.company = 0

    def found(self) -> None:
        """The operator's first day."""
        domains = sorted({letter.sender.rpartition("@")[2] for letter in self.letters})
        words = ["company", "add", "--name", "例示株式会社", "--network", "127.0.0.0/8", "--mode", "auto"]
        for domain in domains:
            words += ["--sender-domain", domain, "--recruiting-sender", f"@{domain}"]
        self.company = self.gateway.json(*words)["id"]
        words = ["agency", "add", "--company", str(self.company), "--name", "例示キャリア", "--licence", "13-ユ-300001"]
        self.gateway.json(*words, "--licence-expires", "2099-03-31", "--email", DESK)
        self.gateway.command("signals", "import", "--company", str(self.company), str(self._ats_export()))

    def _ats_export(self) -> Path:
        path = self.gateway.home.parent / "ats.csv"
        with (DATA / "signals.csv").open(encoding="utf-8") as source, path.open("w", encoding="utf-8") as target:
            writer = csv.writer(target)
            writer.writerow(["recipient", "ats_status", "changed_at"])
            for row in csv.DictReader(source):
                if row["in_ats"] == "1":
                    changed = datetime.now(UTC) - timedelta(days=int(row["status_age_days"]), minutes=5)
                    writer.writerow([row["recipient"], row["ats_status"], changed.isoformat()])
        return path

    def verdicts(self) -> dict[str, str]:
        """What the command line says about each mail, before any of them is sent."""
        files = "\n".join(str(DATA / letter.file) for letter in self.letters)
        words = (
            "rules",
            "explain",
            "--company",
            str(self.company),
            "--signals",
            str(DATA / "signals.csv"),
            "--json",
            "-",
        )
        lines = self.gateway.command(*words, stdin=files).splitlines()
        decided = [json.loads(line) for line in lines]
        return {Path(one["file"]).name: one["decision"] for one in decided}

    def send_all(self) -> dict[str, Got]:
        """Hand every mail to the company's Postfix; what arrives in the mailboxes, by file."""
        with smtplib.SMTP("127.0.0.1", self.front_port) as client:
            for letter in self.letters:
                client.sendmail(letter.sender, [letter.recipient], letter.raw, mail_options=["BODY=8BITMIME"])
        self.sink.wait(len(self.letters), ARRIVED_S)
        by_recipient = {got.recipients[0]: got for got in self.sink.got}
        assert len(by_recipient) == len(self.sink.got) == len(self.letters), "every mail arrives once"
        return {letter.file: by_recipient[letter.recipient] for letter in self.letters}

    def mails_to(self, recipient: str, count: int) -> list[Got]:
        """Wait until ``count`` mails have come for somebody."""
        total = len(self.sink.got)
        while len(self.sink.to(recipient)) < count:
            total = len(self.sink.wait(total + 1, ARRIVED_S))
        return self.sink.to(recipient)

    def balance(self) -> dict[str, int]:
        (programme,) = self.gateway.json("ledger", "show", "--company", str(self.company))
        return dict(programme)


@pytest.fixture(params=["embedded", "scaled"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    settings, url = {"GATEWAY__PROCESSES": "2"}, ""
    if request.param == "scaled":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = f"cr_loop_{secrets.token_hex(4)}"
        server.create(name)
        url = server.url(name)
        settings |= {"DATABASE_URL": url, "REDIS_URL": request.getfixturevalue("redis_url")}
    home = tmp_path / "home"
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        behind = stack.enter_context(postfix("behind.example.net", sink.port))
        settings["RELAY__NEXT_HOP"] = f"smtp://127.0.0.1:{behind.port}"
        gateway = stack.enter_context(serving(home, **settings))
        front = stack.enter_context(postfix("front.example.jp", gateway.smtp_port))
        file = (home / "careerrelay.sqlite3").absolute()
        made = World(gateway, sink, front.port, url or f"sqlite+pysqlite:///{file}")
        made.found()
        yield made


def check_transparency(world: World, arrived: dict[str, Got], verdicts: dict[str, str]) -> list[tuple[Letter, str]]:
    """Edited mails carry both links in every text part, all others are identical; gives the edited ones and links."""
    invited = []
    for letter in world.letters:
        raw = arrived[letter.file].raw
        if verdicts[letter.file] != "inject":
            assert without_trace(raw) == without_trace(letter.raw), f"{letter.file} was changed"
            continue
        shown = candidate.texts(raw)
        assert shown.keys() == candidate.texts(letter.raw).keys()
        for text in shown.values():
            assert len(candidate.RELAY.findall(text)) >= 1
            assert len(set(candidate.RELAY.findall(text))) == len(set(candidate.OPTOUT.findall(text))) == 1
        assert shown.get("plain", "/r/ /u/").count("/r/") == shown.get("plain", "/r/ /u/").count("/u/") == 1
        invited.append((letter, candidate.link(candidate.RELAY, raw)))
    return invited


def visit_often(world: World, links: list[str], times: int) -> None:
    """Mail scanners, link previews and curious people: nothing they do may write a row."""
    before = settled(world.database_url)
    for link in links:
        for number in range(times):
            request = urllib.request.Request(link, method="HEAD" if number % 3 == 2 else "GET")
            with urllib.request.urlopen(request, timeout=30) as response:
                assert response.status == 200
    assert dump(world.database_url) == before


def test_the_whole_loop(world: World) -> None:
    verdicts = world.verdicts()
    arrived = world.send_all()
    invited = check_transparency(world, arrived, verdicts)
    assert len(invited) >= 12, "enough applicants for ten credits and two who do not agree"
    ten, silent, unwilling = invited[:10], invited[10], invited[11]
    optouts = [candidate.link(candidate.OPTOUT, arrived[letter.file].raw) for letter, _ in invited]
    visit_often(world, [invited[0][1], optouts[0], silent[1]], times=100)

    for letter, link in ten:
        assert candidate.register(link, letter.recipient).status == 200
    handed = world.mails_to(DESK, 10)
    agency_links = [candidate.link(candidate.AGENCY, got.raw) for got in handed]
    receipts = [world.mails_to(letter.recipient, 2)[1] for letter, _ in ten]
    visit_often(world, [agency_links[0], candidate.link(candidate.MANAGE, receipts[0].raw)], times=100)

    assert world.balance()["earned"] == 0, "nothing counts before the agency has answered"
    for link in agency_links:
        assert people.acknowledge(link).status == 200
    contacts = world.mails_to(DESK, 20)[10:]
    assert world.balance() | {"earned": 10, "slots_free": 1, "progress": 0} == world.balance()

    check_nothing_twice(world, ten[0], agency_links[0])
    check_only_those_who_agreed(world, [silent, unwilling], handed, contacts)
    assert "10 entries, good" in world.gateway.command("ledger", "verify")


def check_nothing_twice(world: World, first: tuple[Letter, str], agency_link: str) -> None:
    """The eleventh registration of the same person, and a second answer of the agency, add nothing."""
    letter, link = first
    assert candidate.open_again(link, letter.recipient).status == 200
    candidate.answer_again(agency_link)
    with smtplib.SMTP("127.0.0.1", world.front_port) as client:  # the same notice, sent again by HR
        client.sendmail(letter.sender, [letter.recipient], letter.raw, mail_options=["BODY=8BITMIME"])
    again = world.mails_to(letter.recipient, 3)[-1]
    assert candidate.link(candidate.RELAY, again.raw) == link, "a notice sent again carries the same link"
    assert world.balance()["earned"] == 10
    assert len(world.sink.to(DESK)) == 20


def check_only_those_who_agreed(
    world: World, others: list[tuple[Letter, str]], profiles: list[Got], contacts: list[Got]
) -> None:
    """No payload names anybody who did not agree, and no profile names anybody at all."""
    page = candidate.refuse_every_box(others[1][1], others[1][0].recipient)
    assert page.status == 422, "nothing was ticked, so nothing is registered"
    payloads = "\n".join(text for got in world.sink.to(DESK) for text in candidate.texts(got.raw).values())
    for letter, _ in others:
        assert letter.recipient not in payloads
    assert not any(
        candidate.NAME in text or "@icloud" in text for got in profiles for text in candidate.texts(got.raw).values()
    )
    assert all(candidate.NAME in "".join(candidate.texts(got.raw).values()) for got in contacts)
    figures = dump(world.database_url)
    assert figures["provision"].startswith("20:"), "ten profiles and ten contacts, each on record"
