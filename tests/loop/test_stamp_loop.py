"""A company's server that sends everything without the stamp to the gateway, as Microsoft 365 and Google do by rule.

With the stamp each mail passes in exactly one pass; without it, a mistake of set-up, the loop is ended and told.
"""

import asyncio
import email
import email.policy
import re
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from core.runtime import Runtime
from gateway.received import HOPS_MAX
from tests.gateway.rig import CANDIDATE, HR, REJECTION, Gateway, add_company, message, rejecting_company
from tests.servers import free_port

STAMP = "X-Kigyo-Routed: 7c0e51"
OWN_DOMAIN = "@kigyo.example.jp"
ELSEWHERE = "someone@elsewhere.example.org"


@dataclass
class Tenant:
    """The company's own server: delivers inside, lets stamped mail out, sends all other mail to the gateway.

    It answers the dot with what the gateway says, so that nothing is hidden behind a queue of its own.
    """

    stamp: str
    gateway_port: int = 0
    passes: int = 0
    refused: list[str] = field(default_factory=list)
    inside: list[bytes] = field(default_factory=list)
    outside: list[bytes] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        raw = b"Received: from a by tenant.example.net; Sat, 21 Nov 2026 12:00:00 +0900\r\n" + envelope.content
        header = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
        if envelope.rcpt_tos[0].endswith(OWN_DOMAIN):
            self.inside.append(raw)
        elif b"\r\n%b\r\n" % self.stamp.encode() in header:
            self.outside.append(raw)
        else:
            return await asyncio.to_thread(self._to_gateway, envelope.mail_from, envelope.rcpt_tos, raw)
        return "250 2.0.0 delivered"

    def _to_gateway(self, sender: str, recipients: list[str], raw: bytes) -> str:
        self.passes += 1
        with smtplib.SMTP("127.0.0.1", self.gateway_port, timeout=20) as client:
            client.ehlo("tenant.example.net")
            client.mail(sender, ["BODY=8BITMIME"])
            for recipient in recipients:
                client.rcpt(recipient)
            code, said = client.data(raw)
        reply = f"{code} {said.decode()}"
        if code != 250:
            self.refused.append(reply)
        return reply


@pytest.fixture
def tenant() -> Iterator[tuple[Tenant, int]]:
    handler = Tenant(STAMP)
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()


def hand_in(port: int, raw: bytes, recipients: list[str], sender: str = HR) -> None:
    """What the company's people do: they know their own server only."""
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.sendmail(sender, recipients, raw)


def without_trace_fields(raw: bytes) -> bytes:
    return re.sub(rb"(?m)^Received: [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", b"", raw)


def test_with_the_stamp_every_mail_passes_in_one_pass(runtime: Runtime, tenant: tuple[Tenant, int]) -> None:
    server, port = tenant
    rejecting_company(runtime, stamp=STAMP)
    plain = message("こんにちは\r\n", to="other@example.com")
    with Gateway(runtime, port) as gateway:
        server.gateway_port = gateway.port
        hand_in(port, message(REJECTION), [CANDIDATE])
        hand_in(port, plain, ["other@example.com"])
        hand_in(port, message(to="a@example.com"), ["a@example.com", "b@example.com"])
        gateway.wait_for(lambda: len(server.outside) == 3)
        gateway.wait_until_finished()
    assert (server.passes, server.refused, server.inside) == (3, [], [])
    edited = [raw for raw in server.outside if b"\r\nX-CareerRelay-Trace: " in raw]
    assert len(edited) == 1
    assert "お祈り申し上げます".encode() in edited[0]
    assert edited[0].count(b"https://relay.example.jp/r/") == 1
    same = next(raw for raw in server.outside if b"To: other@example.com\r\n" in raw)
    assert without_trace_fields(same) == STAMP.encode() + b"\r\n" + plain


def test_our_own_reports_carry_the_stamp_too(runtime: Runtime, tenant: tuple[Tenant, int]) -> None:
    server, port = tenant
    add_company(runtime, stamp=STAMP)
    with Gateway(runtime, port) as gateway:
        server.gateway_port = gateway.port
        gateway.send(message(sender=ELSEWHERE), ["nobody@example.com"], sender=ELSEWHERE)
        gateway.wait_for(lambda: len(server.outside) == 1)
        gateway.wait_until_finished()
    assert b"\r\nAction: failed\r\n" in server.outside[0]
    assert server.passes == 0


@pytest.mark.parametrize("text", ["こんにちは\r\n", REJECTION], ids=["unedited", "edited"])
def test_without_the_stamp_the_loop_is_ended_and_told_once(
    runtime: Runtime, tenant: tuple[Tenant, int], text: str
) -> None:
    server, port = tenant
    rejecting_company(runtime)  # nobody has set the stamp
    with Gateway(runtime, port) as gateway:
        server.gateway_port = gateway.port
        hand_in(port, message(text), [CANDIDATE])
        gateway.wait_for(lambda: len(server.inside) == 1, 30)
        gateway.wait_until_finished()
        assert all(mail.state in ("done", "failed") for mail in gateway.mails())
    assert [reply[:9] for reply in server.refused] == ["554 5.4.6"]
    assert server.passes <= HOPS_MAX
    assert server.outside == []
    report = email.message_from_bytes(server.inside[0], policy=email.policy.default)
    assert report["To"] == HR
    assert b"Status: 5.4.6\r\n" in server.inside[0]
    assert len(server.inside) == 1
