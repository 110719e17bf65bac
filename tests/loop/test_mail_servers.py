"""The Postfix recipes of `docs/mail-servers.md`, with the lines as they stand there: real Postfix, a real gateway.

The lines are read out of the document, so that it cannot say anything that does not work.
"""

import os
import re
import shlex
import smtplib
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.careerrelay.running import eventually
from tests.gateway.sink import Got, Sink
from tests.loop import programs
from tests.loop.installation import Installation
from tests.loop.postfix import Running, postfix
from tests.servers import free_port

DOCS = Path(__file__).parent.parent.parent / "docs"
HR, OTHER, CANDIDATE = "saiyo@example.jp", "sales@example.jp", "taro@example.com"
GATEWAY, FRONT, BEHIND = "gateway.example.jp", "front.example.jp", "behind.example.net"
ARRIVED_S = 30.0
FLUSHES_MAX, FLUSH_S = 5, 3.0
_BLOCK = re.compile(r"<!-- (?P<name>[^>]+) -->\n```\w*\n(?P<text>.*?)```", re.DOTALL)
MAIL = (
    "From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.jp>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
)


def blocks(page: str = "mail-servers.md") -> dict[str, str]:
    """Marked code blocks of a page by their mark, e.g. "postfix-relayhost main.cf"."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return {found["name"]: found["text"] for found in _BLOCK.finditer(text)}


class Recipe:
    """The blocks of one recipe with this test's folders and ports in the place of the document's."""

    def __init__(self, name: str, gateway_port: int, reinjection_port: int = 0) -> None:
        self._name = name
        self._replaced = {
            "[192.0.2.10]:25": f"[127.0.0.1]:{gateway_port}",
            "192.0.2.5:10026": f"127.0.0.1:{reinjection_port}",
            "192.0.2.10/32": "127.0.0.1/32",
        }
        self._folder = Path("/etc/postfix")

    def block(self, name: str) -> str:
        text = blocks()[name]
        for written, meant in (self._replaced | {"/etc/postfix": str(self._folder)}).items():
            text = text.replace(written, meant)
        return text

    def lines(self, folder: Path) -> tuple[str, str]:
        """What to add to main.cf and master.cf; tables are written beside them. For `postfix(extra=…)`."""
        self._folder = folder / "etc"
        found = blocks()
        for name in found:
            recipe, _, file = name.partition(" ")
            if recipe == self._name and file not in ("main.cf", "master.cf", "on", "around"):
                (self._folder / file).write_text(self.block(name))
        master = "postfix-filter master.cf" if self._name.startswith("postfix-filter") else ""
        return self.block(f"{self._name} main.cf"), self.block(master) if master else ""

    def change_to(self, name: str) -> None:
        """Go over to another recipe with the same port and transport."""
        self._name = name
        with (self._folder / "main.cf").open("a") as settings:
            settings.write(self.block(f"{name} main.cf"))
        self.shell("postfix reload")

    def run(self, step: str) -> None:
        """Run the commands of a step as a person would."""
        self.shell(self.block(f"{self._name} {step}"))

    def shell(self, commands: str) -> str:
        """Run commands on this test's Postfix; what they print."""
        environment = {**os.environ, "MAIL_CONFIG": str(self._folder)}
        shell = ["/bin/sh", "-ec", commands]
        done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass
class World:
    sink: Sink
    gateway: Installation
    front: Running
    recipe: Recipe

    def send(self, sender: str, subject: str, to: str = CANDIDATE, body: str = "こんにちは。\r\n") -> None:
        raw = MAIL.format(sender=sender, to=to, subject=subject, body=body).encode()
        with smtplib.SMTP("127.0.0.1", self.front.port, timeout=20) as client:
            client.sendmail(sender, [to], raw, mail_options=["BODY=8BITMIME"])

    def let_out(self, subject: str, total: int) -> Got:
        """What waits leaves by the old way; a flush that met a starting queue manager is said again."""
        self.recipe.run("around")
        for _ in range(FLUSHES_MAX):
            if eventually(lambda: len(self.sink.got) >= total, FLUSH_S):
                break
            self.recipe.shell("postqueue -f")
        return self.arrived(subject, total)

    def arrived(self, subject: str, total: int) -> Got:
        """Wait until ``total`` mails are there; the only one with this subject."""
        got = self.sink.wait(total, ARRIVED_S)
        (found,) = [each for each in got if f"Subject: {subject}\r\n".encode() in each.raw]
        return found


def way(got: Got) -> list[str]:
    """Which servers a mail has passed, the last one first."""
    head = got.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    return re.findall(r"^Received:(?:[^\r\n]|\r\n[ \t])*?\bby (\S+)", head, re.MULTILINE)


def body(got: Got) -> str:
    return got.raw.partition(b"\r\n\r\n")[2].decode()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as open_things:
        yield open_things


def installed(stack: ExitStack, home: Path, next_hop_port: int) -> Installation:
    """A gateway on a port of its own, with the company of the document; it survives being stopped and started."""
    hop = f"smtp://127.0.0.1:{next_hop_port}"
    listen = f"127.0.0.1:{free_port()}"
    installation = Installation(home, SMTP__LISTEN=listen, RELAY__NEXT_HOP=hop, GATEWAY__PROCESSES="1")
    installation.command("migrate")
    company = ["company", "add", "--name", "例示株式会社", "--sender-domain", "example.jp"]
    installation.command(*company, "--recruiting-sender", HR, "--network", "127.0.0.0/8", "--mode", "auto")
    installation.start()
    stack.callback(_stopped, installation)
    return installation


