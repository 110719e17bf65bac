"""Every way in which a next hop can go wrong, all at once behind one gateway.

Nothing is lost, nothing goes out twice but where the answer to the dot was lost, each delivery says what happened, and
the next mail passes.
"""

import email
import email.policy
import re
import smtplib
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core import outbox
from core.clock import ManualClock
from core.crypto import KeyRing
from core.db import Database
from core.outbox import Outgoing
from core.runtime import Runtime
from crm.registry import companies
from tests.conftest import START, fill, make_settings
from tests.gateway import certificates
from tests.gateway.chaos_hop import Hop, Hops, Taken, message_ids
from tests.gateway.rig import Gateway, add_company, message
from tests.servers import free_port

MAILS = 4


@dataclass(frozen=True)
class Row:
    """``now``: (state, code, status) of each recipient's delivery after the first attempt.

    ``copies``: of each mail that the hop has by then; ``extra``: how many copies too many there are in the end, since
    an answer was lost. ``reports``: DSNs for each mail.
    """

    fault: str
    now: tuple[tuple[str, int, str], ...]
    scheme: str = "smtp"
    recipients: tuple[str, ...] = ("taro@example.com",)
    copies: int = 0
    extra: int = 0
    reports: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def mails(self) -> int:
        return int(self.options.get("mails", MAILS))


def waits(code: int, status: str) -> tuple[tuple[str, int, str], ...]:
    return (("waiting", code, status),)


SENT = (("sent", 250, "2.0.0"),)
PLAIN: dict[str, Any] = {"extensions": ("SIZE 104857600", "8BITMIME", "DSN")}  # no PIPELINING
BIG = "x" * 78 + "\r\n"

ROWS = [
    Row("", SENT, copies=1),
    Row("all slow", SENT, copies=1),
    Row("greet 421", waits(421, "4.3.2")),
    Row("greet 554", waits(451, "4.4.0")),
    Row("greet close", waits(451, "4.4.1")),
    Row("greet hang", waits(451, "4.4.1")),
    Row("greet garbage", waits(451, "4.4.1")),
    Row("greet endless", waits(451, "4.4.1")),
    Row("ehlo 500", SENT, copies=1),
    Row("ehlo 421", waits(421, "4.3.2")),
    Row("ehlo hang", waits(451, "4.4.1")),
    Row("ehlo endless", waits(451, "4.4.1")),
    Row("ehlo close", waits(451, "4.4.1")),
    Row("starttls none", waits(451, "4.7.4"), scheme="smtp+starttls"),
    Row("starttls 454", waits(451, "4.4.0"), scheme="smtp+starttls"),
    Row("starttls hang", waits(451, "4.4.1"), scheme="smtp+starttls"),
    Row("starttls handshake", waits(451, "4.7.5"), scheme="smtp+starttls"),
    Row("", waits(451, "4.7.5"), scheme="smtp+starttls", options={"wrong_certificate": True}),
    Row("auth 535", waits(451, "4.4.0"), scheme="smtp", options={"users": ("relay",)}),
    Row("auth hang", waits(451, "4.4.1"), scheme="smtp", options={"users": ("relay",)}),
    Row("mail 421", waits(421, "4.3.2")),
    Row("mail 451", waits(451, "4.3.0")),
    Row("mail 451", waits(451, "4.3.0"), options={"sloppy": True}),
    Row("mail 550", (("failed", 550, "5.7.1"),), reports=1),
    Row("mail 550", (("failed", 550, "5.7.1"),), reports=1, options=PLAIN),
    Row("mail hang", waits(451, "4.4.2")),
    Row("mail garbage", waits(451, "4.5.0")),
    Row("mail close", waits(451, "4.4.2")),
    Row("rcpt 450", waits(450, "4.2.0")),
    Row("rcpt 550", (("failed", 550, "5.7.1"),), reports=1),
    Row("rcpt 550", (("failed", 550, "5.7.1"),), reports=1, options=PLAIN),
    Row("rcpt 421", waits(421, "4.3.2")),
    Row("rcpt hang", waits(451, "4.4.2")),
    Row(
        "rcpt mixed",
        (("sent", 250, "2.0.0"), ("waiting", 450, "4.2.0"), ("failed", 550, "5.7.1")),
        recipients=("good@example.com", "450@example.com", "550@example.com"),
        copies=1,
        reports=1,
    ),
    Row(
        "rcpt mixed",
        (("failed", 550, "5.7.1"), ("sent", 250, "2.0.0")),
        recipients=("550@example.com", "good@example.com"),
        copies=1,
        reports=1,
        options=PLAIN,
    ),
    Row("data 451", waits(451, "4.3.0")),
    Row("data 554", (("failed", 554, "5.6.0"),), reports=1),
    Row("data 250", waits(451, "4.5.0")),
    Row("data 250", waits(451, "4.5.0"), options=PLAIN),
    Row("data close", waits(451, "4.4.2")),
    Row("data hang", waits(451, "4.4.2")),
    Row("data garbage", waits(451, "4.5.0")),
    Row("data chatter", waits(451, "4.5.0"), options=PLAIN),
    Row("body close", waits(451, "4.4.2")),
    Row("body hang", waits(451, "4.4.2"), options={"body": BIG * 120_000, "mails": 1}),
    Row("dot 451", waits(451, "4.3.0")),
    Row("dot 421", waits(421, "4.3.2"), copies=1, extra=1),
    Row("dot 554", (("failed", 554, "5.6.0"),), reports=1),
    Row("dot close", waits(451, "4.4.2"), copies=1, extra=1),
    Row("dot hang", waits(451, "4.4.2"), copies=1, extra=1),
    Row("dot garbage", waits(451, "4.4.2"), copies=1, extra=1),
    Row("refused", waits(451, "4.4.1"), options={"listens": False}),
    Row("unreachable", waits(451, "4.4.1"), options={"url": "smtp://192.0.2.1:25"}),
    Row("unknown name", waits(451, "4.4.1"), options={"url": "smtp://nowhere.invalid:25"}),
]
NAMES = [f"{number:02} {row.fault or 'good'}" for number, row in enumerate(ROWS)]


