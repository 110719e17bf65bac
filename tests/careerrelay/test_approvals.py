"""`careerrelay rules approve`, `approvals` and `forget`: a sentence is shown, remembered for its sender, and undone."""

import json
import os
import pty
import sys
from pathlib import Path
from typing import Any

import pytest

from careerrelay import opening
from careerrelay.front import Front
from careerrelay.judging import propose
from core.clock import SystemClock
from core.runtime import Tx
from core.setting_sources import load
from gateway.judgement import review
from tests.careerrelay.command_line import Installation, add_company

SENDER = "hr@example.co.jp"
TEMPLATE = """{{氏名}} 様

このたびは、○○職の選考にご応募いただき、ありがとうございました。
慎重に選考を重ねた結果、誠に残念ながら、○○職につきましては採用を見送らせていただくことになりました。
末筆ながら、今後のご活躍をお祈り申し上げます。

株式会社サンプル 採用担当
"""
SENT = TEMPLATE.replace("{{氏名}}", "山田 花子").replace("○○職", "総合職")


def mail(text: str, sender: str = SENDER, to: str = "山田 花子 <hanako@example.com>") -> bytes:
    head = f"From: {sender}\nTo: {to}\nSubject: ご連絡\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
    return (head + text).encode()


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "home")
    add_company(made)
    (tmp_path / "template.txt").write_text(TEMPLATE)
    (tmp_path / "sent.eml").write_bytes(mail(SENT))
    return made


def decided(installation: Installation, file: Path) -> str:
    line: dict[str, Any] = json.loads(installation.good("rules", "explain", "--company", "1", "--json", str(file)))
    return str(line["decision"])


def test_a_templates_sentence_is_approved_before_it_is_ever_sent(installation: Installation, tmp_path: Path) -> None:
    sent = tmp_path / "sent.eml"
    assert decided(installation, sent) == "review"
    arguments = ("rules", "approve", str(tmp_path / "template.txt"), "--company", "1", "--sender", "HR@example.co.jp")
    stored = installation.json(*arguments)
    assert stored["sentence"] == (
        "慎重に選考を重ねた結果、誠に残念ながら、<position>につきましては採用を見送らせていただくことになりました。"
    )
    assert (stored["sender"], stored["unfilled_marks"]) == (SENDER, [])
    assert decided(installation, sent) == "inject", "the mail made of the template has that sentence"

    (listed,) = installation.json("rules", "approvals")
    assert (listed["id"], listed["answer"], listed["by"], listed["undone_at"]) == (stored["id"], "approve", "cli", None)
    assert listed["at"][:10] == f"{SystemClock().now():%Y-%m-%d}"

    installation.good("rules", "forget", str(stored["id"]))
    assert decided(installation, sent) == "review", "as if nobody had said anything"
    assert installation.json("rules", "approvals") == []
    (undone,) = installation.json("rules", "approvals", "--all", "--company", "1")
    assert undone["undone_at"] is not None
    assert "no sentence" in installation.refused("rules", "forget", str(stored["id"]))[0]


def test_a_sentence_that_somebody_called_wrong_is_not_approved_in_passing(
    installation: Installation, tmp_path: Path
) -> None:
    command = ("rules", "approve", str(tmp_path / "sent.eml"), "--company", "1")
    stored = installation.json(*command)
    with opening.opened(load(env=installation.env)) as runtime, runtime.begin() as tx:
        (line,) = review.sentences(tx, 1)
        answer = {"sha256": propose_sha(installation, tx, tmp_path / "sent.eml"), "answer": review.REFUSE}
        review.store_sentence(tx, company_id=1, sender=line.sender, masked=line.masked, by="cli", **answer)
    (told,) = installation.refused(*command)
    assert "said on" in told
    assert "--yes approves it all the same" in told
    assert installation.json("rules", "approvals")[0]["answer"] == "refuse", "nothing was stored"
    assert installation.json(*command, "--yes")["id"] == stored["id"]
    assert installation.json("rules", "approvals")[0]["answer"] == "approve"
    assert installation.json(*command)["id"] == stored["id"], "the newest answer holds"


def propose_sha(installation: Installation, tx: Tx, file: Path) -> str:
    return propose(Front(None, installation.env), tx, 1, file).sha256


def test_it_holds_for_its_sender_alone_and_for_that_sentence_alone(installation: Installation, tmp_path: Path) -> None:
    installation.good("company", "set", "1", "--recruiting-sender", "@example.co.jp")
    installation.good("rules", "approve", str(tmp_path / "sent.eml"), "--company", "1")
    other, twin = tmp_path / "other.eml", tmp_path / "twin.eml"
    other.write_bytes(mail(SENT, sender="tokyo@example.co.jp"))
    passing = SENT.replace("採用を見送らせていただくことになりました", "ぜひ採用させていただくことになりました")
    twin.write_bytes(mail(passing))
    assert decided(installation, tmp_path / "sent.eml") == "inject"
    assert decided(installation, other) == "review"
    assert decided(installation, twin) == "pass"


def test_what_would_be_remembered_is_shown_with_its_dangers(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "doubtful.txt"
    file.write_text(
        SENT.replace("総合職につきましては", "{{abc}}につきましては") + "\n内定のご連絡は別途お送りします。\n"
    )
    said = installation.good("rules", "approve", str(file), "--company", "1", "--sender", SENDER, "--lang", "en")
    sender, sentence, *warnings, approved = said.splitlines()
    assert sender.split() == ["sender", SENDER]
    assert "{{abc}}につきましては採用を見送らせて" in sentence
    assert any(line.startswith("warning   {{abc}} says nothing") for line in warnings)
    assert any("an offer, a pass or a next step" in line for line in warnings)
    assert approved.startswith("approved as 1 for")


@pytest.mark.parametrize(
    ("name", "content", "more", "says"),
    [
        ("a.eml", mail(SENT, sender="sales@example.co.jp"), (), "no recruiting sender"),
        ("b.eml", mail("面接にお越しください。"), (), "no sentence in it decides"),
        ("c.txt", "採用を見送ります。".encode("cp932"), ("--sender", SENDER), "not UTF-8 text"),
        ("d.eml", b"", (), "empty"),
    ],
)
def test_what_cannot_be_approved_is_said_in_one_line(
    installation: Installation, tmp_path: Path, name: str, content: bytes, more: tuple[str, ...], says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (line,) = installation.refused("rules", "approve", str(tmp_path / name), "--company", "1", *more)
    assert says in line
    assert installation.json("rules", "approvals", "--all") == []


def test_on_a_terminal_it_asks_and_takes_no_for_an_answer(installation: Installation, tmp_path: Path) -> None:
    process, terminal = pty.fork()
    if process == 0:  # the child has the terminal for its three streams
        command = ["-m", "careerrelay", "rules", "approve", str(tmp_path / "sent.eml"), "--company", "1"]
        os.execvpe(sys.executable, [sys.executable, *command], os.environ | installation.env)
    said = b""
    while b"approve this sentence?" not in said:
        said += os.read(terminal, 4096)
    os.write(terminal, b"n\n")
    os.waitpid(process, 0)
    os.close(terminal)
    assert "採用を見送らせていただく".encode() in said
    assert installation.json("rules", "approvals") == []
