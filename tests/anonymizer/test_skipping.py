"""Searches that skip find what a plain search finds, and no page is passed over that holds a match."""

import re
from importlib import resources

import pytest

from anonymizer import recognizers
from anonymizer.normalise import normalise
from anonymizer.page import Page
from anonymizer.recognizers.rulefile import load
from anonymizer.recognizers.skipping import compiled
from tests.anonymizer.records import one_off

FILES = sorted(path.name for path in resources.files(recognizers).iterdir() if path.name.endswith(".rules"))
TEXTS = tuple(normalise(record.text).text for record in one_off("hostile.txt", "B"))


@pytest.mark.parametrize("name", FILES)
def test_every_pattern_of_the_files_finds_what_it_finds_by_itself(name: str) -> None:
    rules = load(name.removesuffix(".rules"))
    pages = [Page(text) for text in TEXTS[:: 12 if len(rules.rules) > 40 else 6]]
    for pattern in (*rules.patterns.values(), *(rule.pattern for rule in rules.rules)):
        plain, (_, words) = re.compile(pattern.pattern, pattern.flags), compiled(pattern.pattern)
        for page in pages:
            found = [match.span() for match in plain.finditer(page.text)]
            assert [match.span() for match in pattern.finditer(page.text)] == found
            assert page.holds(words) or not found, (pattern.pattern, words)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("(?:旧姓|通称)[ :は]", {"旧姓", "通称"}),
        ("(?<![0-9])[0-9]{2,4}-x", {"-x"}),
        ("[0-9]{2}[一-鿿]", {"#"}),
        ("(?=.{2}Tel)[A-Z]+", {"tel"}),
        ("a(?:bc)?", {"a"}),
        ("(?:ab|[ぁ-ん])c", {"c"}),
        ("(?:ab|[ぁ-ん]*)", set()),
        ("(?i:Disc)ord", {"ord"}),
        ("(?!no)[^0-9]x?", set()),
    ],
)
def test_what_a_pattern_needs_is_read_off_it(source: str, words: set[str]) -> None:
    assert compiled(source)[1] == words


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("(?<![a-z])(?:[0-9]{2}|い)", "a12 い34"),
        ("(?i:k|straße|mai)x", "Kx \u212ax STRAßEx Maix"),
        ("(?i:[i-s]+)1", "ſ1 İ1 ı1 S1"),
        ("(?:ab)?c|(?=d).", "abc c d"),
        ("^[ ]*(?P<x>y)$", "y\n  y\nyy"),
        ("(?>a+|[bc])d(?P<x>e)?", "aad cde d"),
        ("(?:𠮷|[𠀀-𠀂])野", "𠮷野 𠀁野"),
        ("(?:a|)b", "b ab"),
        ("(?i:[ab])[ab]", "Ab AB aB ab"),  # One class with and without its case.
    ],
)
def test_a_search_that_skips_finds_the_same(source: str, text: str) -> None:
    plain, (quick, words) = re.compile(source, re.MULTILINE), compiled(source)
    assert [(each.span(), each.groupdict()) for each in quick.finditer(text)] == [
        (each.span(), each.groupdict()) for each in plain.finditer(text)
    ]
    assert (quick.groups, dict(quick.groupindex), quick.flags) == (plain.groups, dict(plain.groupindex), plain.flags)
    assert Page(text).holds(words)


def test_a_wrong_pattern_is_an_error() -> None:
    with pytest.raises(re.error):
        compiled("(?:a")
