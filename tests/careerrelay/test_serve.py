"""`careerrelay serve` as an operator knows it: starts whole or not at all, heals itself, stops in time."""

import os
import signal
import smtplib
import socket
import stat
import urllib.request
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from careerrelay.readiness import mail_answers
from core.db import Database
from core.endpoints import Listen
from tests.careerrelay.command_line import Installation
from tests.careerrelay.running import Running, certificate, eventually, serving
from tests.servers import free_port


def test_it_relays_prints_one_line_and_stops_in_time_though_a_client_holds_on(tmp_path: Path) -> None:
    cert_file, key_file = certificate(tmp_path)
    tls = Listen("127.0.0.1", free_port(), tls=True)
    settings = {"SMTP__LISTEN": f"127.0.0.1:0,{tls}", "SMTP__TLS_CERT": cert_file, "SMTP__TLS_KEY": key_file}
    with serving(tmp_path / "home", processes=2, **settings) as (running, sink):
        assert mail_answers(tls)
        assert not mail_answers(replace(tls, tls=False))
        running.send(1)
        assert sink.wait_for(lambda mail: mail.subject == "hello 1", 20)
        with urllib.request.urlopen(f"{running.web_url}/healthz", timeout=10) as response:
            assert response.status == 200
        roles = sorted(command.split("careerrelay ")[-1].split()[0] for command in running.children().values())
        assert roles == ["gateway", "gateway", "web", "worker"]
        client = smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=20)
        client.ehlo()
        client.docmd("MAIL FROM:<hr@example.co.jp>")
        status, rest, took_s = running.stop()
        client.close()
    assert status == 0
    assert rest == ""
    assert took_s < 10
    assert not running.children()
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_each_killed_child_comes_back_and_mail_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as (running, sink):
        for number, role in enumerate(("gateway", "worker", "web", "gateway"), start=1):
            killed = running.child(role)
            os.kill(killed, signal.SIGKILL)
            # Not refused meanwhile: the supervisor holds the socket, the connection waits for the new process.
            running.send(number)
            assert sink.wait_for(lambda mail: mail.subject == f"hello {number}", 30)  # noqa: B023
            assert eventually(lambda: killed not in running.children() and len(running.children()) == 3)  # noqa: B023
        with urllib.request.urlopen(f"{running.web_url}/readyz", timeout=30) as response:
            assert response.status == 200
        arrived = Counter(mail.subject for mail in sink.mails())
    # A gateway killed between the next hop's 250 and its own commit sends that one mail again, and only that one.
    assert set(arrived) == {f"hello {number}" for number in range(1, 5)}
    assert sum(arrived.values()) <= len(arrived) + 2


def test_what_a_killed_gateway_held_is_free_at_once_and_no_child_outlives_its_supervisor(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as (running, sink):
        database = Database(f"sqlite+pysqlite:///{tmp_path / 'home' / 'careerrelay.sqlite3'}")

        def registered() -> list[int]:
            with database.connection(write=False) as connection:
                return list(connection.scalars(text("SELECT pid FROM process WHERE role = 'gateway'")))

        killed = running.child("gateway")
        assert registered() == [killed]
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: registered() and killed not in registered()), "long before its heartbeat is missed"
        database.close()

        children = list(running.children())
        running.process.kill()
        running.process.wait()
        assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
        again = Running(_same(tmp_path / "home", sink.port))
        try:
            again.send(7)
            assert sink.wait_for(lambda mail: mail.subject == "hello 7", 20)
            (line,) = _same(tmp_path / "home", sink.port).refused("serve")
        finally:
            again.close()
    assert line == f"careerrelay: CAREERRELAY_HOME: another careerrelay runs on {tmp_path / 'home'}; stop it first"


