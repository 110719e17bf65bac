"""docs/rules.md and docs/rules.ja.md: every file is written, every command is run, and says what is printed there.

``…`` stands for what differs from run to run: in a line for any words, as a line of its own for any lines.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from careerrelay import opening
from core import setting_sources
from crm.invitation import invitations
from rules.decide import PLACEHOLDERS
from rules.model import AtsAnswer, AtsStatus
from tests.careerrelay.command_line import Installation
from tests.gateway.kept import keep

DOCS = Path(__file__).parents[2] / "docs"
SENDER = "saiyo@example.jp"
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<file>\S+))?\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass
class Command:
    words: list[str]
    printed: list[str]


def blocks(page: str) -> list[re.Match[str]]:
    return list(_BLOCK.finditer((DOCS / page).read_text(encoding="utf-8")))


def commands(body: str) -> list[Command]:
    found: list[Command] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append(Command(shlex.split(line[2:]), []))
        else:
            found[-1].printed.append(line)
    return found


def fits(printed: list[str], said: str) -> bool:
    lines = [".*" if line.strip() == "…" else re.escape(line).replace("…", "[^\n]*") for line in printed]
    pattern = "\n".join(lines).replace("\n.*", "(?:\n.*)?").replace(".*\n", "(?:.*\n)?")
    return re.fullmatch(pattern, said.rstrip("\n"), re.DOTALL) is not None


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """The company of the page; four mails of the last days, one of which a person has answered."""
    made = Installation(tmp_path / "home", WEB__BASE_URL="https://relay.example.jp")
    domain = ("--sender-domain", "example.jp", "--recruiting-sender", SENDER, "--network", "192.0.2.0/24")
    made.good("company", "add", "--name", "例示株式会社", *domain, "--mode", "auto")
    licence = ("--licence", "13-ユ-300001", "--licence-expires", "2099-03-31", "--email", "desk@agency.example.org")
    made.good("agency", "add", "--company", "1", "--name", "例示キャリア", *licence)
    monkeypatch.chdir(tmp_path)
    return made


def arrive(installation: Installation) -> None:
    rejected = AtsAnswer(AtsStatus.REJECTED, 1.0)
    mails = {name: Path(name).read_bytes().replace(b"\n", b"\r\n") for name in ("engineer.eml", "rejection.eml")}
    invited = mails["rejection.eml"].partition(b"\r\n\r\n")[0] + "\r\n\r\n面接にお越しください。\r\n".encode()
    with opening.opened(setting_sources.load(env=installation.env)) as runtime:
        keep(runtime, 1, mails["engineer.eml"], sender=SENDER, ats=rejected, answers=["not_rejection"])
        second = keep(runtime, 1, mails["rejection.eml"], sender=SENDER, ats=rejected)
        with runtime.begin() as tx:
            invitations.offer_for_rejection(tx, company_id=1, recipient="hanako@example.com", mail_id=second)
        keep(runtime, 1, invited, sender=SENDER)
        keep(runtime, 1, invited, sender=SENDER, passed=False)


@pytest.mark.parametrize("page", ["rules.md", "rules.ja.md"])
def test_the_page_does_what_it_says(installation: Installation, page: str) -> None:
    found = blocks(page)
    for block in found:
        if block["file"]:
            Path(block["file"]).write_text(block["body"], encoding="utf-8")
    arrive(installation)
    run = 0
    for block in found:
        for command in commands(block["body"]) if block["kind"] == "console" else []:
            assert command.words[0] == "careerrelay"
            result = installation.run(*command.words[1:])
            assert fits(command.printed, result.output), f"{shlex.join(command.words)}\n{result.output}"
            refused = any(line.startswith("careerrelay: ") for line in command.printed)
            assert result.exit_code == (1 if refused else 0), command.words
            run += 1
    assert run >= 14


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
def test_both_marks_are_named_in_both_languages(page: str) -> None:
    text = (DOCS.parent / page).read_text(encoding="utf-8")
    assert [mark for mark in PLACEHOLDERS if f"`{mark}`" not in text] == []


def test_both_pages_show_the_same_files_and_commands() -> None:
    english, japanese = blocks("rules.md"), blocks("rules.ja.md")
    files = [[(block["kind"], block["file"]) for block in page] for page in (english, japanese)]
    assert files[0] == files[1]
    for one, other in zip(english, japanese, strict=True):
        if one["kind"] == "console":
            words = [[c.words for c in commands(block["body"])] for block in (one, other)]
            assert [[w for w in c if w != "en"] for c in words[0]] == [[w for w in c if w != "ja"] for c in words[1]]