@dataclass
class Story:
    """What was seen behind the row: deliveries and messages after the first attempt, and at the end."""

    row: Row
    hop: Hop
    sent: list[bytes] = field(default_factory=list)
    first: list[Any] = field(default_factory=list)
    had: list[Taken] = field(default_factory=list)
    last: list[Any] = field(default_factory=list)


def sender_of(number: int) -> str:
    return f"hr@c{number}.example.jp"


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    return [certificates.make(tmp_path_factory.mktemp("tls")) for _ in range(2)]


def hop_of(row: Row, pems: list[tuple[Path, Path]]) -> Hop:
    known = {name: value for name, value in row.options.items() if name in ("users", "extensions", "listens", "sloppy")}
    if not known.get("listens", True):
        known["port"] = free_port()
    tls: ssl.SSLContext | None = None
    if row.scheme == "smtp+starttls":
        tls = certificates.server_context(*pems[1 if row.options.get("wrong_certificate") else 0])
    return Hop(fault=row.fault, tls=tls, **known)


def url_of(row: Row, hop: Hop) -> str:
    user = "relay@" if hop.users else ""
    return str(row.options.get("url", f"{row.scheme}://{user}127.0.0.1:{hop.port}"))


def run_stories(runtime: Runtime, clock: ManualClock, pems: list[tuple[Path, Path]]) -> list[Story]:
    stories = [Story(row, hop_of(row, pems)) for row in ROWS]
    hops = Hops(*(story.hop for story in stories))
    limits = dict.fromkeys(("CONNECT_TIMEOUT_S", "COMMAND_TIMEOUT_S", "DOT_TIMEOUT_S"), "2")
    env = {f"RELAY__{name}": value for name, value in limits.items()} | {"RELAY__TLS_CA": str(pems[0][0])}
    with hops:
        for number, story in enumerate(stories):
            add_company(
                runtime,
                name=f"c{number}",
                sender_domains=(f"c{number}.example.jp",),
                recruiting_senders=(),
                next_hop=url_of(story.row, story.hop),
            )
        with Gateway(runtime, stories[0].hop.port, **env) as gateway:
            with gateway.client() as client:
                for number, story in enumerate(stories):
                    send(client, number, story, story.row.mails)
            gateway.wait_for(lambda: all(each.state != "sending" for each in gateway.deliveries()), 30)
            for number, story in enumerate(stories):
                story.first = deliveries_of(gateway, number)
                story.had = [taken for taken in story.hop.got if taken.sender]
            hops.heal()
            heal_what_is_no_hop(runtime, stories)
            finish(gateway, clock)
            with gateway.client() as client:
                for number, story in enumerate(stories):
                    send(client, number, story, 1)
            finish(gateway, clock)
            for number, story in enumerate(stories):
                story.last = deliveries_of(gateway, number)
    return stories


