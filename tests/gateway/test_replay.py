"""Kept mails decided once more under other rules: what is counted, what is shown, and that nothing at all changes."""

import dataclasses
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.runtime import Runtime
from gateway.judgement import replay, review
from gateway.judgement.replay import Plan, Replay
from rules.load import load
from rules.model import AtsAnswer, AtsStatus, Mode
from rules.ruleset import RuleSet
from tests.conftest import make_settings
from tests.gateway.kept import keep
from tests.gateway.rig import HR, REJECTION, add_agency, add_company, message, with_attachment
from tests.web.snapshot import every_row

REJECTED = AtsAnswer(AtsStatus.REJECTED, 1.0)
INVITED = "山田様\r\n\r\n書類選考の結果、ぜひ一度面接にお越しいただきたく、ご連絡いたしました。\r\n"
NO_ENGINEERS = """schema = 1
[[rule]]
id = "engineers-by-hand"
name = "エンジニアは人が見る"
[rule.when]
body_new = { any = ["エンジニア"] }
[[rule.do]]
action = "review"
"""
ENGINEER = REJECTION.replace("選考", "エンジニア職の選考", 1)


@pytest.fixture
def installation(runtime: Runtime) -> Runtime:
    return _with_a_company(runtime)


@pytest.fixture
def any_installation(any_runtime: Runtime) -> Runtime:
    return _with_a_company(any_runtime)


def _with_a_company(runtime: Runtime) -> Runtime:
    company = add_company(runtime)
    add_agency(runtime, company.id)
    url = runtime.settings.effective_database_url
    settings = make_settings(runtime.settings.home, WEB__BASE_URL="https://relay.example.jp", DATABASE_URL=url)
    return dataclasses.replace(runtime, settings=settings)


def rules(text: str = NO_ENGINEERS) -> RuleSet:
    return load(text, "new.toml")


def run(runtime: Runtime, *, days: int = 14, **more: object) -> Replay:
    plan = Plan(runtime.clock.now() - timedelta(days=days), **more)  # type: ignore[arg-type]  # fields by name
    told: list[tuple[int, int]] = []
    found = replay.run(runtime, plan, lambda done, total: told.append((done, total)))
    assert told == [(number, found.mails) for number in range(1, found.mails + 1)]
    return found


def files(home: Path) -> Iterator[tuple[str, str]]:
    """Every file below HOME by its content; the database is looked at row by row, for reading may tidy its log."""
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.name.startswith("careerrelay.sqlite3"):
            yield str(path), hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_replay_counts_compares_and_shows_what_would_leave(any_installation: Runtime) -> None:
    engineer = keep(any_installation, 1, message(ENGINEER), ats=REJECTED, answers=["not_rejection"])
    other = keep(any_installation, 1, message(REJECTION), ats=REJECTED, days_ago=3)
    keep(any_installation, 1, message(INVITED))
    keep(any_installation, 1, message(INVITED), passed=False)
    keep(any_installation, 1, message(ENGINEER), ats=REJECTED, days_ago=20)
    found = run(any_installation, new=rules())
    compared = found.comparison
    assert (found.mails, compared.seen, dict(found.unseen)) == (4, 3, {"not_kept": 1})
    assert compared.before.verdicts == {"inject": 2, "pass": 1}
    assert compared.after.verdicts == {"inject": 1, "review": 1, "pass": 1}
    assert compared.moves == {"inject>review": 1}
    assert compared.before.wrong_links == [engineer]
    assert compared.after.wrong_links == []
    assert compared.unlike_stored == 1
    (sample,) = found.samples
    assert sample.mail.mail_id == engineer != other
    assert (sample.before.word, sample.after.word) == ("edited", "unchanged")
    removed = [line for line in sample.diff if line.startswith("-")]
    assert any("https://relay.example.jp/r/example-link-not-valid" in line for line in removed)
    assert not any(line.startswith("+") for line in sample.diff), "under the new rules it leaves as it came"


def test_the_other_way_round_new_wrong_links_are_named(installation: Runtime) -> None:
    engineer = keep(installation, 1, message(ENGINEER), ats=REJECTED, answers=["not_rejection"])
    found = run(installation, against=rules())
    assert found.comparison.new_wrong_links == [engineer]
    assert found.comparison.moves == {"review>inject": 1}
    assert found.samples[0].after.word == "edited"


