"""Rule files: every key that is accepted works; everything else is refused with file and line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import ConfigError
from rules.decide import decide
from rules.load import FILE_CHARS_MAX, default_ruleset, load
from rules.mail import Mail
from rules.model import AtsAnswer, AtsStatus, Mode, Signals, Verdict
from tests.rules.eml import mail_of

REJECTED = Signals(ats=AtsAnswer(AtsStatus.REJECTED, 3.0))
MAIL = replace(
    mail_of("ご応募ありがとうございました。選考の結果、採用を見送らせていただきます。"),
    headers={"x-mailer": ("Example-ATS/4",)},
)
RULE = """schema = 1
[[rule]]
id = "one"
[rule.when]
{when}
{unless}
[[rule.do]]
action = "{action}"
"""


def _decide(text: str, mail: Mail = MAIL) -> Verdict:
    return decide(mail, load(text, "rules.toml"), REJECTED).verdict


def _rule(when: str, unless: str = "", action: str = "pass") -> str:
    return RULE.format(when=when, unless=f"[rule.except]\n{unless}" if unless else "", action=action)


@pytest.mark.parametrize(
    ("holds", "does_not"),
    [
        ('sender = "saiyo@example.co.jp"', 'sender = "other@example.co.jp"'),
        ('sender = ["x@example.org", "@example.co.jp"]', 'sender = ["@co.jp"]'),
        ('recipient = ["@EXAMPLE.com"]', 'recipient = [".example.com"]'),
        ('subject = { any = ["選考結果"] }', 'subject = { any = ["内定"] }'),
        ('body_new = { any = ["御応募"] }', 'body_new = { any = ["辞退"] }'),
        ("body_new = { regex = ['採用を(見送|見合わ)'] }", "body_new = { regex = ['第[一二]次'] }"),
        ('header = { "X-Mailer" = "example-ats" }', 'header = { "X-Mailer" = "Becky" }'),
        ('header = { X-Mailer = "*" }', 'header = { X-Other = "*" }'),
        ('text = ["rejection", "likely"]', 'text = "ambiguous"'),
        ("min_score = 4", "min_score = 19"),
        ('ats_status = ["rejected"]', 'ats_status = ["offered", "hired"]'),
        ('ats_status = "rejected"\nats_within_days = 3', 'ats_status = "rejected"\nats_within_days = 2'),
        ('sender = "@example.co.jp"\nmin_score = 1', 'sender = "@example.co.jp"\nmin_score = 19'),
    ],
)
def test_each_condition_works_in_when_and_in_except(holds: str, does_not: str) -> None:
    always = "min_score = 0.5"
    assert _decide(_rule(holds)) is Verdict.PASS
    assert _decide(_rule(does_not)) is Verdict.INJECT
    if "\n" not in holds:
        assert _decide(_rule(always, holds)) is Verdict.INJECT
        assert _decide(_rule(always, does_not)) is Verdict.PASS


def test_a_cue_is_a_condition() -> None:
    held = mail_of("選考結果は保留とさせていただきます。")
    assert _decide(_rule('cue = ["hold"]'), held) is Verdict.PASS
    assert _decide(_rule('cue = ["waiting_list"]'), held) is Verdict.REVIEW


def test_any_one_exception_cancels() -> None:
    rule = _rule('sender = "@example.co.jp"', 'subject = { any = ["ない言葉"] }\nheader = { X-Mailer = "*" }')
    assert _decide(rule) is Verdict.INJECT


def test_a_rule_can_ask_for_a_person() -> None:
    assert _decide(_rule('sender = "@example.co.jp"', action="review")) is Verdict.REVIEW


def test_the_first_rule_that_stops_or_passes_ends_the_search() -> None:
    both = _rule('sender = "@example.co.jp"', action="review") + _rule("min_score = 1").partition("\n")[2].replace(
        "one", "two"
    )
    assert _decide(both) is Verdict.PASS
    assert _decide(both.replace('id = "one"', 'id = "one"\nstop = true')) is Verdict.REVIEW


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("schema = 1\n[thresholds]\ninject = 19\n", Verdict.REVIEW),
        ("schema = 1\n[thresholds]\ninject = 19\nreview = 18\n", Verdict.REVIEW),
        ("schema = 1\n[ats]\nwithin_days = 2\n", Verdict.REVIEW),
        ("schema = 1\n[ats]\nwithin_days = 3\n", Verdict.INJECT),
        ('schema = 1\n[addresses]\nclients = ["hanako@example.com"]\n', Verdict.PASS),
        ('schema = 1\n[addresses]\nstaff = ["@example.com"]\n', Verdict.PASS),
    ],
)
def test_settings_of_the_file_work(text: str, verdict: Verdict) -> None:
    assert _decide(text) is verdict


def test_the_review_threshold_works() -> None:
    mail = replace(mail_of("今回は見送らせていただきます。", "ご連絡"), header_from="x@example.co.jp")
    assert decide(mail, load("schema = 1\n", "f"), Signals()).verdict is Verdict.REVIEW
    assert decide(mail, load("schema = 1\n[thresholds]\nreview = 3.9\n", "f"), Signals()).verdict is Verdict.PASS


def test_the_mode_is_handed_on() -> None:
    assert load('schema = 1\nmode = "confirm"\n', "f").mode is Mode.CONFIRM
    assert default_ruleset().mode is Mode.AUTO


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("schema = 1\n\ncolour = 1\n", 3, "unknown key 'colour'"),
        ("schema = 2\n", 1, "schema"),
        ("mode = 'auto'\n", 1, "schema"),
        ("schema = 1\nmode = 'sometimes'\n", 2, "mode 'sometimes'"),
        ("schema = 1\n[thresholds]\ninject = 'x'\n", 3, "inject is a number"),
        ("schema = 1\n[thresholds]\ninject = 4\nreview = 5\n", 4, "higher than inject"),
        ("schema = 1\n[thresholds]\ninject = 3.9\n", 3, "inject is a number from 4 to 20"),
        ("schema = 1\n[ats]\nwithin_days = 8\n", 3, "within_days is a number from 0 to 7"),
        ("schema = 1\n[ats]\nwithin_days = true\n", 3, "within_days is a number"),
        ("schema = 1\n[addresses]\nstaff = ['hanako']\n", 3, "no address"),
        ("schema = 1\nrule = 1\n", 2, "[[rule]]"),
        (_rule(""), 4, "empty `when`"),
        (_rule("colour = 1"), 5, "unknown key 'colour'"),
        (_rule("sender = []"), 5, "1 to 1000 values"),
        (_rule("sender = [1]"), 5, "list of texts"),
        (_rule("min_score = -1"), 5, "min_score is a number"),
        (_rule("text = 'spam'"), 5, "'spam' is not known"),
        (_rule("ats_status = ['lost']"), 5, "'lost' is not known"),
        (_rule("ats_within_days = 3"), 5, "needs ats_status"),
        (_rule("header = { a = 1 }"), 5, "write header"),
        (_rule("subject = 'x'"), 5, "{ any = [words] }"),
        (_rule("subject = { words = ['x'] }"), 5, "unknown key 'words'"),
        (_rule("body_new = { regex = ['(?=a)b'] }"), 5, "is not RE2"),
        (_rule("body_new = { regex = ['(a'] }"), 5, "is not RE2"),
        (_rule("body_new = { regex = ['" + "a" * 501 + "'] }"), 5, "longer than 500"),
        (_rule("body_new = { regex = ['(a{1,900}){1,900}'] }"), 5, "is not RE2"),
        (_rule("min_score = 1", "colour = 1"), 7, "unknown key 'colour'"),
        (_rule("min_score = 1", action="route"), 8, "action 'route' is not known"),
        (_rule("min_score = 1").replace('id = "one"', "id = ''"), 3, "id is a text"),
        (_rule("min_score = 1").replace("[[rule.do]]\naction", "[rule.other]\naction"), 7, "unknown key 'other'"),
        (_rule("min_score = 1") + _rule("min_score = 1").partition("\n")[2], 10, "used twice"),
        ("schema = 1\nx = = 2\n", 2, "not TOML"),
        ("schema = 1\n" + "#" * FILE_CHARS_MAX, 1, "longer than"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_line(text: str, line: int, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text, "company/rules.toml")
    assert f"company/rules.toml:{line}: " in caught.value.message
    assert what in caught.value.message


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load("schema = 9\nmode = 'x'\ncolour = 1\n", "f")
    assert len(caught.value.problems) == 3


def test_a_line_is_found_behind_values_of_many_lines() -> None:
    many = '[\n  "a@example.com", # [[rule]]\n  """\nb@example.com""",\n]'
    text = f"schema = 1\n[addresses]\nstaff = {many}\n[thresholds]\ninject = 0\n"
    with pytest.raises(ConfigError, match="f:9: inject"):
        load(text, "f")


def test_the_version_changes_with_the_rules_and_only_with_them() -> None:
    plain = load("schema = 1\n", "f").version
    assert plain == load("# the same\nschema = 1\n", "g").version == default_ruleset().version
    assert plain != load("schema = 1\n[ats]\nwithin_days = 2\n", "f").version
    assert decide(MAIL, default_ruleset(), REJECTED).ruleset == plain
