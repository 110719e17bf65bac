"""`careerrelay anonymize`: the formats, lines that cannot be read, and that each line is answered at once."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from careerrelay.commands import anonymize as command


def run(data: bytes, *options: str) -> tuple[int, list[dict[str, object]], str]:
    result = CliRunner().invoke(command.anonymize, ["--jsonl", *options], input=data)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def record(**fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def test_each_line_becomes_a_line_with_its_id_and_text() -> None:
    people = [
        {"name": "山田 太郎", "kana": "ヤマダ タロウ", "romaji": "Taro Yamada", "email": "t@example.jp", "phone": None}
    ]
    status, answers, errors = run(
        record(id="a", lang="ja", text="山田です。t@example.jp", identities=people)
        + b"\n"
        + record(id=2, lang="en", text="Call Emily Stone at 415-555-0132", identities=[])
        + record(id=None, lang="mixed", text="", identities=None)
    )
    assert (status, errors) == (0, "")
    assert answers == [
        {"id": "a", "text": "〔人物A〕です。〔メール〕"},
        {"id": 2, "text": "Call [Person A] at [phone]"},
        {"id": None, "text": ""},
    ]


def test_the_name_of_a_file_goes_the_same_way() -> None:
    answers = run(
        record(text="", filename="履歴書_山田太郎.pdf", identities=[{"name": "山田 太郎"}])
        + record(text="", lang="en", filename="hnagi_cv.pdf", identities=[{"name": "Hana Nagi"}])
        + record(text="", filename=7)
    )[1]
    assert [answer.get("filename") for answer in answers] == ["履歴書_人物A.pdf", "Person_A_cv.pdf", None]
    assert answers[2]["error"] == 'line 3: "filename" is no string'


def test_without_a_language_in_the_line_the_option_holds() -> None:
    assert run(record(text="Call Emily Stone"), "--lang", "en")[1] == [{"id": None, "text": "Call [Person A]"}]


def test_fields_of_an_identity_that_nobody_knows_are_left_and_numbers_are_read() -> None:
    answers = run(record(text="9012345678が番号", identities=[{"phone": 9012345678, "department": "人事"}]))[1]
    assert answers == [{"id": None, "text": "〔電話番号〕が番号"}]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"not json: \xe5\xb1\xb1\xe7\x94\xb0\n", "no JSON: Expecting value"),
        (b'{"id": 7, "text": "\xff"}\n', "no UTF-8"),
        (b"[1]\n", "no JSON object"),
        (b"[" * 100_000 + b"\n", "no JSON: nested too deeply"),
        (record(id=7), '"text" is missing or no string'),
        (record(id=7, text=5), '"text" is missing or no string'),
        (record(id=7, text="山田", lang="fr"), '"lang" is none of ja, en, mixed'),
        (record(id=7, text="山田", identities={"name": "山田"}), '"identities" is no list of objects'),
        (record(id=7, text="山田", identities=["山田"]), '"identities" is no list of objects'),
        (record(id=7, text="山田", identities=[{"name": ["山田"]}]), '"name" of an identity is no string'),
    ],
)
def test_a_line_that_cannot_be_read_is_told_with_its_number_and_the_others_go_on(line: bytes, error: str) -> None:
    status, answers, errors = run(record(id=1, text="山田さん") + line + record(id=3, text="佐藤さん"))
    assert status == 1
    assert [answer.get("text") for answer in answers] == ["〔人物A〕さん", None, "〔人物A〕さん"]
    assert answers[1]["line"] == 2
    assert answers[1]["error"] == f"line 2: {error}"
    assert "1 line(s)" in errors
    assert "山田" not in errors + json.dumps(answers[1], ensure_ascii=False)


def test_a_line_that_is_too_long_is_never_held_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LINE_BYTES_MAX", 200)
    for size in (170, 180, 200, 1_000):
        status, answers, _ = run(record(text="x" * size) + record(id=2, text="y"))
        assert answers[1] == {"id": 2, "text": "y"}
        assert (status == 0) == (len(record(text="x" * size)) <= 200)
    assert answers[0]["error"] == "line 1: longer than 200 bytes"


def test_half_a_character_and_control_characters_stop_nothing() -> None:
    status, answers, _ = run(b'\xef\xbb\xbf{"text": "a\\ud800b \\u0000 \\u5c71\\u7530\\u3055\\u3093"}\n')
    assert (status, answers) == (0, [{"id": None, "text": "a?b \0 〔人物A〕さん"}])


def test_the_trace_says_what_was_taken_by_which_rule_and_why() -> None:
    (answer,) = run(record(text="面接は山田さん、203.0.113.9"), "--trace")[1]
    found = answer["findings"]
    assert isinstance(found, list)
    assert [(one["type"], one["start"], one["end"]) for one in found] == [("PERSON", 3, 5), ("IP_ADDRESS", 8, 19)]
    assert found[0]["recogniser"] == "person-ja"
    assert found[0]["why"] == "before an honorific"
    assert found[1]["recogniser"] == "IpRecognizer"


def test_plain_text_keeps_its_line_ends_and_the_trace_needs_lines() -> None:
    plain = CliRunner().invoke(command.anonymize, [], input="山田さん\r\nもう一行".encode())
    assert plain.stdout_bytes.decode() == "〔人物A〕さん\r\nもう一行"
    assert CliRunner().invoke(command.anonymize, ["--trace"], input=b"").exit_code == 2


def test_a_line_is_answered_before_the_next_one_is_written_whatever_the_locale() -> None:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with subprocess.Popen(
        [sys.executable, "-m", "careerrelay", "anonymize", "--jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdin
        assert process.stdout
        for text in ("山田さん", "佐藤様"):
            process.stdin.write(record(id=text, text=text))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"].startswith("〔人物A〕")
        process.stdin.close()
        assert process.wait(timeout=60) == 0
