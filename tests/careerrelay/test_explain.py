"""`careerrelay rules explain` and `rewrite` on mail files: exact formats, on a bare machine, changing nothing."""

import csv
import json
import os
import re
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from tests.careerrelay.command_line import Installation, add_company

MAILS = Path(__file__).parents[1] / "data" / "rejection-mails"
REJECTION, OFFER = "d0000.eml", "d0060.eml"
SIGNALS = str(MAILS / "signals.csv")


@pytest.fixture
def bare(tmp_path: Path) -> Installation:
    """A machine without settings: whatever a command needed of them would show as a file in HOME."""
    installation = Installation(tmp_path / "home")
    del installation.env["CAREERRELAY_RELAY__NEXT_HOP"]
    return installation


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def labels() -> dict[str, str]:
    with (MAILS / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row["label"] for row in csv.DictReader(file)}


def test_every_mail_of_the_corpus_gets_one_line_and_no_wrong_link(bare: Installation) -> None:
    files = [str(path) for path in sorted(MAILS.glob("*.eml"))]
    found = lines(bare.good("rules", "explain", "--json", "--signals", SIGNALS, "-", text="\n".join(files) + "\n"))
    assert [line["file"] for line in found] == files, "each once, in order, as given"
    for line in found:
        assert line["decision"] in ("inject", "review", "pass")
        assert isinstance(line["score"], float | int)
        assert line["because"], "a decision without a reason"
    label_of = labels()
    injected = {Path(line["file"]).name for line in found if line["decision"] == "inject"}
    assert injected, "the second signals of the file were read"
    assert {label_of[name] for name in injected} == {"rejection"}
    assert not bare.home.exists()


def test_without_signals_nothing_is_injected(bare: Installation) -> None:
    files = [str(path) for path in sorted(MAILS.glob("*.eml"))[:30]]
    found = lines(bare.good("rules", "explain", "--json", *files))
    assert {line["decision"] for line in found} <= {"review", "pass"}


def test_an_unreadable_file_is_a_line_and_status_1_at_the_end(bare: Installation, tmp_path: Path) -> None:
    good = str(MAILS / REJECTION)
    result = bare.run("rules", "explain", "--json", str(tmp_path / "none.eml"), str(tmp_path), good)
    assert result.exit_code == 1
    missing, directory, decided = lines(result.stdout)
    assert missing == {"file": str(tmp_path / "none.eml"), "error": "No such file or directory"}
    assert set(directory) == {"file", "error"}
    assert decided["decision"] in ("review", "pass")