def test_a_child_holds_nothing_of_its_siblings_and_the_supervisor_nothing_of_the_database(tmp_path: Path) -> None:
    with serving(tmp_path / "home", processes=2) as (running, _):
        supervisor = running.process.pid
        ours = _open_files(supervisor)
        assert not [name for name in ours.values() if ".sqlite3" in name]
        assert os.listdir(f"/proc/{supervisor}/task") == [str(supervisor)], "it forks: no thread beside it"  # noqa: PTH208
        sockets = {name for name in ours.values() if name.startswith("socket:")}
        inherited = {}
        for pid, command in running.children().items():
            role = command.split()[1]
            theirs = _open_files(pid)
            assert theirs[0] == os.devnull
            assert theirs[1] == theirs[2], "only the supervisor writes to standard output"
            assert not [name for name in theirs.values() if name.endswith("serve.lock")], role
            assert os.getpgid(pid) == pid
            assert Path(f"/proc/{pid}/comm").read_text() == f"cr-{role}\n"
            inherited[pid] = (role, sockets & set(theirs.values()))
        assert sorted((role, len(found)) for role, found in inherited.values()) == [
            ("gateway", 1), ("gateway", 1), ("web", 1), ("worker", 0),
        ]  # fmt: skip
        assert len(set().union(*(found for _, found in inherited.values()))) == 3, "one socket each"


def _open_files(pid: int) -> dict[int, str]:
    """Descriptor -> what it is, as the kernel names it."""
    return {int(link.name): os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()}  # noqa: PTH115


def _same(home: Path, sink_port: int, **more: str) -> Installation:
    settings = {
        "SMTP__LISTEN": "127.0.0.1:0",
        "WEB__LISTEN": "127.0.0.1:0",
        "SMTP__HOSTNAME": "gateway.example.jp",
        "RELAY__NEXT_HOP": f"smtp://127.0.0.1:{sink_port}",
        "GATEWAY__PROCESSES": "1",
        "SPOOL__FREE_BYTES_MIN": "0",
    }
    return Installation(home, **(settings | more))


@pytest.mark.parametrize("setting", ["SMTP__LISTEN", "WEB__LISTEN"])
def test_a_port_in_use_is_one_line_and_changes_nothing(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        lines = _same(tmp_path / "home", 25, **{setting: taken}).refused("serve")
    assert lines == [f"careerrelay: CAREERRELAY_{setting}: cannot listen on {taken}: the port is in use"]
    assert not (tmp_path / "home" / "careerrelay.sqlite3").exists()


def test_without_a_next_hop_it_does_not_start(tmp_path: Path) -> None:
    (line,) = _same(tmp_path / "home", 25, RELAY__NEXT_HOP="").refused("serve")
    assert line.startswith("careerrelay: CAREERRELAY_RELAY__NEXT_HOP: not set")
    assert not (tmp_path / "home").exists()


def test_wrong_settings_are_a_line_each(tmp_path: Path) -> None:
    lines = _same(tmp_path / "home", 25, SMTP__LISTEN="x", WEB__THREADS="0").refused("serve")
    assert len(lines) == 2


def test_a_damaged_key_ring_stops_it(tmp_path: Path) -> None:
    installation = _same(tmp_path / "home", 25)
    installation.good("migrate")
    (tmp_path / "home" / "keys" / "ring.json").write_text("{}")
    (line,) = installation.refused("serve")
    assert "is damaged" in line


def test_a_lost_key_ring_stops_it(tmp_path: Path) -> None:
    installation = _same(tmp_path / "home", 25)
    installation.good("migrate")
    (tmp_path / "home" / "keys" / "ring.json").unlink()
    (line,) = installation.refused("serve")
    assert "restore the file from its backup" in line


def test_a_database_of_a_newer_version_stops_it(tmp_path: Path) -> None:
    installation = _same(tmp_path / "home", 25)
    installation.good("migrate")
    database = Database(f"sqlite+pysqlite:///{tmp_path / 'home' / 'careerrelay.sqlite3'}")
    with database.connection(write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    (line,) = installation.refused("serve")
    assert "was written by a newer careerrelay" in line


def test_a_database_that_does_not_answer_stops_it_with_one_line(tmp_path: Path) -> None:
    installation = _same(tmp_path / "home", 25, DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none")
    (line,) = installation.refused("serve")
    assert line.startswith("careerrelay: the database 127.0.0.1:1/none does not answer: ")
    assert "Connection refused" in line
