"""Texts that are stripped together come out as each would alone, and whoever waits for an answer gets it."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from anonymizer.engine import Request, anonymise, anonymise_all
from careerrelay.commands.anonymize import GROUP_LINES_MAX
from tests.anonymizer.records import one_off

SETS = ("eleventh/templates.txt", "eleventh/hostile.txt")


@pytest.mark.parametrize("size", [1, 3, 40])
def test_a_group_gives_what_each_gives_alone(size: int) -> None:
    records = [record for path in SETS for record in one_off(path, "A" if "templates" in path else "B")]
    records = random.Random(size).sample(records, 40)
    requests = [Request(record.text, record.people, "ja" if len(record.text) % 2 else "en") for record in records]
    together = [found for at in range(0, 40, size) for found in anonymise_all(requests[at : at + size])]
    assert together == [anonymise(*request[:3]) for request in requests]


def test_the_same_text_twice_in_a_group_has_its_own_participants() -> None:
    text = "面接官は鷺沢です。"
    first, second = anonymise_all([Request(text, keep=("鷺沢",)), Request("山田太郎です。")])
    assert first == anonymise(text, keep=("鷺沢",))
    assert second == anonymise("山田太郎です。")


def test_nothing_to_strip() -> None:
    assert anonymise_all([]) == []
    assert [found.text for found in anonymise_all([Request(""), Request("です")])] == ["", "です"]


@pytest.fixture
def command() -> Iterator[subprocess.Popen[bytes]]:
    program = [sys.executable, "-m", "careerrelay", "anonymize", "--jsonl"]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        yield process
        if process.stdin is not None:
            process.stdin.close()


def say(process: subprocess.Popen[bytes], octets: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(octets)
    process.stdin.flush()


def hear(process: subprocess.Popen[bytes], count: int) -> Sequence[dict[str, Any]]:
    assert process.stdout is not None
    return [json.loads(process.stdout.readline()) for _ in range(count)]


def test_a_line_is_answered_at_once_and_in_its_place(command: subprocess.Popen[bytes]) -> None:
    say(command, b'{"id": 1, "text": "a@example.com"}\n')
    assert "example.com" not in hear(command, 1)[0]["text"]
    say(command, b'{"id": 2, "text": "x"}\nno json\n\n{"id": 3, "text": "y"}\n\n{"id": 4, ')
    answers = hear(command, 3)
    assert [(answer["id"], "error" in answer) for answer in answers] == [(2, False), (None, True), (3, False)]
    assert answers[1]["line"] == 3
    say(command, b'"text": "z"}\n')
    assert hear(command, 1)[0]["id"] == 4


def test_many_lines_come_out_in_their_order(command: subprocess.Popen[bytes]) -> None:
    count = 3 * GROUP_LINES_MAX + 1
    say(command, b"".join(b'{"id": %d, "text": "%d"}\n' % (number, number) for number in range(count)))
    assert [answer["id"] for answer in hear(command, count)] == list(range(count))
