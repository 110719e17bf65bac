"""Connections to the next hop: kept, given up in time, never shared with another identity, and as many as it likes."""

import asyncio
import socket
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.endpoints import NextHop
from core.runtime import Runtime
from crm.registry import companies, hop_identity
from crm.registry.companies import CompanyView
from crm.registry.hop_identity import HopIdentity
from gateway.config import Directory
from gateway.delivery.dial import Dialler
from gateway.delivery.relay import Relay
from gateway.wire.dialogue import Unavailable
from tests.gateway.authority import Authority
from tests.gateway.chaos_hop import Hop, Hops
from tests.gateway.rig import HR, Gateway, add_company, message, with_settings

OTHER = "hr@other.example.jp"


def send_one_by_one(gateway: Gateway, hop: Hop, count: int, sender: str = HR) -> None:
    for _ in range(count):
        had = len(hop.got)
        gateway.send(message(sender=sender), sender=sender)
        gateway.wait_for(lambda had=had: len(hop.got) == had + 1)
        gateway.wait_until_finished()


def add_other_company(runtime: Runtime, **more: object) -> CompanyView:
    return add_company(runtime, name="other", sender_domains=("other.example.jp",), recruiting_senders=(), **more)


def test_a_connection_ends_after_its_mails(runtime: Runtime) -> None:
    add_company(runtime)
    hop = Hop()
    with Hops(hop), Gateway(runtime, hop.port, RELAY__CONNECTION_MAILS_MAX="2") as gateway:
        send_one_by_one(gateway, hop, 5)
    assert [taken.connection for taken in hop.got] == [1, 1, 2, 2, 3]


def test_a_connection_ends_with_its_age(runtime: Runtime, clock: ManualClock) -> None:
    add_company(runtime)
    hop = Hop()
    with Hops(hop), Gateway(runtime, hop.port, RELAY__CONNECTION_AGE_S="50") as gateway:
        for _ in range(6):
            send_one_by_one(gateway, hop, 1)
            clock.advance(20)  # never idle for long
    assert [taken.connection for taken in hop.got] == [1, 1, 1, 1, 2, 2]


def test_421_on_a_kept_connection_costs_no_attempt(runtime: Runtime) -> None:
    add_company(runtime)
    hop = Hop(mails_a_connection=2)
    with Hops(hop), Gateway(runtime, hop.port) as gateway:
        send_one_by_one(gateway, hop, 5)
        assert [each.tries for each in gateway.deliveries()] == [1] * 5
    assert [taken.connection for taken in hop.got] == [1, 1, 2, 2, 3]


def test_a_next_hop_that_complains_gets_fewer_connections(runtime: Runtime, clock: ManualClock) -> None:
    add_company(runtime)
    hop = Hop("rcpt busy")
    with Hops(hop) as hops, Gateway(runtime, hop.port, RELAY__RETRY_S="5") as gateway:
        with gateway.client() as client:
            for _ in range(3):
                client.sendmail(HR, ["taro@example.com"], message(), ["BODY=8BITMIME"])
        gateway.wait_for(lambda: {each.state for each in gateway.deliveries()} == {"waiting"})
        for _ in range(3):  # three more complaints, each at another moment
            tries = sum(each.tries for each in gateway.deliveries())
            clock.advance(6)
            gateway.wait_for(lambda tries=tries: sum(each.tries for each in gateway.deliveries()) > tries)
            gateway.wait_for(lambda: {each.state for each in gateway.deliveries()} == {"waiting"})
        hop.fault = "dot hang"
        with gateway.client() as client:
            for _ in range(10):
                client.sendmail(HR, ["taro@example.com"], message(), ["BODY=8BITMIME"])
        clock.advance(10)
        gateway.wait_for(lambda: {each.state for each in gateway.deliveries()} == {"sending"})
        gateway.wait_for(lambda: len(hop.got) >= 1)
        time.sleep(0.3)  # another connection would have brought its mail by now
        assert len(hop.got) == 1
        hops.heal()
        gateway.wait_until_finished()
    assert len(hop.got) == 13


