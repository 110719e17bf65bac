"""Many clients, slow ones, ones that do not listen: each holds its place only so long, and companies find room."""

import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from core.runtime import Runtime
from gateway import server
from gateway.session import connection as connection_module
from gateway.session.sessions import Sessions
from tests.conftest import make_settings
from tests.gateway.raw import HELLO, Raw
from tests.gateway.rig import PASSWORD, Gateway, add_company, add_user, message
from tests.gateway.sink import Sink
from tests.gateway.test_auth import b64

TIMED_OUT = "421 4.4.2 timeout waiting for the client"


@dataclass(eq=False)
class Client:
    peer: str
    stranger: bool = False
    told: int = 0

    def shut_down(self) -> None:
        self.told += 1

    def cut_off(self) -> None:
        self.told += 1


def sessions(runtime: Runtime, **env: str) -> Sessions:
    return Sessions(make_settings(runtime.settings.home, **env).smtp)


# --- how many ---


def test_a_companys_server_may_open_many_a_stranger_few(runtime: Runtime) -> None:
    room = sessions(runtime, SMTP__CONNECTIONS_PER_ADDRESS_MAX="30", SMTP__CONNECTIONS_PER_STRANGER_MAX="3")
    company = [Client("192.0.2.1") for _ in range(31)]
    stranger = [Client("203.0.113.1", stranger=True) for _ in range(4)]
    assert [room.enter(client) for client in company] == [True] * 30 + [False]
    assert [room.enter(client) for client in stranger] == [True] * 3 + [False]
    room.leave(stranger[0])
    room.leave(stranger[0])  # once is enough
    room.leave(stranger[3])  # who was refused has no place to leave
    assert room.enter(stranger[3])
    assert not room.enter(stranger[0])
    assert room.enter(Client("203.0.113.2", stranger=True))


def test_strangers_never_take_the_last_places(runtime: Runtime) -> None:
    room = sessions(runtime, SMTP__CONNECTIONS_MAX="10")
    taken = sum(room.enter(Client(f"203.0.113.{last}", stranger=True)) for last in range(200))
    assert taken == 5
    assert sum(room.enter(Client("192.0.2.1")) for _ in range(20)) == 5
    assert len(room) == 10


@pytest.mark.parametrize(
    ("peers", "taken"),
    [
        (["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"], 2),  # one /64 is one host
        (["2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:3::1"], 3),
        (["203.0.113.1", "::ffff:203.0.113.1", "::ffff:203.0.113.1"], 2),
        (["", "", ""], 2),
    ],
)
def test_what_counts_as_one_stranger(runtime: Runtime, peers: list[str], taken: int) -> None:
    room = sessions(runtime, SMTP__CONNECTIONS_PER_STRANGER_MAX="2")
    assert sum(room.enter(Client(peer, stranger=True)) for peer in peers) == taken


def test_who_has_authenticated_is_no_stranger_any_more(runtime: Runtime) -> None:
    room = sessions(runtime, SMTP__CONNECTIONS_PER_STRANGER_MAX="1", SMTP__CONNECTIONS_PER_ADDRESS_MAX="2")
    for expected in (True, True, False):
        client = Client("203.0.113.1", stranger=True)
        assert room.enter(client)  # the one place of strangers is free again
        client.stranger = False
        assert room.admit(client) is expected
    assert len(room) == 2


def test_who_leaves_is_forgotten(runtime: Runtime) -> None:
    room = sessions(runtime)
    clients = [Client(f"203.0.113.{last}", stranger=last % 2 == 0) for last in range(50)]
    for client in clients:
        assert room.enter(client)
    for client in clients:
        room.leave(client)
    assert (len(room), len(room._of_source), room._strangers) == (0, 0, 0)


def test_too_many_are_told_so(runtime: Runtime, sink: Sink) -> None:
    company = add_company(runtime, networks=("127.0.0.2/32",))
    add_user(runtime, company.id)
    limits = {"SMTP__CONNECTIONS_PER_STRANGER_MAX": "2", "SMTP__CONNECTIONS_PER_ADDRESS_MAX": "4"}
    with Gateway(runtime, sink.port, **limits) as gateway, ExitStack() as stack:

        def connect(source: str) -> Raw:
            return stack.enter_context(Raw(gateway.port, source=source))

        strangers = [connect("127.0.0.1") for _ in range(3)]
        assert [client.reply()[:9] for client in strangers] == ["220 gatew", "220 gatew", "421 4.7.0"]
        assert strangers[2].closed()
        company_s = [connect("127.0.0.2") for _ in range(5)]
        assert [client.reply()[:3] for client in company_s] == ["220"] * 4 + ["421"]
        strangers[0].ask(HELLO)
        assert strangers[0].ask(b"AUTH PLAIN " + b64(f"\0kigyo\0{PASSWORD}")).startswith("235")
        assert connect("127.0.0.1").reply().startswith("220")  # its place among strangers is free


# --- how long ---


def test_silence_ends_with_421(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, SMTP__IDLE_S="0.3") as gateway, Raw(gateway.port) as client:
        client.reply()
        assert client.reply() == TIMED_OUT
        assert client.closed()


def test_a_command_that_trickles_ends_with_421(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, SMTP__LINE_S="0.4") as gateway, Raw(gateway.port) as client:
        client.greet()
        time.sleep(0.6)
        assert client.ask(b"NOOP").startswith("250")  # silence between commands is something else
        trickle(client, b"x", TIMED_OUT)