def test_no_path_in_a_list_stops_the_others(bare: Installation, tmp_path: Path) -> None:
    good = (MAILS / REJECTION).read_bytes()
    contents = {
        "empty.eml": b"",
        "noise.eml": bytes(range(256)) * 64,
        "picture.eml": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        "charset.eml": good.replace(b"UTF-8", b"x-unheard-of").replace(b"utf-8", b"x-unheard-of"),
        "cut.eml": good[: len(good) // 2],
        "blank in name 採用.eml": good,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    nobodys = os.fsencode(tmp_path) + b"/\x93\xfa.eml"  # a name in Shift_JIS
    Path(os.fsdecode(nobodys)).write_bytes(good)
    given = [str(tmp_path / name) for name in contents] + ["", "no such\0path.eml", "/dev/zero", "x" * 5000]
    typed = "\n".join([*given, os.fsdecode(nobodys), str(MAILS / REJECTION)]) + "\r\n"
    result = bare.run("rules", "explain", "--json", "-", text=typed.encode("utf-8", "surrogateescape"))
    assert result.exit_code == 1
    answers = [json.loads(line) for line in result.stdout_bytes.decode("utf-8", "surrogateescape").splitlines()]
    told = {answer["file"]: answer for answer in answers}
    assert list(told) == [path for path in given if path] + [os.fsdecode(nobodys), str(MAILS / REJECTION)]
    errors = {Path(file).name[:12]: answer["error"] for file, answer in told.items() if "error" in answer}
    assert errors == {
        "empty.eml": "the file is empty",
        "no such\0path": "embedded null byte",
        "zero": "larger than 67108864 bytes",
        "x" * 12: "File name too long",
    }
    assert told[str(tmp_path / "noise.eml")]["decision"] != "inject"
    assert told[os.fsdecode(nobodys)]["decision"] == told[str(MAILS / REJECTION)]["decision"] == "review"


def test_an_empty_list_is_said(bare: Installation) -> None:
    assert bare.refused("rules", "explain", "--json", "-", text="\n\n") == [
        "careerrelay: no paths came on standard input"
    ]


def test_each_answer_is_written_before_the_next_path_is_read() -> None:
    command = [sys.executable, "-m", "careerrelay", "rules", "explain", "--json", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for name in (REJECTION, OFFER, REJECTION):
            process.stdin.write(f"{MAILS / name}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["file"] == str(MAILS / name)
        process.stdin.close()
        assert process.wait(20) == 0


def test_signals_are_matched_by_base_name_and_decide(bare: Installation, tmp_path: Path) -> None:
    recipient = str(message_from_bytes((MAILS / REJECTION).read_bytes())["To"])
    address = re.search(r"[\w.+-]+@[\w.-]+", recipient)
    assert address is not None
    decisions = {}
    for in_ats, status in (
        ("1", "rejected"),
        ("0", "rejected"),
        ("1", "offered"),
        ("1", "in_progress"),
        ("1", "banana"),
    ):
        file = tmp_path / f"{in_ats}{status}.csv"
        file.write_text(
            f"file,recipient,in_ats,ats_status,status_age_days\n{REJECTION},{address.group()},{in_ats},{status},1\n"
        )
        copy = tmp_path / "elsewhere" / REJECTION
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes((MAILS / REJECTION).read_bytes())
        (line,) = lines(bare.good("rules", "explain", "--json", "--signals", str(file), str(copy)))
        decisions[in_ats, status] = line["decision"]
    assert decisions.pop(("1", "rejected")) == "inject"
    assert set(decisions.values()) <= {"review", "pass"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("file,recipient\n", "no column ats_status"),
        ("file,recipient,in_ats,ats_status,status_age_days\na,b,1,rejected,x\n", ":2: "),
    ],
)
def test_a_wrong_signals_file_is_refused(bare: Installation, tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "s.csv").write_text(content)
    (line,) = bare.refused("rules", "explain", "--json", "--signals", str(tmp_path / "s.csv"), str(MAILS / REJECTION))
    assert says in line


def test_for_people_it_says_why(bare: Installation) -> None:
    first, *reasons = bare.good("rules", "explain", "--signals", SIGNALS, str(MAILS / REJECTION)).splitlines()
    assert first.startswith(f"{MAILS / REJECTION}: inject")
    assert reasons


def test_a_file_with_unix_line_ends_is_decided_alike(bare: Installation, tmp_path: Path) -> None:
    raw = (MAILS / REJECTION).read_bytes()
    for name, content in (
        ("crlf", raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
        ("lf", raw.replace(b"\r\n", b"\n")),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / REJECTION).write_bytes(content)
    files = [str(tmp_path / name / REJECTION) for name in ("crlf", "lf")]
    one, two = lines(bare.good("rules", "explain", "--json", "--signals", SIGNALS, *files))
    assert one | {"file": ""} == two | {"file": ""}


def test_for_a_company_only_its_recruiting_senders_are_decided(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    company = str(add_company(installation))
    (line,) = lines(installation.good("rules", "explain", "--company", company, "--json", str(MAILS / REJECTION)))
    assert (line["decision"], line["because"][0]["id"]) == ("pass", "not_a_recruiting_sender")
    sender = str(message_from_bytes((MAILS / REJECTION).read_bytes())["From"])
    address = re.search(r"[\w.+-]+@([\w.-]+)", sender)
    assert address is not None
    installation.good("company", "set", company, "--sender-domain", address[1], "--recruiting-sender", address[0])
    arguments = ("--company", company, "--json", str(MAILS / REJECTION))
    (line,) = lines(installation.good("rules", "explain", *arguments))
    assert line["decision"] == "review"
    approved = installation.json("rules", "approve", str(MAILS / REJECTION), "--company", company)
    assert approved["sender"] == address[0].lower()
    (line,) = lines(installation.good("rules", "explain", *arguments))
    assert line["decision"] == "inject", "the approved sentence is the second signal"


def test_a_rule_file_is_checked_with_its_lines(bare: Installation, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("schema = 1\n")
    assert bare.json("rules", "check", str(good))["ok"] is True
    bad.write_text("schema = 1\nnonsense = true\n")
    (line,) = bare.refused("rules", "check", str(bad))
    assert f"{bad}:2: " in line
    assert "No such file" in bare.refused("rules", "check", str(tmp_path / "none.toml"))[0]


def rewritten(file: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "careerrelay", "rewrite", str(file), "--recipient", "taro@example.com"]
    return subprocess.run(command, capture_output=True, check=True)


def test_rewrite_edits_whatever_the_rules_say(tmp_path: Path) -> None:
    file = tmp_path / "plain.eml"
    file.write_bytes(b"From: hr@example.co.jp\nTo: taro@example.com\nSubject: hi\n\nHello Taro.\n")
    once, again = rewritten(file), rewritten(file)
    assert once.stdout == again.stdout, "the example link is always the same"
    assert b"\r" not in once.stdout, "line ends as in the file"
    assert len(re.findall(rb"/r/[\w-]{22}", once.stdout)) == len(re.findall(rb"/u/[\w-]{22}", once.stdout)) == 1
    assert once.stderr == b""


def test_rewrite_names_the_file_that_it_cannot_read(bare: Installation, tmp_path: Path) -> None:
    (line,) = bare.refused("rewrite", str(tmp_path / "none.eml"), "--recipient", "taro@example.com")
    assert line == f"careerrelay: {tmp_path / 'none.eml'}: No such file or directory"


def test_rewrite_leaves_a_protected_mail_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "signed.eml"
    file.write_bytes(
        b"From: hr@example.co.jp\nTo: taro@example.com\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b\n\n'
        b"--b\nContent-Type: text/plain\n\nHello.\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"
    )
    done = rewritten(file)
    assert done.stdout == file.read_bytes()
    assert done.stderr.startswith(b"careerrelay: not edited: ")


def test_anonymize_reads_text_or_lines(bare: Installation) -> None:
    text = "山田太郎です。電話は090-1234-5678です。"
    plain = bare.good("anonymize", text=text)
    assert "090-1234-5678" not in plain
    items = [
        {
            "id": 7,
            "lang": "ja",
            "text": text,
            "identities": [{"name": "山田 太郎", "kana": "", "romaji": None, "email": "", "phone": ""}],
        },
        {"id": "x", "lang": "en", "text": "Call me at taro@example.com", "identities": []},
    ]
    one, two = lines(bare.good("anonymize", "--jsonl", text="".join(json.dumps(item) + "\n" for item in items)))
    assert (one["id"], two["id"], set(one)) == (7, "x", {"id", "text"})
    assert "山田" not in one["text"]
    assert "taro@example.com" not in two["text"]
