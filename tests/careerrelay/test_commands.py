"""The command line as a program reads it: help everywhere, exit status 0, 1 and 2, JSON where asked."""

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from careerrelay.cli import main
from tests.careerrelay.command_line import COMPANY, Installation, add_agency, add_company

EXPECTED = (
    "serve gateway worker web scheduler migrate check-config company agency signals rules rewrite anonymize queue "
    "bypass test-next-hop ledger backup restore user demo version health"
)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_every_command_of_the_interface_is_there() -> None:
    assert set(main.list_commands(click.Context(main))) >= set(EXPECTED.split())


@pytest.mark.parametrize("path", [path for path, _ in commands(main)], ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert len(result.stdout.splitlines()[2].strip()) > 10, "a sentence about what it does"


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["company", "add"], ["company", "set", "1"], ["agency", "renew", "x"], ["bypass", "perhaps"]],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(arguments: list[str], tmp_path: Path) -> None:
    assert Installation(tmp_path).run(*arguments).exit_code == 2


def test_version() -> None:
    assert CliRunner().invoke(main, ["version"]).stdout == "careerrelay 0.1.0\n"


WRONG_SETTINGS = {
    "SMTP__LISTEN": "nowhere",
    "RELAY__NEXT_HOP": "http://example.com",
    "WEB__THREADS": "many",
    "SPOOL__INLINE": "1",
}


READING = (
    "agency list --company 1", "api-key list --company 1", "block list --company 1", "bypass on", "company list",
    "company set 1 --mode auto", "dkim list --company 1", "ledger show", "ledger verify", "request recalls",
    "purge --dry-run", "queue list", "queue retry --all", "report", "request list", "rules versions --company 1",
    "user sign-in-link hr@example.co.jp",
)  # fmt: skip


@pytest.mark.parametrize("command", READING)
def test_a_forgotten_home_is_no_empty_installation(command: str, tmp_path: Path) -> None:
    (line,) = Installation(tmp_path / "home").refused(*command.split())
    there = f"{tmp_path / 'home'} (no database there)"
    said = f"no installation in {there}; set CAREERRELAY_HOME, or make one with `careerrelay migrate`"
    assert line == f"careerrelay: {said}"
    assert not (tmp_path / "home").exists()