def test_an_authentication_that_trickles_ends_with_421(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    with Gateway(runtime, sink.port, SMTP__LINE_S="0.4") as gateway, Raw(gateway.port) as client:
        client.greet()
        client.ask(b"AUTH LOGIN")
        trickle(client, b"x", TIMED_OUT)


def test_a_message_that_trickles_ends_with_421_and_leaves_nothing(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    settings = {"SMTP__IDLE_S": "0.5", "SMTP__DATA_BYTES_PER_S_MIN": "100000", "SPOOL__INLINE_BYTES_MAX": "100"}
    with Gateway(runtime, sink.port, **settings) as gateway, Raw(gateway.port) as client:
        client.greet()
        client.begin()
        client.send(message("x" * 200 + "\r\n"))
        trickle(client, b"x\r\n", TIMED_OUT)
        gateway.wait_for(lambda: not list((runtime.settings.home / "spool").iterdir()))
        assert not gateway.mails()


def test_a_chunk_that_trickles_ends_with_421(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    settings = {"SMTP__IDLE_S": "0.5", "SMTP__DATA_BYTES_PER_S_MIN": "100000"}
    with Gateway(runtime, sink.port, **settings) as gateway, Raw(gateway.port) as client:
        client.greet()
        client.send(b"BDAT 1000000\r\n")
        trickle(client, b"x", TIMED_OUT)


def test_a_steady_message_may_take_longer_than_the_silence(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    settings = {"SMTP__IDLE_S": "0.5", "SMTP__DATA_BYTES_PER_S_MIN": "10"}
    with Gateway(runtime, sink.port, **settings) as gateway, Raw(gateway.port) as client:
        client.greet()
        client.begin()
        client.send(message())
        for _ in range(10):
            time.sleep(0.1)
            client.send(b"more\r\n")
        client.send(b".\r\n")
        assert client.reply().startswith("250")


def trickle(client: Raw, octets: bytes, answer: str) -> None:
    """Send again and again, never silent for long, until the answer comes."""
    client.socket.settimeout(0.05)
    for _ in range(200):
        try:
            client.send(octets)
            answered = client.socket.recv(200)
        except TimeoutError:
            continue
        assert answered.decode() == answer + "\r\n"
        return
    raise AssertionError("it may go on for ever")


def test_a_stranger_may_not_stay(runtime: Runtime, sink: Sink) -> None:
    company = add_company(runtime, networks=())
    add_user(runtime, company.id)
    with Gateway(runtime, sink.port, SMTP__STRANGER_S="0.6") as gateway, Raw(gateway.port) as known:
        known.greet()
        known.ask(b"AUTH PLAIN " + b64(f"\0kigyo\0{PASSWORD}"))
        with Raw(gateway.port) as stranger:
            stranger.greet()
            trickle(stranger, b"\r\n"[:0], TIMED_OUT)
            assert stranger.closed()
        assert known.ask(b"NOOP").startswith("250")


def test_who_does_not_listen_is_cut_off(runtime: Runtime, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends command after command and reads no reply: its replies wait with us, and then so does its connection."""
    monkeypatch.setattr(connection_module, "SEND_S", 0.3)
    add_company(runtime)
    with Gateway(runtime, sink.port, SMTP__LINE_S="0.2") as gateway, Raw(gateway.port) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.greet()
        with pytest.raises(ConnectionError):
            for _ in range(2000):
                client.send(b"HELP\r\n" * 2000)


def test_who_is_still_sending_when_the_time_to_stop_is_over_is_told(
    runtime: Runtime, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STOP_S", 0.3)
    add_company(runtime)
    with Gateway(runtime, sink.port) as gateway, Raw(gateway.port) as client:
        client.greet()
        client.begin()
        client.send(message()[:50])
        gateway.stop()
        assert client.reply().startswith("421 4.3.2")
        assert client.closed()


# --- how much memory ---


def test_half_sent_messages_go_to_files_before_they_fill_the_memory(runtime: Runtime, sink: Sink) -> None:
    add_company(runtime)
    settings = {"SMTP__DATA_MEMORY_BYTES_MAX": str(1 << 20), "SPOOL__INLINE_BYTES_MAX": "262144"}
    folder = runtime.settings.home / "spool"
    with Gateway(runtime, sink.port, **settings) as gateway, ExitStack() as stack:
        clients = [stack.enter_context(Raw(gateway.port)) for _ in range(30)]
        half = message(("x" * 70 + "\r\n") * 1400)  # 100 kB: alone each would stay in memory
        for client in clients:
            client.greet()
            client.begin()
            client.send(half)
        # 10 of them fill the memory; each of the others is in a file, and so is whoever goes on.
        gateway.wait_for(lambda: len(list(folder.iterdir())) >= 30 - 11)
        assert sum(path.stat().st_size for path in folder.iterdir()) >= 30 * len(half) - (1 << 20) - 300_000
        for client in clients:
            client.send(b".\r\n")
            assert client.reply().startswith("250")
        sink.wait(30)
        gateway.wait_until_finished()
        assert {len(got.raw) for got in sink.got}.pop() > len(half)
        gateway.wait_for(lambda: not list(folder.iterdir()))


def test_commands_ahead_of_their_answers_are_left_in_the_network(runtime: Runtime, sink: Sink) -> None:
    """The client does not read, so we cannot answer, so we do not read either: the network is full, not our memory."""
    add_company(runtime)
    with Gateway(runtime, sink.port) as gateway, Raw(gateway.port) as client:
        client.greet()
        client.socket.settimeout(3.0)
        block, sent = b"HELP\r\n" * 10_000, 0
        with pytest.raises(TimeoutError):
            while sent < 60_000_000:
                client.send(block)
                sent += len(block)
        assert sent < 30_000_000  # what sockets hold on both sides, and a little
