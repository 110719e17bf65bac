"""Rules as data: the files load, and mistakes in them are errors."""

import re

import pytest

from anonymizer.model import Kind
from anonymizer.page import Page, pages
from anonymizer.recognizers.all import RECOGNISERS
from anonymizer.recognizers.rulefile import apply, load, parse

FILES = [
    "address", "bank", "birth", "employer", "ids", "japanese", "mail", "person_caption", "person_ja", "person_latin",
    "person_phrase", "phone", "postcode", "school", "special", "web",
]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_file_loads_and_no_search_begins_with_nothing(name: str) -> None:
    rules = load(name)
    assert rules.rules or rules.patterns
    assert [rule.why for rule in rules.rules if rule.pattern.match("")] == []


def test_fragments_needs_and_neighbours() -> None:
    text = """
# comment
let D
  [0-9]|x
rule PHONE 0.5 digits not-after A-Z needs tel|#
  %D%{2}
  (?P<x>%D%)
pattern P needs a
  a$
"""
    rules = parse(text)
    assert rules.needs == {"P": frozenset("a")}
    assert [(span.start, span.end, span.kind) for span in apply(rules, Page("A123 456"), "r")] == [(7, 8, Kind.PHONE)]
    assert list(apply(rules, Page("ab cd"), "r")) == []


@pytest.mark.parametrize(
    "text",
    [
        "rool X\n  a",
        "rule NOBODY 0.5 w\n  a",
        "let A\n  %B%",
        "let A\n  a\nlet A\n  b",
        "use web",
        "use address_words\nlet N\n  a",
    ],
)
def test_a_wrong_file_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, KeyError, re.error)):
        parse(text)


def test_a_file_may_use_the_fragments_of_another() -> None:
    rules = parse("use address_words\npattern P\n  %PREF%\\Z")
    assert rules.patterns["P"].match("山形県")
    assert not rules.rules


def test_recognisers_have_names_of_their_own_and_report_only_their_kinds() -> None:
    assert len({each.name for each in RECOGNISERS}) == len(RECOGNISERS)
    page = Page(
        "候補者：山田太郎 090-1234-5678 taro@example.com 〒150-0041 東京都渋谷区神南1-2-3 1990年4月1日生 うつ病 "
        "株式会社サンプル 東京大学 https://example.org/a"
    )
    for recogniser in RECOGNISERS:
        assert {span.kind for span in recogniser.find(page)} <= set(recogniser.kinds)


def test_pages_cover_a_text_and_overlap_only_without_a_break() -> None:
    for text in ("あ" * 10_000, "い。" * 5_000, "う\n" * 5_000, "", "短い"):
        parts = list(pages(text, {}, 0, len(text)))
        covered = 0
        for page in parts:
            assert page.offset <= covered
            assert text[page.offset : page.offset + len(page.text)] == page.text
            assert page.offset == covered or "。" not in text
            covered = max(covered, page.offset + len(page.text))
        assert covered == len(text)
