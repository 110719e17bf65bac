"""Versions of a company's rules: checked with their golden cases, put in force and taken back while mail runs."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.audit import AuditEntry
from core.errors import ConfigError, NotFound, Permanent
from core.runtime import Runtime
from gateway.letter import blocks
from gateway.letter.limits import Limits
from gateway.ruling import block_texts, ruleset
from gateway.ruling.ruleset import SHIPPED, VersionLine
from gateway.tables.rules import RuleVersionRow
from rules.load import load
from rules.model import Mode
from tests.gateway.rig import HR, REJECTION, Gateway, add_agency, add_company, message, rejecting_company
from tests.gateway.sink import Sink
from tests.gateway.test_blocks import OWN
from tests.rules.rule_text import PASS, REVIEW, block, file, rule

OURS = f'sender = "{HR}"'
ABOUT = 'subject = { any = ["合格"] }'
PASSING = file(rule(OURS, PASS))
ASKING = file(rule(OURS, REVIEW))
OFFER = "山田 太郎 様\r\nご応募ありがとうございました。選考の結果、内定とさせていただきます。\r\n"
PART = "ご応募ありがとうございました。誠に残念ながら、選考結果は保留とさせていただきます。\r\n"


def save(runtime: Runtime, company_id: int, text: str, folder: Path | None = None) -> VersionLine:
    with runtime.begin() as tx:
        return ruleset.save_version(
            tx, company_id, text, file="dir/rules.toml", by="user:1", limits=Limits(), folder=folder
        )


def activate(runtime: Runtime, company_id: int, version: str) -> VersionLine | None:
    with runtime.begin() as tx:
        return ruleset.activate(tx, company_id, version, by="user:2")


def roll_back(runtime: Runtime, company_id: int) -> VersionLine | None:
    with runtime.begin() as tx:
        return ruleset.roll_back(tx, company_id, by="user:3")


def test_a_version_is_its_meaning_and_is_kept_once(any_runtime: Runtime) -> None:
    company = add_company(any_runtime)
    first = save(any_runtime, company.id, PASSING)
    assert (first.active, first.rules, first.file, first.saved_by) == (False, 1, "rules.toml", "user:1")
    assert save(any_runtime, company.id, f"# the same\n{PASSING}") == first
    other = save(any_runtime, company.id, ASKING)
    with any_runtime.read() as tx:
        assert [line.version for line in ruleset.versions(tx, company.id)] == [other.version, first.version]
        assert ruleset.text_of(tx, company.id, first.version) == PASSING
        assert ruleset.rule_set_of(tx, company.id) is ruleset.shipped()
        with pytest.raises(NotFound):
            ruleset.versions(tx, 99)


def test_activation_and_roll_back_say_who_and_when(any_runtime: Runtime) -> None:
    company = add_company(any_runtime)
    first, second = save(any_runtime, company.id, PASSING), save(any_runtime, company.id, ASKING)

    def in_force() -> str:
        with any_runtime.read() as tx:
            active = [line.version for line in ruleset.versions(tx, company.id) if line.active]
            found = ruleset.rule_set_of(tx, company.id)
        assert found.version.rpartition("-")[2] in (active or [ruleset.shipped().version.rpartition("-")[2]])
        return active[0] if active else SHIPPED

    with pytest.raises(Permanent, match="nothing to roll back"):
        roll_back(any_runtime, company.id)
    made = activate(any_runtime, company.id, f"0abc1234-{first.version[:6]}")
    assert made is not None
    assert (made.version, made.active, made.activated_by) == (first.version, True, "user:2")
    activate(any_runtime, company.id, second.version)
    assert in_force() == second.version
    activate(any_runtime, company.id, SHIPPED)
    assert in_force() == SHIPPED
    back = [roll_back(any_runtime, company.id), roll_back(any_runtime, company.id), roll_back(any_runtime, company.id)]
    assert [line and line.version for line in back] == [second.version, first.version, None]
    assert in_force() == SHIPPED
    with any_runtime.read() as tx:
        told = tx.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [
        (line.actor, line.action, line.details["version"]) for line in told if line.action.startswith("rules ")
    ] == [
        ("user:1", "rules saved", first.version),
        ("user:1", "rules saved", second.version),
        ("user:2", "rules activate", first.version),
        ("user:2", "rules activate", second.version),
        ("user:2", "rules activate", SHIPPED),
        ("user:3", "rules roll back", second.version),
        ("user:3", "rules roll back", first.version),
        ("user:3", "rules roll back", SHIPPED),
    ]


@pytest.mark.parametrize(
    ("name", "error"), [("abc", ConfigError), ("%%%%", ConfigError), ("ffffffff", NotFound), ("", ConfigError)]
)
def test_a_version_that_is_not_there_is_not_activated(runtime: Runtime, name: str, error: type[Exception]) -> None:
    company = add_company(runtime)
    with pytest.raises(error):
        activate(runtime, company.id, name)
    other = add_company(runtime, sender_domains=("b.example.jp",), recruiting_senders=())
    with pytest.raises(NotFound):
        activate(runtime, company.id, save(runtime, other.id, PASSING).version)


def test_a_running_gateway_obeys_within_a_second(any_runtime: Runtime) -> None:
    company = rejecting_company(any_runtime)
    version = save(any_runtime, company.id, PASSING).version
    with Sink() as sink, Gateway(any_runtime, sink.port) as gateway:

        def verdict() -> str:
            gateway.send(message(REJECTION))
            gateway.wait_until_finished()
            return str(gateway.mails()[-1].verdict)

        assert verdict() == "inject"
        activate(any_runtime, company.id, version)
        gateway.wait_for(lambda: verdict() == "pass", 5)
        assert gateway.mails()[-1].decision["ruleset"].endswith(version)
        roll_back(any_runtime, company.id)
        gateway.wait_for(lambda: verdict() == "inject", 5)
        assert gateway.mails()[-1].decision["ruleset"] == ruleset.shipped().version


def test_rules_that_cannot_be_read_any_more_keep_every_link_out(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    company = rejecting_company(runtime)
    activate(runtime, company.id, save(runtime, company.id, ASKING).version)
    with runtime.begin() as tx:
        tx.session.execute(update(RuleVersionRow).values(text="schema = 7\n# of a later product"))
    with caplog.at_level(logging.ERROR), runtime.read() as tx:
        assert ruleset.rule_set_of(tx, company.id).mode is Mode.OBSERVE
    assert "cannot be read" in caplog.text
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(message(REJECTION))
        sink.wait(1)
        gateway.wait_until_finished()
        assert gateway.mails()[0].note == "observe"
    with pytest.raises(ConfigError, match="schema"):
        activate(runtime, company.id, save_line(runtime, company.id))


def save_line(runtime: Runtime, company_id: int) -> str:
    with runtime.read() as tx:
        return ruleset.versions(tx, company_id)[0].version


# --- golden cases ---


@pytest.fixture
def cases(tmp_path: Path) -> Callable[[str], str]:
    """Mails beside a rule file; gives the file's text with these keys under [test]."""
    for name, body in (("ng-01", REJECTION), ("offer-01", OFFER), ("part-01", PART)):
        (tmp_path / "cases").mkdir(exist_ok=True)
        (tmp_path / "cases" / f"{name}.eml").write_bytes(message(body).replace(b"\r\n", b"\n"))
    (tmp_path / "cases" / "broken.eml").write_bytes(b"")
    (tmp_path / "cases" / "large.eml").write_bytes(b"x" * 1_100_000)
    return lambda keys: f"{file(rule(ABOUT))}[test]\n{keys}\n"


