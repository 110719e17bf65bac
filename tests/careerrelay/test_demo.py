"""`careerrelay demo` from an empty directory: mails flow, nine applicants earn nine credits, the tenth is you."""

import json
import os
import re
import shlex
import signal
import subprocess
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from careerrelay import launch
from careerrelay.demo import people
from careerrelay.demo.people import Applicant
from careerrelay.demo.sink import Delivered
from tests.careerrelay.command_line import Installation
from tests.careerrelay.running import eventually
from web.auth import LINK_MINUTES

LINK = re.compile(r"one-time sign-in\): (http://\S+)")
INBOX = re.compile(r"受信箱 \(inbox\)\s+(http://\S+)")
STAYS = "Ctrl-C"
PROFILE = {"wanted_job": "経理", "prefecture": "27", "years": "6", "skills": "簿記2級"}


def test_the_demo_tells_its_story_and_stays_until_ctrl_c(tmp_path: Path) -> None:
    home, log = tmp_path / "demo", tmp_path / "out.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAREERRELAY_")}
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise ImportError('a stranger in the current directory')")
    with log.open("wb") as out:
        process = subprocess.Popen(
            launch.command("demo", "--home", str(home)),
            env=launch.environment(environment),
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        assert eventually(lambda: STAYS in log.read_text() or process.poll() is not None, 120)
        told = log.read_text()
        assert process.poll() is None, told
        _check_story(told)
        _check_pages(told)
        _check_the_line_for_commands(told, home)
        _be_the_tenth(home)
        events = [json.loads(line) for line in (home / "serve.log").read_text(encoding="utf-8").splitlines()]
        # A machine that is busy with other things may answer 503 "try again"; nothing else needs explaining.
        assert not [one for one in events if one["level"] == "error" and one.get("status") != 503]
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(30)
    assert status == 0
    assert len(list((home / "inbox").glob("*.eml"))) >= 25


def _be_the_tenth(home: Path) -> None:
    """What the visitor is told to do: register from a marked mail, accept as the agency, see the slot."""
    people.register(
        Applicant("yamada@example.com", "山田 花子", PROFILE), people.relay_link(_arrived(home, "yamada")[0])
    )
    answered = {link for mail in _arrived(home, "uketsuke") for link in people.agency_links(mail)}
    assert eventually(lambda: _new_links(home, answered))
    (link,) = _new_links(home, answered)
    people.acknowledge(link)
    (book,) = Installation(home).json("ledger", "show")
    assert (book["slots_free"], book["earned"]) == (1, 10)
    assert Installation(home).json("ledger", "verify")[0]["ok"] is True


def _new_links(home: Path, known: set[str]) -> set[str]:
    return {link for mail in _arrived(home, "uketsuke") for link in people.agency_links(mail)} - known


def _arrived(home: Path, local: str) -> list[Delivered]:
    """Mails to one reader, oldest first, from the files that the demo keeps."""
    found = []
    for number, path in enumerate(sorted((home / "inbox").glob("*.eml")), start=1):
        mail = Delivered(number, datetime.now(UTC), "", (), path.read_bytes())
        if str(mail.parsed()["To"]).startswith(f"{local}@"):
            found.append(mail)
    return found


def _check_story(told: str) -> None:
    lines = told.splitlines()
    outcomes = [line.split()[0] for line in lines if "(unchanged)" in line or "(link added)" in line]
    assert (outcomes.count("リンクを追加"), outcomes.count("1バイトも変えず")) == (3, 4), told
    assert "台帳 (ledger): 9/10、" in told


def _check_the_line_for_commands(told: str, home: Path) -> None:
    (line,) = (line for line in told.splitlines() if line.startswith("export "))
    demo = Installation(home)
    demo.env = dict(word.split("=", 1) for word in shlex.split(line)[1:])
    result = demo.run("doctor", "--json")
    assert [one for one in json.loads(result.stdout) if one["level"] == "fail"] == []
    assert f"ends after {LINK_MINUTES} minutes" in told


def _check_pages(told: str) -> None:
    link, inbox = LINK.search(told), INBOX.search(told)
    assert link is not None
    assert inbox is not None
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(link[1], timeout=20) as response:
        secret = re.search(r'name="csrf_token" value="([^"]+)"', response.read().decode())
    assert secret is not None
    pressed = urllib.parse.urlencode({"csrf_token": secret[1]}).encode()
    with opener.open(link[1], pressed, timeout=20) as response:
        assert response.url.endswith("/console/"), "the printed link signs in"
        assert "台帳" in response.read().decode()
    with urllib.request.urlopen(inbox[1], timeout=20) as response:
        page = response.read().decode()
    assert page.count("link added</span>") == 12