def test_another_users_installation_is_one_line(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    add_company(installation)
    installation.good("queue", "list")
    installation.home.chmod(0)
    us = os.geteuid()
    if us == 0:
        os.seteuid(65_534)  # nothing is closed to root
    try:
        lines = [installation.refused(*command) for command in (("queue", "list"), ("migrate",))]
    finally:
        os.seteuid(us)
        installation.home.chmod(0o700)
    database = installation.home / "careerrelay.sqlite3"
    told = f"careerrelay: {database} is closed to this user; run careerrelay as the user whose database it is"
    assert lines[0] == [told]
    assert [len(line) for line in lines] == [1, 1]


@pytest.mark.parametrize("command", [("migrate",), ("company", "add", *COMPANY), ("user", "add", "hr@example.co.jp")])
def test_what_sets_something_up_makes_an_installation(command: tuple[str, ...], tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    installation.good(*command)
    assert installation.json("queue", "list") == []


def test_check_config_lists_every_error_at_once(tmp_path: Path) -> None:
    lines = Installation(tmp_path, **WRONG_SETTINGS).refused("check-config")
    assert len(lines) == len(WRONG_SETTINGS)
    for name in WRONG_SETTINGS:
        assert any(f"CAREERRELAY_{name}" in line for line in lines), name


def test_one_mistake_in_a_list_is_one_message(tmp_path: Path) -> None:
    (line,) = Installation(tmp_path, RELAY__RETRY_S="x").refused("check-config")
    assert line.startswith("careerrelay: CAREERRELAY_RELAY__RETRY_S: input should be a valid integer")
    (line,) = Installation(tmp_path, SMTP__LISTEN=",").refused("check-config")
    assert "at least 1 item" in line, "a list that is empty by itself is told"


def test_check_config_names_a_missing_next_hop(tmp_path: Path) -> None:
    (line,) = Installation(tmp_path, RELAY__NEXT_HOP="").refused("check-config")
    assert line.startswith("careerrelay: CAREERRELAY_RELAY__NEXT_HOP: not set")


def test_check_config_of_good_settings(tmp_path: Path) -> None:
    shown = Installation(tmp_path).json("check-config")
    assert shown["ok"] is True
    assert shown["next_hop"] == "smtp://127.0.0.1:25"
    assert not list(tmp_path.iterdir()), "it changes nothing"


def test_settings_come_from_a_file_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "careerrelay.toml"
    file.write_text('[relay]\nnext_hop = "smtp://127.0.0.1:2500"\n[web]\nthreads = 3\n')
    installation = Installation(tmp_path / "home")
    assert installation.json("--config", str(file), "check-config")["next_hop"] == "smtp://127.0.0.1:25"
    del installation.env["CAREERRELAY_RELAY__NEXT_HOP"]
    assert installation.json("--config", str(file), "check-config")["next_hop"] == "smtp://127.0.0.1:2500"


def test_a_company_and_its_agency(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    company_id = add_company(installation)
    (company,) = installation.json("company", "list")
    assert (company["id"], company["mode"], company["networks"]) == (company_id, "observe", ["127.0.0.0/8"])
    changed = installation.json("company", "set", str(company_id), "--mode", "auto", "--hold-minutes", "30")
    assert (changed["mode"], changed["hold_minutes"]) == ("auto", 30)
    assert installation.json("company", "suspend", str(company_id))["suspended"] is True
    assert installation.json("company", "suspend", str(company_id), "--off")["suspended"] is False
    added = add_agency(installation, company_id, "--api-key")
    assert set(added) == {"id", "api_key"}
    (agency,) = installation.json("agency", "list", "--company", str(company_id))
    assert (agency["id"], agency["licence_valid"], agency["has_api_key"]) == (added["id"], True, True)
    renewed = installation.json("agency", "renew", str(added["id"]), "--licence-expires", "2099-12-31")
    assert renewed["licence_expires_on"] == "2099-12-31"
    (book,) = installation.json("ledger", "show")
    assert (book["company_id"], book["agency_id"], book["slots_free"]) == (company_id, added["id"], 0)


def test_what_does_not_exist_is_one_line_and_status_1(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    add_company(installation)
    for arguments in (["company", "suspend", "7"], ["agency", "renew", "7", "--licence-expires", "2099-01-01"]):
        assert len(installation.refused(*arguments)) == 1
    assert installation.refused("user", "sign-in-link", "nobody@example.com")[0].startswith(
        "careerrelay: nobody signs in"
    )


def test_auto_is_refused_where_links_would_travel_in_clear(tmp_path: Path) -> None:
    installation = Installation(tmp_path, WEB__BASE_URL="http://relay.example.jp")
    (line,) = installation.refused("company", "add", *COMPANY, "--mode", "auto")
    assert "https" in line


def test_an_smtp_password_is_read_or_made_and_shown_once(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    company = str(add_company(installation))
    assert installation.json("company", "smtp-user", company, "ats", text="correct horse battery\n") == {"user": "ats"}
    made = installation.json("company", "smtp-user", company, "mta", "--generate")
    assert len(made["password"]) >= 20
    assert installation.run("company", "smtp-user", company, "nobody", text="").exit_code == 2, "no password is none"
    (line,) = installation.refused("company", "smtp-user", company, "mta", "--generate")
    assert "--replace" in line
    again = installation.json("company", "smtp-user", company, "mta", "--generate", "--replace")
    assert again["password"] != made["password"]
    assert [one["user"] for one in installation.json("company", "smtp-users", company)] == ["ats", "mta"]
    installation.good("company", "smtp-user", company, "ats", "--remove")
    assert [one["user"] for one in installation.json("company", "smtp-users", company)] == ["mta"]
    assert "has no SMTP user 'ats'" in installation.refused("company", "smtp-user", company, "ats", "--remove")[0]


def test_a_user_gets_a_link_that_works_once(tmp_path: Path) -> None:
    installation = Installation(tmp_path, WEB__BASE_URL="https://relay.example.jp")
    added = installation.json("user", "add", "hr@example.co.jp")
    again = installation.json("user", "sign-in-link", "hr@example.co.jp")
    assert added["sign_in_link"].startswith("https://relay.example.jp/")
    assert added["sign_in_link"] != again["sign_in_link"]


def test_who_left_the_company_leaves_the_console_too(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    first = installation.json("user", "add", "hr@example.co.jp", "--role", "recruiter")
    (line,) = installation.refused("user", "add", "x@example.co.jp", "--company", "9")
    assert line == "careerrelay: there is no company 9"
    installation.json("user", "add", "it@example.co.jp", "--password-stdin", text="a long enough passphrase\n")
    shown = {one["email"]: one for one in installation.json("user", "list")}
    assert (shown["hr@example.co.jp"]["roles"], shown["hr@example.co.jp"]["password"]) == (["recruiter"], False)
    assert (shown["it@example.co.jp"]["roles"], shown["it@example.co.jp"]["password"]) == (["admin"], True)
    installation.good("user", "remove", "HR@example.co.jp")
    assert "removed" in installation.good("user", "list")
    for command in ("remove", "sign-in-link"):
        assert "nobody signs in" in installation.refused("user", command, "hr@example.co.jp")[0]
    again = installation.json("user", "add", "hr@example.co.jp", "--role", "viewer")
    assert again["id"] == first["id"], "the audit log knows the person by it"
    (back,) = [one for one in installation.json("user", "list") if one["email"] == "hr@example.co.jp"]
    assert (back["active"], back["roles"]) == (True, ["viewer"])


def test_bypass_is_seen_in_the_company_list(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    company = str(add_company(installation))
    installation.good("bypass", "on", "--company", company)
    assert installation.json("company", "list")[0]["bypass"] is True
    installation.good("bypass", "off", "--company", company)
    assert installation.json("company", "list")[0]["bypass"] is False


def test_a_list_for_people_lines_up_japanese_text(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.good("company", "add", "--name", "株式会社例", "--sender-domain", "rei.example.jp")
    installation.good("company", "add", *COMPANY)
    headings, first, second = installation.good("company", "list").splitlines()
    assert headings.split()[:3] == ["id", "name", "mode"]
    assert first.index("observe") + 5 == second.index("observe"), "five full-width characters take ten columns"


def test_a_wording_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    company = str(add_company(installation))
    assert (
        "tone: there is no text 'warm'; write one of plain, polite"
        in installation.refused("company", "set", company, "--tone", "warm")[0]
    )
    assert installation.json("company", "set", company, "--tone", "plain")["tone"] == "plain"
    result = installation.run("queue", "show", "abc")
    assert result.exit_code == 2
    assert "'abc' is not a valid number" in result.stderr