def test_it_is_decided_with_what_the_ats_had_said_on_the_day(installation: Runtime) -> None:
    for ats in (REJECTED, AtsAnswer(AtsStatus.OFFERED, 0.5), None):
        keep(installation, 1, message(REJECTION), ats=ats)
    compared = run(installation).comparison
    assert compared.after.verdicts == {"inject": 1, "review": 2}
    assert (compared.changed, compared.unlike_stored) == (0, 0)


def test_what_people_have_taught_since_counts(installation: Runtime) -> None:
    mail_id = keep(installation, 1, message(REJECTION))
    with installation.begin() as tx:
        review.answer_review(tx, mail_id, rejection=True, by="user:1")
    compared = run(installation).comparison
    assert compared.after.verdicts == {"inject": 1}
    assert (compared.changed, compared.unlike_stored) == (0, 1), "not by the rules"


def test_only_one_companys_mails(installation: Runtime) -> None:
    domain = "other.example.jp"
    other = add_company(installation, sender_domains=(domain,), recruiting_senders=(f"hr@{domain}",), networks=())
    keep(installation, 1, message(REJECTION))
    assert run(installation, company_id=other.id).mails == 0
    assert run(installation, company_id=1).mails == 1


def test_a_mode_of_the_rule_file_is_a_change_too(installation: Runtime) -> None:
    keep(installation, 1, message(REJECTION), ats=REJECTED)
    found = run(installation, new=rules('schema = 1\nmode = "confirm"\n'))
    assert found.comparison.changes == {"mode": 1}
    assert (found.samples[0].before.mode, found.samples[0].after.mode) == (Mode.AUTO, Mode.CONFIRM)


ORDERS = """schema = 1
[[rule]]
id = "tagged"
name = "印を付ける"
[rule.when]
sender = ["saiyo@kigyo.example.jp"]
[[rule.do]]
action = "add_header"
name = "X-Segment"
value = "newgrad"
[[rule.do]]
action = "hold"
minutes = 30
"""


def test_what_the_rules_order_is_done_on_the_copy(installation: Runtime) -> None:
    keep(installation, 1, message(INVITED))
    found = run(installation, new=rules(ORDERS))
    assert {"headers", "hold_minutes"} <= set(found.comparison.changes)
    (sample,) = found.samples
    assert (sample.before.word, sample.after.word) == ("unchanged", "held")
    assert "+X-Segment: newgrad" in sample.diff
    # In mode observe nothing is done to a mail.
    observed = run(installation, new=rules(ORDERS.replace("schema = 1", 'schema = 1\nmode = "observe"')))
    assert observed.samples[0].after.word == "unchanged"
    assert observed.samples[0].diff == []


def test_a_day_above_the_daily_cap_is_told(installation: Runtime) -> None:
    for days_ago, mails in ((1.5, 1), (0, 21)):
        for number in range(mails):
            keep(installation, 1, message(REJECTION), ats=REJECTED, to=f"p{number}@example.com", days_ago=days_ago)
    assert run(installation).capped == [(1, "2026-11-21", 21, 20)]


def test_a_broken_copy_stops_nothing(installation: Runtime) -> None:
    large = message(REJECTION + "x" * 1_100_000)
    keep(installation, 1, large, ats=REJECTED)
    keep(installation, 1, message(REJECTION), ats=REJECTED)
    for path in (installation.settings.home / "copies").iterdir():
        path.unlink()
    found = run(installation)
    assert (found.comparison.seen, dict(found.unseen)) == (1, {"unreadable": 1})


def test_no_row_and_no_file_changes(any_installation: Runtime) -> None:
    large = with_attachment(message(ENGINEER), bytes(900_000))
    for raw in (message(ENGINEER), message(REJECTION), large):
        keep(any_installation, 1, raw, ats=REJECTED, answers=["rejection"])
    home = any_installation.settings.home
    rows, contents = every_row(any_installation), dict(files(home))
    assert contents, "a large original lies in a file"
    found = run(any_installation, new=rules())
    assert [sample.before.word for sample in found.samples] == ["edited", "edited"]
    assert every_row(any_installation) == rows
    assert dict(files(home)) == contents
    assert HR in str(rows["mail"])