def test_a_pace_is_kept_and_the_rest_waits_in_the_queue(runtime: Runtime, clock: ManualClock) -> None:
    add_company(runtime)
    hop = Hop()
    settings = {"RELAY__RATE_PER_MINUTE": "6", "GATEWAY__PROCESSES": "1", "RELAY__RETRY_S": "86400"}
    with Hops(hop), Gateway(runtime, hop.port, **settings) as gateway:
        with gateway.client() as client:
            for _ in range(6):
                client.sendmail(HR, ["taro@example.com"], message(), ["BODY=8BITMIME"])
        gateway.wait_for(lambda: [each.state for each in gateway.deliveries()].count("waiting") == 5)
        gateway.wait_for(lambda: len(hop.got) == 1)
        assert {each.status for each in gateway.deliveries() if each.state == "waiting"} == {"4.4.5"}
        for _ in range(3):
            had = len(hop.got)
            clock.advance(11)
            gateway.wait_for(lambda had=had: len(hop.got) == had + 1)
        while gateway.count_open():
            clock.advance(1)
    assert len(hop.got) == 6


# --- who we are to a next hop ---


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def give_certificate(runtime: Runtime, company: CompanyView, pem: tuple[Path, Path]) -> None:
    with runtime.begin() as tx:
        read = hop_identity.read_certificate(pem[0].read_bytes(), pem[1].read_bytes(), datetime.now(UTC))
        hop_identity.set_certificate(tx, company.id, read)


def test_each_company_shows_its_own_certificate_over_its_own_connection(runtime: Runtime, authority: Authority) -> None:
    hop = Hop(tls=authority.server_context(authority.issue("server"), wants_client=True))
    with Hops(hop):
        url = f"smtp+starttls://127.0.0.1:{hop.port}"
        first = add_company(runtime, next_hop=url)
        second = add_other_company(runtime, next_hop=url)
        give_certificate(runtime, first, authority.issue("kigyo"))
        give_certificate(runtime, second, authority.issue("other"))
        with Gateway(runtime, hop.port, RELAY__TLS_CA=str(authority.file)) as gateway:
            for sender in (HR, OTHER, HR, OTHER):
                send_one_by_one(gateway, hop, 1, sender)
            assert [(taken.sender, taken.client) for taken in hop.got] == [(HR, "kigyo"), (OTHER, "other")] * 2
            assert len({(taken.client, taken.connection) for taken in hop.got}) == 2
            give_certificate(runtime, first, authority.issue("renewed"))
            gateway.wait_for(lambda: _is_shown(gateway, hop, "renewed"))
    key = authority.issue("kigyo")[1].read_bytes().splitlines()[1]
    assert key not in b"".join(path.read_bytes() for path in runtime.settings.home.glob("*.sqlite3*"))


def _is_shown(gateway: Gateway, hop: Hop, name: str) -> bool:
    send_one_by_one(gateway, hop, 1)
    return hop.got[-1].client == name


def test_without_the_certificate_that_it_wants_the_mail_waits_and_says_so(
    runtime: Runtime, authority: Authority
) -> None:
    hop = Hop(tls=authority.server_context(authority.issue("server"), wants_client=True))
    add_company(runtime)
    with (
        Hops(hop),
        Gateway(runtime, f"smtp+starttls://127.0.0.1:{hop.port}", RELAY__TLS_CA=str(authority.file)) as gateway,
    ):
        gateway.send(message())
        gateway.wait_for(lambda: gateway.deliveries()[0].state == "waiting")
        assert (gateway.deliveries()[0].code, gateway.deliveries()[0].status) == (451, "4.7.5")
    assert not hop.got