def send(client: smtplib.SMTP, number: int, story: Story, mails: int) -> None:
    for _ in range(mails):
        raw = message(story.row.options.get("body", "本文\r\n"), sender=sender_of(number))
        client.sendmail(sender_of(number), list(story.row.recipients), raw, ["BODY=8BITMIME"])
        story.sent.append(raw.partition(b"Message-ID: ")[2].partition(b"\r\n")[0])


def heal_what_is_no_hop(runtime: Runtime, stories: list[Story]) -> None:
    """An operator corrects a next hop that was written wrongly, or its certificate, by naming another server."""
    with runtime.begin() as tx:
        for company, story in zip(companies.all_companies(tx), stories, strict=True):
            if "url" in story.row.options or "wrong_certificate" in story.row.options:
                companies.change(tx, company.id, next_hop=f"smtp://127.0.0.1:{story.hop.port}")


def deliveries_of(gateway: Gateway, number: int) -> list[Any]:
    with gateway.runtime.read() as tx:
        ids = {company.name: company.id for company in companies.all_companies(tx)}
    mails = {mail.id for mail in gateway.mails() if mail.company_id == ids[f"c{number}"] and mail.origin == "smtp"}
    return [each for each in gateway.deliveries() if each.mail_id in mails]


def finish(gateway: Gateway, clock: ManualClock) -> None:
    """Let the clock run in steps until nothing is open."""
    end_s = time.monotonic() + 30
    while gateway.count_open() or reports_open(gateway):
        assert time.monotonic() < end_s, [each for each in gateway.deliveries() if each.state != "sent"][:5]
        clock.advance(20)
        time.sleep(0.2)


def reports_open(gateway: Gateway) -> int:
    with gateway.runtime.read() as tx:
        states = (outbox.State.WAITING, outbox.State.TAKEN)
        found = select(func.count()).select_from(Outgoing).where(Outgoing.state.in_(states))
        return tx.session.scalar(found) or 0


@pytest.fixture(scope="module")
def stories(pems: list[tuple[Path, Path]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Story]]:
    home = tmp_path_factory.mktemp("chaos") / "home"
    home.mkdir(mode=0o700)
    settings = make_settings(home)
    database = Database(settings.effective_database_url)
    fill(database)
    clock = ManualClock(START)
    yield run_stories(Runtime(settings, database, clock, KeyRing.generate()), clock, pems)
    database.close()


@pytest.fixture(params=range(len(ROWS)), ids=NAMES)
def story(stories: list[Story], request: pytest.FixtureRequest) -> Story:
    number: int = request.param
    return stories[number]


def test_each_delivery_says_what_happened(story: Story) -> None:
    assert [(each.state, each.code, each.status) for each in story.first] == list(story.row.now) * story.row.mails
    assert {each.tries for each in story.first} == {1}


def test_nothing_is_lost_and_nothing_doubled_without_need(story: Story) -> None:
    assert len(story.had) == story.row.copies * story.row.mails
    row, faulty = story.row, story.sent[: story.row.mails]
    for position, (state, _, _) in enumerate(row.now):
        copies = Counter(message_ids(story.hop.to(row.recipients[position])))
        expected = 0 if state == "failed" else 1 + row.extra
        assert [copies[message_id] for message_id in faulty] == [expected] * row.mails


def test_the_sender_hears_of_what_failed(story: Story) -> None:
    reports = [taken for taken in story.hop.got if taken.sender == ""]
    assert len(reports) == story.row.reports * story.row.mails
    failed = [r for r, (state, _, _) in zip(story.row.recipients, story.row.now, strict=True) if state == "failed"]
    for taken in reports:
        parsed = email.message_from_bytes(taken.raw, policy=email.policy.default)
        assert parsed.get_content_type() == "multipart/report"
        assert re.findall(rb"(?m)^Final-Recipient: rfc822; (\S+)", taken.raw) == [a.encode() for a in failed]


def test_the_next_mail_passes_at_once(story: Story) -> None:
    recipients = len(story.row.recipients)
    assert [(each.state, each.tries) for each in story.last[-recipients:]] == [("sent", 1)] * recipients
    assert all(each.state in ("sent", "failed") for each in story.last)