def test_good_cases_let_a_file_pass(cases: Callable[[str], str], tmp_path: Path) -> None:
    text = cases('inject = "cases/ng-*.eml"\nreview = "cases/part-01.eml"\nnever = ["cases/offer-*.eml"]')
    assert ruleset.check_text(text, "rules.toml", limits=Limits(), folder=tmp_path).rules


@pytest.mark.parametrize(
    ("keys", "line", "what"),
    [
        (
            'inject = "cases/offer-01.eml"',
            9,
            "case cases/offer-01.eml must be inject, but is review: Keeps the link out",
        ),
        ('review = "cases/ng-01.eml"', 9, "case cases/ng-01.eml must be review, but is inject"),
        ('review = "cases/part-01.eml"\nnever = "cases/*-01.eml"', 10, "case cases/ng-01.eml must never be inject"),
        ('inject = "cases/none-*.eml"', 9, "there is no such file"),
        ('inject = "cases/broken.eml"', 9, "case cases/broken.eml must be inject, but is"),
        ('inject = "cases/large.eml"', 9, "larger than 1048576"),
        ('inject = "**x"', 9, "**x: "),
        ('inject = "/cases/*.eml"', 9, "'/cases/*.eml': name files beside the rule file"),
    ],
)
def test_a_failing_case_refuses_the_file_and_says_why(
    cases: Callable[[str], str], tmp_path: Path, keys: str, line: int, what: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        ruleset.check_text(cases(keys), "rules.toml", limits=Limits(), folder=tmp_path)
    assert f"rules.toml:{line}: " in caught.value.message
    assert what in caught.value.message


def test_a_rule_that_stops_its_own_rejections_fails_its_case(cases: Callable[[str], str], tmp_path: Path) -> None:
    text = cases('inject = "cases/ng-01.eml"').replace(ABOUT, OURS)
    with pytest.raises(ConfigError, match=r"but is review: .*company rule one"):
        ruleset.check_text(text, "rules.toml", limits=Limits(), folder=tmp_path)


def test_a_file_with_cases_is_not_saved_without_them(runtime: Runtime, cases: Callable[[str], str]) -> None:
    company = add_company(runtime)
    with pytest.raises(ConfigError, match=r"rules\.toml:8: its golden cases can be run only beside their files"):
        save(runtime, company.id, cases('inject = "cases/ng-01.eml"'))


# --- what only the installation knows ---


@pytest.mark.parametrize(
    ("to", "more", "problem"),
    [
        ("crm+${tenant}@kigyo.example.jp", "", ""),
        ("drop@crm.example.net", '[addresses]\ncrm = ["@crm.example.net"]\n', ""),
        ("drop@crm.example.net", "", "rules.toml:8: drop@crm.example.net is not in the company's domains"),
        ("intake@agency.example.jp", '[addresses]\ncrm = ["@agency.example.jp"]\n', "belongs to an agency"),
        (
            "a@client.example.jp",
            '[addresses]\ncrm = ["@client.example.jp"]\nclients = ["@client.example.jp"]\n',
            "own CRM",
        ),
    ],
)
def test_copies_go_to_the_companys_own_crm_only(runtime: Runtime, to: str, more: str, problem: str) -> None:
    company = add_company(runtime)
    add_agency(runtime, company.id)
    text = file(rule(OURS, f'action = "bcc_dropbox"\nto = "{to}"'), more)
    if not problem:
        save(runtime, company.id, text)
        return
    with pytest.raises(ConfigError) as caught:
        save(runtime, company.id, text)
    assert problem in caught.value.message


def test_a_companys_own_text_goes_in_where_a_rule_names_it(runtime: Runtime) -> None:
    company = rejecting_company(runtime)
    text = file(rule(OURS, block("own")))
    with pytest.raises(ConfigError, match="block 'own' is not known; plain, polite"):
        save(runtime, company.id, text)
    with runtime.begin() as tx:
        saved = block_texts.save(tx, company.id, OWN, file="own.toml", by="user:1")
        assert [line.template for line in block_texts.texts(tx, company.id)] == [saved.template]
    activate(runtime, company.id, save(runtime, company.id, text).version)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:

        def said() -> str:
            before = len(sink.got)
            gateway.send(message(REJECTION))
            return sink.wait(before + 1)[before].raw.decode()

        assert "（13-ユ-300001）をご案内します。" in said()
        with runtime.begin() as tx:
            block_texts.save(tx, company.id, OWN.replace("ご案内します", "紹介します"), file="own.toml", by="user:1")
        gateway.wait_for(lambda: "（13-ユ-300001）を紹介します。" in said())
        with runtime.begin() as tx:
            block_texts.remove(tx, company.id, "ja", "own", by="user:1")
            with pytest.raises(NotFound):
                block_texts.remove(tx, company.id, "ja", "own", by="user:1")
        gateway.wait_for(lambda: "無料キャリア相談をご案内しております" in said())


def test_a_text_that_some_mails_could_not_carry_is_not_saved(runtime: Runtime) -> None:
    company = add_company(runtime)
    with runtime.begin() as tx, pytest.raises(ConfigError, match=r"own\.toml:4: not in ISO-2022-JP: ①"):
        block_texts.save(tx, company.id, OWN.replace("ご案内します", "①"), file="own.toml", by="user:1")


def test_the_manual_shows_a_file_and_a_text_that_are_taken() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rule-language.md").read_text(encoding="utf-8")
    rules_file, text = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(load(rules_file, "rules.toml", blocks=block_texts.tones()).rules) == 2
    assert blocks.load(text, "text.toml").tone == "newgrad"
    named = set(re.findall(r"^\| `(\w+)` \|", page.partition("## Actions")[2], re.MULTILINE))
    assert named == {"insert_block", "add_header", "crm_tag", "bcc_dropbox", "hold", "review", "pass"}