def _stopped(installation: Installation) -> None:
    if installation.process is not None and installation.process.poll() is None:
        installation.stop()


def relayhost_world(stack: ExitStack, home: Path) -> World:
    """Front Postfix -> (recruiting) gateway -> another Postfix -> internet; front Postfix -> internet."""
    sink = stack.enter_context(Sink())
    behind = stack.enter_context(postfix(BEHIND, sink.port))
    gateway = installed(stack, home, behind.port)
    recipe = Recipe("postfix-relayhost", gateway.smtp_port)
    front = stack.enter_context(postfix(FRONT, sink.port, extra=recipe.lines))
    recipe.run("on")
    return World(sink, gateway, front, recipe)


def filter_world(stack: ExitStack, home: Path, name: str) -> World:
    """One Postfix in front and behind: -> gateway -> its own second port -> internet."""
    sink, back = stack.enter_context(Sink()), free_port()
    gateway = installed(stack, home, back)
    recipe = Recipe(name, gateway.smtp_port, back)
    front = stack.enter_context(postfix(FRONT, sink.port, extra=recipe.lines))
    recipe.run("on")
    return World(sink, gateway, front, recipe)


def test_only_recruiting_mailboxes_pass_the_gateway_to_another_server(stack: ExitStack, tmp_path: Path) -> None:
    world = relayhost_world(stack, tmp_path / "home")
    world.send(HR, "notice")
    assert way(world.arrived("notice", 1)) == [BEHIND, GATEWAY, FRONT]
    world.send(OTHER, "offer")
    assert way(world.arrived("offer", 2)) == [FRONT]
    with smtplib.SMTP("127.0.0.1", world.front.port, timeout=20) as client:
        client.sendmail("", [CANDIDATE], b"From: <mailer-daemon@example.jp>\r\nSubject: bounce\r\n\r\nx\r\n")
    assert way(world.arrived("bounce", 3)) == [FRONT]
    _waits_and_goes_around(world, 3)
    world.recipe.run("on")  # and back again
    world.gateway.start()
    world.send(HR, "again")
    assert GATEWAY in way(world.arrived("again", 7))


def test_recruiting_mailboxes_then_all_mail_pass_the_gateway_and_come_back(stack: ExitStack, tmp_path: Path) -> None:
    world = filter_world(stack, tmp_path / "home", "postfix-filter-some")
    world.send(HR, "notice")
    got = world.arrived("notice", 1)
    assert way(got) == [FRONT, GATEWAY, FRONT], "once through, no circle"
    assert body(got) == "こんにちは。\r\n"
    world.send(OTHER, "offer")
    assert way(world.arrived("offer", 2)) == [FRONT]
    _waits_and_goes_around(world, 2)
    _then_all_mail(world, 5)


def _then_all_mail(world: World, total: int) -> None:
    """The second recipe on the same server."""
    world.gateway.start()
    world.recipe.change_to("postfix-filter-all")
    for number, sender in enumerate((HR, OTHER), start=1):
        world.send(sender, f"mail{number}")
        assert way(world.arrived(f"mail{number}", total + number)) == [FRONT, GATEWAY, FRONT]
    world.gateway.stop()
    world.send(OTHER, "down-again")
    _is_deferred(world, "down-again")
    assert GATEWAY not in way(world.let_out("down-again", total + 3))
    world.send(HR, "the-old-way")
    assert way(world.arrived("the-old-way", total + 4)) == [FRONT]


def _waits_and_goes_around(world: World, total: int) -> None:
    """The gateway goes down: mail waits at the company's own server, other mail leaves. One step lets it out."""
    world.gateway.stop()
    world.send(HR, "while-down")
    world.send(OTHER, "beside")
    assert way(world.arrived("beside", total + 1)) == [FRONT]
    _is_deferred(world, "while-down")
    assert GATEWAY not in way(world.let_out("while-down", total + 2))
    world.send(HR, "after")
    assert way(world.arrived("after", total + 3)) == [FRONT]


def _is_deferred(world: World, subject: str) -> None:
    assert eventually(lambda: "Connection refused" in world.recipe.shell("postqueue -p")), "it waits where it came from"
    assert not [got for got in world.sink.got if f"Subject: {subject}\r\n".encode() in got.raw]


def test_the_swaks_commands_say_what_the_page_says(stack: ExitStack, tmp_path: Path) -> None:
    programs.swaks()
    sink = stack.enter_context(Sink())
    gateway = installed(stack, tmp_path / "home", sink.port)
    for name, network, status in (("swaks accepted", "127.0.0.0/8", 0), ("swaks refused", "192.0.2.5/32", 24)):
        gateway.command("company", "set", "1", "--network", network)
        text = blocks()[name].replace("192.0.2.10:25", f"127.0.0.1:{gateway.smtp_port}")
        command, *expected = [line for line in text.splitlines() if line]
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == status, done.stdout
        for line in expected:
            assert re.search(r"^\s*" + re.escape(line.strip("# ")), done.stdout, re.MULTILINE), done.stdout


def test_the_japanese_page_gives_the_same_lines() -> None:
    """What is proven above is proven for both pages."""
    english, japanese = blocks(), blocks("mail-servers.ja.md")
    assert {name.partition(" ")[0] for name in japanese} >= {
        "postfix-relayhost",
        "postfix-filter-some",
        "postfix-filter",
    }
    for name, text in japanese.items():
        assert text == english[name], name
    fences = [re.findall(r"```powershell\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
              for page in ("mail-servers.md", "mail-servers.ja.md")]  # fmt: skip
    for block in fences[1]:
        missing = [line for line in block.splitlines() if line not in "\n".join(fences[0])]
        assert not missing