@pytest.mark.parametrize("auth", ["AUTH PLAIN LOGIN", "AUTH LOGIN", "AUTH=LOGIN PLAIN"])
def test_a_companys_own_password_goes_to_its_own_next_hop_only(runtime: Runtime, auth: str) -> None:
    own, default = Hop(users=("relay",), auth=auth), Hop(users=("relay",), auth=auth)
    with Hops(own, default):
        company = add_company(runtime, next_hop=f"smtp://relay@127.0.0.1:{own.port}")
        add_other_company(runtime)
        with runtime.begin() as tx:
            hop_identity.set_password(tx, company.id, "company secret")
        with Gateway(
            runtime, f"smtp://relay@127.0.0.1:{default.port}", RELAY__PASSWORD="installation secret"
        ) as gateway:
            send_one_by_one(gateway, own, 1)
            send_one_by_one(gateway, default, 1, OTHER)
            assert [taken.user for taken in own.got + default.got] == [
                "relay:company secret",
                "relay:installation secret",
            ]
            with runtime.begin() as tx:  # another server must not get the password of the old one
                changed = companies.change(tx, company.id, next_hop=f"smtp://relay@localhost:{own.port}")
            assert changed.next_hop_password_set_at is None


@pytest.mark.parametrize("listens", [False, True], ids=["refused", "silent"])
def test_of_several_addresses_the_first_that_answers_is_taken(runtime: Runtime, listens: bool) -> None:
    hop = Hop()
    settings = with_settings(runtime, RELAY__CONNECT_TIMEOUT_S="1").settings

    async def run() -> None:
        dialler = Dialler(NextHop.parse(f"smtp://127.0.0.1:{hop.port}"), settings, HopIdentity())
        client = await dialler.open_at(["127.0.0.2", "127.0.0.1"])
        assert "8BITMIME" in client.extensions
        client.quit()
        (await dialler.open_at(["127.0.0.1", "127.0.0.2"])).quit()
        with pytest.raises(Unavailable):
            await dialler.open_at(["127.0.0.2"])

    with Hops(hop), socket.socket() as other:
        other.bind(("127.0.0.2", hop.port))
        if listens:
            other.listen()
        asyncio.run(run())
    assert hop.connections == 2


def test_at_the_end_no_connection_is_left_whatever_its_server_does(runtime: Runtime) -> None:
    hop = Hop("mail hang")

    async def run() -> None:
        hung = with_settings(runtime, RELAY__NEXT_HOP=f"smtp://127.0.0.1:{hop.port}")
        relay = Relay(hung, Directory(hung))
        (pool,) = relay._pools.values()
        in_use = await pool._dialler.open()
        in_use.send(b"MAIL FROM:<>\r\n")
        idle = await pool._dialler.open()
        idle.send(b"x" * 8_000_000)  # more than the kernel takes: QUIT waits behind it
        pool._put_back(idle)
        await relay.close()
        assert (in_use.transport, idle.transport) == (None, None)

    with Hops(hop):
        asyncio.run(run())


def test_a_next_hop_is_found_by_its_name(runtime: Runtime) -> None:
    hop = Hop()
    add_company(runtime)
    with Hops(hop), Gateway(runtime, f"smtp://localhost:{hop.port}") as gateway:
        send_one_by_one(gateway, hop, 1)


def test_a_certificate_of_a_private_authority_is_trusted_by_setting_only(
    runtime: Runtime, authority: Authority
) -> None:
    hop = Hop(tls=authority.server_context(authority.issue("server")))
    add_company(runtime)
    with Hops(hop):
        url = f"smtp+starttls://127.0.0.1:{hop.port}"
        with Gateway(runtime, url) as gateway:
            gateway.send(message())
            gateway.wait_for(lambda: gateway.deliveries()[0].status == "4.7.5")
            assert not hop.got
        with Gateway(runtime, url, RELAY__TLS_CA=str(authority.file)) as gateway:
            gateway.send(message())
            gateway.wait_for(lambda: len(hop.got) == 1)
        with Gateway(runtime, url, RELAY__TLS_VERIFY="false") as gateway:
            gateway.send(message())
            gateway.wait_for(lambda: len(hop.got) == 2)
    assert Counter(taken.sender for taken in hop.got) == {HR: 2}
