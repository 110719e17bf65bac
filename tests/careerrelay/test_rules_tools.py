"""`careerrelay rules check|replay|versions|activate|rollback` on an installation that keeps mails."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from careerrelay import opening
from core import setting_sources
from core.runtime import Runtime
from rules.model import AtsAnswer, AtsStatus
from tests.careerrelay.command_line import Installation
from tests.gateway.kept import keep
from tests.gateway.rig import HR, REJECTION, message

REJECTED = AtsAnswer(AtsStatus.REJECTED, 1.0)
RULES = """schema = 1
[[rule]]
id = "engineers-by-hand"
name = "エンジニアは人が見る"
[rule.when]
body_new = { any = ["エンジニア"] }
[[rule.do]]
action = "review"
"""
ENGINEER = REJECTION.replace("選考", "エンジニア職の選考", 1)
COMPANY = ("--company", "1")


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "home", WEB__BASE_URL="https://relay.example.jp")
    arguments = ("--name", "株式会社サンプル", "--sender-domain", "kigyo.example.jp", "--recruiting-sender", HR)
    made.good("company", "add", *arguments, "--network", "127.0.0.0/8", "--mode", "auto")
    given = ("--name", "みらいキャリア", "--licence", "13-ユ-300001", "--licence-expires", "2099-03-31")
    made.good("agency", "add", *COMPANY, *given, "--email", "desk@agency.example.org")
    (tmp_path / "new.toml").write_text(RULES)
    (tmp_path / "shipped.toml").write_text("schema = 1\n")
    return made


@contextmanager
def opened(installation: Installation) -> Iterator[Runtime]:
    with opening.opened(setting_sources.load(env=installation.env)) as runtime:
        yield runtime


@pytest.fixture
def mails(installation: Installation) -> tuple[int, int]:
    with opened(installation) as runtime:
        engineer = keep(runtime, 1, message(ENGINEER), ats=REJECTED, answers=["not_rejection"])
        keep(runtime, 1, message("面接にお越しください。\r\n"), passed=False)
        return engineer, keep(runtime, 1, message(REJECTION), ats=REJECTED)


def test_a_replay_for_programs(installation: Installation, mails: tuple[int, int], tmp_path: Path) -> None:
    told = installation.json("rules", "replay", "--since", "2d", "--rules", str(tmp_path / "new.toml"), *COMPANY)
    assert (told["mails"], told["seen"], told["unseen"], told["changed"]) == (3, 2, {"not_kept": 1}, 1)
    assert told["decisions"] == {"before": {"inject": 2}, "after": {"review": 1, "inject": 1}}
    assert told["moves"] == {"inject>review": 1}
    assert told["wrong_calls"] == {"before": {"link": [mails[0]], "missed": []}, "after": {"link": [], "missed": []}}
    (sample,) = told["samples"]
    assert (sample["mail"], sample["answer"], sample["changes"]) == (mails[0], "not_rejection", ["verdict"])
    assert (sample["before"]["leaves"], sample["after"]["leaves"]) == ("edited", "unchanged")
    assert any("engineers-by-hand" in line for line in sample["after"]["because"])
    assert any("/r/example-link-not-valid" in line for line in sample["diff"])


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ("mails of recruiting senders: 3, decided again: 2, not to be seen: 1", "bytes not kept: 1",
                "decisions that change: 1 (inject>review: 1)", "company rule engineers-by-hand")),
        ("ja", ("採用の差出人のメール: 3通(判定し直した 2通、見られなかった 1通)", "内容を保存していない: 1",
                "判定が変わるもの: 1通 (案内>見直し: 1)", "engineers-by-hand")),
    ],
)  # fmt: skip
def test_a_replay_for_people(
    installation: Installation, mails: tuple[int, int], tmp_path: Path, lang: str, said: tuple[str, ...]
) -> None:
    text = installation.good("rules", "replay", "--rules", str(tmp_path / "new.toml"), "--lang", lang)
    for words in said:
        assert words in text, words
    assert f"mail {mails[0]}" in text or f"メール {mails[0]}" in text


def test_against_another_file_new_wrong_links_are_named(
    installation: Installation, mails: tuple[int, int], tmp_path: Path
) -> None:
    text = installation.good("rules", "replay", "--against", str(tmp_path / "new.toml"), "--lang", "en")
    assert f"NEW WRONG LINKS: people called these no rejection: {mails[0]}" in text


@pytest.mark.parametrize("since", ["soon", "14", "2026-13-01", "-3d"])
def test_a_time_that_is_none_is_wrong_usage(installation: Installation, since: str) -> None:
    result = installation.run("rules", "replay", "--since", since)
    assert result.exit_code == 2
    assert "write 14d" in result.stderr


def test_rules_come_into_force_after_a_replay_and_go_back(
    installation: Installation, mails: tuple[int, int], tmp_path: Path
) -> None:
    file = tmp_path / "engineer.eml"
    file.write_bytes(message("山田様\r\n\r\n" + ENGINEER))

    def decided() -> list[str]:
        line = json.loads(installation.good("rules", "explain", *COMPANY, "--json", str(file)))
        return [reason["id"] for reason in line["because"] if reason["id"].startswith("rule:")]

    assert decided() == []
    assert installation.json("rules", "versions", *COMPANY) == []
    said = installation.good("rules", "activate", str(tmp_path / "new.toml"), *COMPANY, "--lang", "en")
    assert "decisions that change: 1 (inject>review: 1)" in said
    assert decided() == ["rule:engineers-by-hand"]
    (version,) = installation.json("rules", "versions", *COMPANY)
    assert (version["active"], version["activated_by"], version["file"]) == (True, "cli", "new.toml")
    assert installation.json("rules", "rollback", *COMPANY)["version"] == "shipped"
    assert decided() == []
    again = installation.json("rules", "activate", version["version"], *COMPANY)
    assert again["version"] == version["version"]
    assert decided() == ["rule:engineers-by-hand"]


def test_rules_that_would_put_a_link_into_a_known_mistake_are_refused(
    installation: Installation, mails: tuple[int, int], tmp_path: Path
) -> None:
    installation.good("rules", "activate", str(tmp_path / "new.toml"), *COMPANY)
    for wanted in (str(tmp_path / "shipped.toml"), "shipped"):
        (line,) = installation.refused("rules", "activate", wanted, *COMPANY)
        assert line.endswith(f"and they would get a link: {mails[0]}")
    (active,) = [line for line in installation.json("rules", "versions", *COMPANY) if line["active"]]
    assert active["file"] == "new.toml"


def test_a_file_is_tried_on_a_mail_before_it_is_saved(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "engineer.eml"
    file.write_bytes(message("山田様\r\n\r\n" + ENGINEER))
    said = installation.good("rules", "explain", "--rules", str(tmp_path / "new.toml"), "--lang", "en", str(file))
    assert "company rule engineers-by-hand" in said
    assert "engineers-by-hand" not in installation.good("rules", "explain", "--lang", "en", str(file))
    assert installation.json("rules", "versions", *COMPANY) == []


def test_a_file_is_checked_with_what_only_the_company_knows(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "crm.toml"
    file.write_text(RULES.replace('action = "review"', 'action = "bcc_dropbox"\nto = "desk@agency.example.org"'))
    installation.good("rules", "check", str(file))
    (line,) = installation.refused("rules", "check", str(file), *COMPANY)
    assert line.startswith(f"careerrelay: {file}:9: ")
    assert "agency" in line


@pytest.mark.parametrize(
    ("lang", "head", "result", "told"),
    [
        ("en", "mail {id} (", "Decision: ", "Sentence 1 of saiyo@kigyo.example.jp: approve by cli, "),
        ("ja", "メール {id}(", "判定: ", "文 1(saiyo@kigyo.example.jp): approve、cli、"),
    ],
)
def test_a_mail_is_shown_in_one_language_with_who_approved_its_sentence(
    installation: Installation, mails: tuple[int, int], lang: str, head: str, result: str, told: str
) -> None:
    mail_id = str(mails[1])
    installation.good("queue", "answer", mail_id, "rejection")
    lines = installation.good("queue", "show", mail_id, "--lang", lang).splitlines()
    assert lines[0].startswith(head.format(id=mail_id))
    assert any(line.strip().startswith(result) for line in lines)
    assert any(line.strip().startswith(told) for line in lines)
    (answer,) = installation.json("queue", "show", mail_id)["sentence_answers"]
    assert (answer["id"], answer["by"], answer["undone_at"]) == (1, "cli", None)
