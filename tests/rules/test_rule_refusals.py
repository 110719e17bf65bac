"""Every way in which a rule file is refused: with its line, and what to do."""

from __future__ import annotations

import pytest

from core.errors import ConfigError
from rules.load import load
from tests.rules.rule_text import PASS, REVIEW, block, file, header, hold, rule

WHEN = "min_score = 1"
REFUSED = [
    # conditions
    (file("[[rule]]\nid = 'a'\n[[rule.do]]\naction = 'review'\n"), 2, "a rule without conditions"),
    (file(rule("")), 4, "a rule without conditions"),
    (file(rule("min_score = 0")), 5, "min_score is a number from 0.1"),
    (file(rule(WHEN, unless="colour = 1")), 7, "unknown key 'colour'"),
    (file(rule(WHEN).replace("[[rule.do]]", "[rule.except]\n[[rule.do]]")), 6, "cancels nothing"),
    (file(rule("cue = 'offer'")), 5, "'offer' is not known"),
    (file(rule("recipient_kind = 'friend'")), 5, "'friend' is not known"),
    (file(rule("text = ['rejection', 'likely', 'ambiguous', 'none']")), 5, "holds for every mail"),
    (file(rule("text = 'none'\nverdict = 'none'")), 6, "the same condition"),
    (file(rule("subject = { any = ['　'] }")), 5, "nothing but spaces"),
    (file(rule("header = { x = [] }")), 5, "1 to 1000 values"),
    (file(rule("header = {}")), 5, "write header"),
    # patterns
    (file(rule("body_new = { regex = ['(a+)+$'] }")), 5, "repeats a part that repeats itself"),
    (file(rule("body_new = { regex = ['(a|aa)+$'] }")), 5, "of which one begins like another"),
    (file(rule("body_new = { regex = ['(?<=x)y'] }")), 5, "is not RE2"),
    (file(rule(r"body_new = { regex = ['(a)\1'] }")), 5, "is not RE2"),
    (file(rule("body_new = { regex = ['x*'] }")), 5, "found in every text"),
    (file(rule(WHEN, unless="subject = { regex = ['(a*)*b'] }")), 7, "repeats a part that repeats itself"),
    (file(rule(f"body_new = {{ regex = [{', '.join(repr(f'x{n}') for n in range(201))}] }}")), 5, "more than 200"),
    # actions
    (file(rule(WHEN, 'action = "route"\nto = "smtp://x"')), 7, "action 'route' is not known"),
    (file(rule(WHEN, "minutes = 5")), 6, "action None is not known"),
    (file(rule(WHEN, 'action = "review"\nminutes = 5')), 8, "unknown key 'minutes'"),
    (file("[[rule]]\nid = 'a'\n[rule.when]\nmin_score = 1\n"), 2, "the rule does nothing"),
    (file(rule(WHEN, 'action = "insert_block"\nblock = "loud"')), 8, "block 'loud' is not known; plain, polite"),
    (file(rule(WHEN, 'action = "insert_block"')), 6, "block is a text"),
    (file(rule(WHEN, 'action = "insert_block"\nblock = "plain"\nplace = "top"')), 9, "place 'top' is not known"),
    (file(rule(WHEN, 'action = "insert_block"\nblock = "plain"\non_fail = "drop"')), 9, "on_fail 'drop' is not"),
    (file(rule(WHEN, 'action = "hold"')), 6, "whole number from 1 to 1440"),
    (file(rule(WHEN, 'action = "hold"\nminutes = 1.5')), 8, "whole number"),
    (file(rule(WHEN, 'action = "hold"\nminutes = 1441')), 8, "a number from 1 to 1440"),
    (file(rule(WHEN, 'action = "crm_tag"')), 6, "1 to 20 words"),
    (file(rule(WHEN, 'action = "crm_tag"\ntags = ["a,b"]')), 8, "tag 'a,b'"),
    (file(rule(WHEN, 'action = "crm_tag"\ntags = ["' + "x" * 41 + '"]')), 8, "1 to 40 characters"),
    (file(rule(WHEN, 'action = "bcc_dropbox"\nto = "nobody"')), 8, "'nobody' is no address"),
    (file(rule(WHEN, 'action = "bcc_dropbox"\nto = "x+${ats.status}@example.co.jp"')), 8, "${ats.status} is not known"),
    (file(rule(WHEN, 'action = "bcc_dropbox"\nto = "x+${tenant@example.co.jp"')), 8, "without its }"),
    (file(rule(WHEN, PASS, hold(5))), 6, "pass and hold cannot both"),
    (file(rule(WHEN, REVIEW, block("plain"))), 6, "cannot both"),
    (file(rule(WHEN, PASS, REVIEW)), 8, "one of pass and review"),
    (file(rule(WHEN, hold(5), hold(6))), 9, "stands twice"),
    # header fields
    (file(rule(WHEN, header("1", "X-A:"))), 8, "RFC 5322"),
    (file(rule(WHEN, header("1", "X A"))), 8, "RFC 5322"),
    (file(rule(WHEN, header("1", "X-タグ"))), 8, "RFC 5322"),
    *((file(rule(WHEN, header("1", name))), 8, "belongs to mail servers")
      for name in ("Received", "return-path", "From", "Subject", "Bcc", "Message-ID", "Content-Type", "Resent-To",
                   "DKIM-Signature", "ARC-Seal", "List-Unsubscribe", "X-CareerRelay", "X-CareerRelay-Trace",
                   "MIME-Version", "Auto-Submitted", "Authentication-Results")),
    (file(rule(WHEN, header(r"1\nBcc: x@example.org", "X-A"))), 9, "one line of printable ASCII"),
    (file(rule(WHEN, header("不採用", "X-A"))), 9, "one line of printable ASCII"),
    (file(rule(WHEN, header("${recipient}", "X-A"))), 9, "${recipient} is not known"),
    (file(rule(WHEN, header("x" * 201, "X-A"))), 9, "1 to 200 characters"),
    # rules that never do anything
    (file(rule(WHEN, name="a"), rule(WHEN, name="a")), 9, "used twice; the first stands in line 3"),
    (file(rule(WHEN, PASS, name="a"), rule("min_score = 2", name="b")), 8, "rule 'b' is never asked: rule 'a' (line"),
    (file(rule('sender = "@example.org"', unless='sender = "@example.org"')), 6, "rule 'one' never holds"),
    # cases
    (file("[test]\nnever = ['../x.eml']\n"), 3, "beside the rule file"),
    (file("[test]\nsometimes = ['x.eml']\n"), 3, "unknown key 'sometimes'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "what"), REFUSED, ids=range(len(REFUSED)))
def test_a_wrong_file_is_refused_with_line_and_remedy(text: str, line: int, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text, "rules.toml", blocks={"polite", "plain"})
    assert f"rules.toml:{line}: " in caught.value.message
    assert what in caught.value.message


WIDER = [
    ('sender = "@example.org"', 'sender = "a@example.org"'),
    ('sender = ".example.org"', 'sender = "@mail.example.org"'),
    ('subject = { any = ["内定", "合格"] }', 'subject = { any = ["内定通知"] }'),
    ('subject = { any = ["内定"] }', 'subject = { all = ["内定通知", "株式会社"] }'),
    ('body_new = { all = ["応募"] }', 'body_new = { all = ["御応募"], regex = ["採用"] }'),
    ('header = { x-a = "*" }', 'header = { x-a = "b", x-c = "d" }'),
    ('ats_status = ["rejected", "closed"]', 'ats_status = "rejected"\nats_within_days = 3'),
    ('ats_status = "rejected"\nats_within_days = 3', 'ats_status = "rejected"\nats_within_days = 2'),
    ('cue = ["hold", "positive"]', 'cue = "hold"\nmin_score = 1'),
    ('recipient_kind = ["applicant", "unknown"]', 'recipient_kind = "applicant"'),
]


@pytest.mark.parametrize(("wide", "narrow"), WIDER)
def test_a_rule_behind_a_wider_one_that_ends_the_search_is_refused(wide: str, narrow: str) -> None:
    def stop(when: str, name: str) -> str:
        return rule(when, name=name, top="stop = true\n")

    with pytest.raises(ConfigError, match="rule 'b' is never asked"):
        load(file(stop(wide, "a"), rule(narrow, name="b")), "f")
    load(file(stop(narrow, "a"), rule(wide, name="b")), "f")
    load(file(rule(wide, name="a"), rule(narrow, name="b")), "f")


def test_an_exception_of_the_first_rule_leaves_mails_for_the_second() -> None:
    first = rule("min_score = 1", PASS, unless='header = { x-a = "*" }', name="a")
    load(file(first, rule("min_score = 2", name="b")), "f")
    with pytest.raises(ConfigError, match="never asked"):
        load(file(first, rule("min_score = 2", unless='header = { x-a = "*" }', name="b")), "f")
    with pytest.raises(ConfigError, match="never asked"):
        load(file(first.replace('header = { x-a = "*" }', 'text = "none"'),
                  rule("text = 'likely'\nmin_score = 2", name="b")), "f")  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    ["第[一二]次面接", "(\\d+年)+", "(a|b)+c", "[)(+*]+x", "\\(a+\\)+", "[[:alpha:]]+(x|y)", "(第\\d+次)+", "(?:ab)?c",
     "\\d+(,\\d+)*円", "(a+){2}", "\\Q(a+)+\\E", "(?i)offer", "a{2,5}b"],
)  # fmt: skip
def test_a_harmless_pattern_is_taken(pattern: str) -> None:
    load(file(rule(f"body_new = {{ regex = ['{pattern}'] }}")), "f")


@pytest.mark.parametrize(
    "pattern",
    ["(a*)*b", "([a-z]+)*x", "(x+x+)+y", "(?:a+)+b", "((a+))+b", "(?P<n>a+)+b", "(a{2,})+b", "(.*a){11}", "(.*a)*b",
     "(a|b|ab)*c", "(a|a?)+c", "(a+|b)+c", "((ab)*)*c"],
)  # fmt: skip
def test_a_pattern_that_explodes_elsewhere_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="repeats"):
        load(file(rule(f"body_new = {{ regex = ['{pattern}'] }}")), "f")
