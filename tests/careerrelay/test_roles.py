"""The single roles, each its own process, do together what `serve` does; and refuse what `serve` refuses."""

import signal
import smtplib
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from careerrelay.demo.sink import Sink
from careerrelay.readiness import mail_answers, web_answers
from core.endpoints import Listen
from tests.careerrelay.command_line import Installation, add_company
from tests.careerrelay.running import MAIL, eventually
from tests.servers import free_port


def test_roles_side_by_side_on_one_home(tmp_path: Path) -> None:
    smtp, web = Listen("127.0.0.1", free_port()), Listen("127.0.0.1", free_port())
    with Sink(tmp_path / "inbox") as sink, ExitStack() as stack:
        installation = Installation(
            tmp_path / "home",
            SMTP__LISTEN=str(smtp),
            SMTP__HOSTNAME="gateway.example.jp",
            WEB__LISTEN=str(web),
            RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}",
            GATEWAY__PROCESSES="1",
            SPOOL__FREE_BYTES_MIN="0",
        )
        add_company(installation)
        log = stack.enter_context((tmp_path / "roles.log").open("wb"))
        roles = [start(role, installation, log.fileno()) for role in ("gateway", "worker", "web", "scheduler")]
        try:
            assert eventually(lambda: mail_answers(smtp) and web_answers(web), 60), (tmp_path / "roles.log").read_text()
            with smtplib.SMTP(smtp.host, smtp.port, timeout=20) as client:
                client.sendmail("hr@example.co.jp", ["taro@example.com"], MAIL % 1)
            assert sink.wait_for(lambda mail: mail.subject == "hello 1", 20)
            (line,) = installation.refused("serve")
            assert "another careerrelay runs on" in line
        finally:
            for role in roles:
                role.send_signal(signal.SIGTERM)
            statuses = [role.wait(20) for role in roles]
    assert statuses == [0, 0, 0, 0]


def start(role: str, installation: Installation, log: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "careerrelay", role]
    return subprocess.Popen(command, env=installation.env, stdout=log, stderr=log, start_new_session=True)


def test_a_role_does_not_create_the_database(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home", SMTP__LISTEN="127.0.0.1:0", WEB__LISTEN="127.0.0.1:0")
    for role in ("gateway", "worker", "web", "scheduler"):
        done = subprocess.run(
            [sys.executable, "-m", "careerrelay", role],
            env=installation.env,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1, role
        last = done.stderr.decode().splitlines()[-1]
        assert last.startswith(f"careerrelay: no installation in {tmp_path / 'home'} "), (role, last)
    assert not (tmp_path / "home").exists()
