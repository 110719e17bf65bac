"""A command that changes the configuration ends when every running gateway process follows it."""

import os
import signal
import smtplib
from pathlib import Path

from tests.careerrelay.running import Running, serving

STRANGER = "hr@new.example.co.jp"


def answers(running: Running, times: int) -> set[int]:
    """What `MAIL FROM` is answered; each connection goes to a process of the kernel's choice."""
    codes = set()
    for _ in range(times):
        with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=20) as client:
            client.ehlo()
            codes.add(client.mail(STRANGER)[0])
    return codes


def test_what_was_changed_is_in_force_when_the_command_ends(tmp_path: Path) -> None:
    with serving(tmp_path / "home", processes=2, SMTP__FOREIGN_SENDER="refuse") as (running, _):
        assert answers(running, 8) == {550}
        installation = running.installation
        changes = [("example.co.jp", "new.example.co.jp"), ("example.co.jp",)] * 2
        for domains, code in zip(changes, (250, 550, 250, 550), strict=True):
            words = [word for domain in domains for word in ("--sender-domain", domain)]
            changed = installation.run("company", "set", "1", *words)
            assert (changed.exit_code, changed.stderr) == (0, "")
            assert answers(running, 8) == {code}
        _one_that_hangs_is_told_of(running)


def _one_that_hangs_is_told_of(running: Running) -> None:
    hanging = running.child("gateway")
    os.kill(hanging, signal.SIGSTOP)
    try:
        changed = running.installation.run("company", "set", "1", "--mode", "confirm")
    finally:
        os.kill(hanging, signal.SIGCONT)
    assert changed.exit_code == 0, "the change is stored"
    assert changed.stderr.startswith("note: the change is stored, but not every gateway process follows it yet")
    assert running.installation.json("company", "list")[0]["mode"] == "confirm"
    assert running.installation.run("company", "set", "1", "--mode", "auto").stderr == ""
