"""Commands of whoever runs the installation: does it answer, does the next hop, is the certificate good."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from careerrelay.demo.sink import Sink
from careerrelay.readiness import mail_answers, web_answers
from core.endpoints import Listen
from tests.careerrelay.command_line import Installation, add_company
from tests.careerrelay.running import certificate
from tests.servers import free_port


@contextmanager
def server_that_says(words: bytes) -> Iterator[int]:
    """Greets each connection with ``words`` and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            try:
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.sendall(words)
            except OSError:
                return

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_health_asks_mail_and_web(tmp_path: Path) -> None:
    port = free_port()
    with Sink(tmp_path / "inbox") as sink:
        settings = {"SMTP__LISTEN": f"0.0.0.0:{sink.port}", "WEB__LISTEN": f"127.0.0.1:{port}"}
        installation = Installation(tmp_path / "home", **settings)
        assert installation.json("health", "--mail") == {"mail": True}
        result = installation.run("health", "--json")
        assert (result.exit_code, result.stdout) == (1, '{"mail": true, "web": false}\n')


@pytest.mark.parametrize("words", [b"", b"554 5.3.2 go away\r\n", b"HTTP/1.0 400 \r\n\r\n", b"220"])
def test_something_else_on_the_port_is_no_answer(words: bytes) -> None:
    with server_that_says(words) as port:
        assert not mail_answers(Listen("127.0.0.1", port))
        assert not web_answers(Listen("127.0.0.1", port))


def test_the_next_hop_is_tried_step_by_step(tmp_path: Path) -> None:
    with Sink(tmp_path / "inbox") as sink:
        installation = Installation(tmp_path / "home", RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}")
        steps = installation.json("test-next-hop")
        assert [(step["step"], step["ok"]) for step in steps] == [("connect", True), ("extensions", True)]
        assert "8BITMIME" in steps[1]["detail"]
        assert sink.mails() == ()
        installation.env["CAREERRELAY_RELAY__NEXT_HOP"] = f"smtp+starttls://127.0.0.1:{sink.port}"
        result = installation.run("test-next-hop")
        assert result.exit_code == 1
        assert result.stdout.splitlines()[-1].startswith("FAIL STARTTLS: ")


def test_a_companys_own_next_hop_is_tried(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    nobody = f"smtp://127.0.0.1:{free_port()}"
    company = str(add_company(installation, "--next-hop", nobody))
    result = installation.run("test-next-hop", "--company", company)
    assert result.exit_code == 1
    assert result.stdout.startswith("FAIL connect: ")


def test_an_unusable_certificate_is_one_line(tmp_path: Path) -> None:
    cert_file, _ = certificate(tmp_path)
    installation = Installation(tmp_path / "home", SMTP__TLS_CERT=cert_file, SMTP__TLS_KEY=cert_file)
    (line,) = installation.refused("check-config")
    assert line == "careerrelay: CAREERRELAY_SMTP__TLS_KEY: the file holds no PEM private key that can be read"
    (tmp_path / "other").mkdir()
    key_of_another = certificate(tmp_path / "other")[1]
    (line,) = Installation(tmp_path / "home", SMTP__TLS_CERT=cert_file, SMTP__TLS_KEY=key_of_another).refused("serve")
    assert "SMTP__TLS_KEY: it does not belong to the first certificate" in line


def test_an_unreadable_key_ring_is_one_line(tmp_path: Path) -> None:
    ring = tmp_path / "ring.json"
    ring.mkdir()
    installation = Installation(tmp_path / "home", KEYS__FILE=str(ring))
    (line,) = installation.refused("check-config")
    assert line.startswith(f"careerrelay: key ring {ring}: ")


def test_check_config_tells_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    ring = tmp_path / "ring.json"
    ring.write_text("{}")
    installation = Installation(
        tmp_path / "home",
        SMTP__LISTEN="nowhere",
        RELAY__NEXT_HOP="",
        KEYS__FILE=str(ring),
        ADMIN__REPORT_AT="8 o'clock",
    )
    told = [line.removeprefix("careerrelay: ").split(":")[0] for line in installation.refused("check-config")]
    assert told == [
        "CAREERRELAY_SMTP__LISTEN",
        "CAREERRELAY_ADMIN__REPORT_AT",
        "CAREERRELAY_RELAY__NEXT_HOP",
        f"key ring {ring} is damaged (KeyError); restore it from its backup",
    ]
