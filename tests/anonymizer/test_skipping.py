"""Searches that skip find what a plain search finds, and no page is passed over that holds a match."""

import re
from importlib import resources
from itertools import islice

import pytest

from anonymizer import recognizers
from anonymizer.normalise import normalise
from anonymizer.page import Page
from anonymizer.recognizers.needs import Needs, packed, unpacked
from anonymizer.recognizers.rulefile import all_sources, found, load
from anonymizer.recognizers.skipping import compiled, parsed, told
from anonymizer.shapes import shape_of
from anonymizer.wanted import ANY_DIGIT, ANY_JAPANESE
from tests.anonymizer.records import one_off
from tests.anonymizer.sets import HOSTILE

FILES = sorted(path.name for path in resources.files(recognizers).iterdir() if path.name.endswith(".rules"))


@pytest.fixture(scope="module")
def hostile_pages() -> list[tuple[Page, Page]]:
    """Some short texts of every author, as in one author's alone most patterns find nothing; and the same with a long
    end, for only there are few places looked at alone."""
    texts = [record.text for name in HOSTILE for record in one_off(f"{name}/hostile.txt", "B")]
    short = [normalise(text).text for text in texts[::8] if len(text) <= 150]
    return [(Page(text), Page(f"{text}\n{'- ' * 300}")) for text in short]


@pytest.mark.parametrize("name", FILES)
def test_every_pattern_of_the_files_finds_what_it_finds_by_itself(
    name: str, hostile_pages: list[tuple[Page, Page]]
) -> None:
    rules = load(name.removesuffix(".rules"))
    for pattern in (*rules.patterns.values(), *(rule.pattern for rule in rules.rules)):
        plain, needs = re.compile(pattern.pattern, pattern.flags), _needs(pattern.pattern)
        with_matches = []
        for page, long in hostile_pages:
            spans = [match.span() for match in plain.finditer(page.text)]
            assert [match.span() for match in pattern.finditer(page.text)] == spans
            assert [match.span() for match in found(pattern, needs, page)] == spans
            assert (page.holds(needs.words) and needs.may_match(page)) or not spans, told(parsed(pattern.pattern))
            if spans:
                with_matches.append(long)
        for page in with_matches[:2]:
            spans = [match.span() for match in plain.finditer(page.text)]
            assert [match.span() for match in found(pattern, needs, page)] == spans


def _needs(source: str) -> Needs:
    return Needs(frozenset(), source)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("(?:旧姓|通称)[ :は]", [{"旧姓 ", "旧姓:", "旧姓は", "通称 ", "通称:", "通称は"}]),
        ("(?<![0-9])[0-9]{2,4}-x", [{"-x"}, {ANY_DIGIT}]),
        ("[0-9]{2}[一-鿿]", [{ANY_DIGIT}, {ANY_JAPANESE}]),
        ("(?=.{2}Tel)[A-Z]+", [{"tel"}]),
        ("a(?:bc)?", [{"a"}]),
        ("(?:ab|[ぁ-ゖ])c", [{"c"}]),
        ("(?:ab|[ぁ-ん]*)", []),
        ("(?i:Disc)ord", [{"discord"}]),
        ("(?!no)[^0-9]x?", []),
        ("No[.:][^x]*passport", [{"passport"}, {"no.", "no:"}]),
        ("(?P<x>[Tt]el)(?<=l) ?[0-9]", [{"tel"}, {ANY_DIGIT}]),
        ("(?:ab){2,}[^a]", [{"abab"}]),
    ],
)
def test_what_a_pattern_needs_is_read_off_it(source: str, words: list[set[str]]) -> None:
    assert list(told(parsed(source)).words) == words


@pytest.mark.parametrize(
    ("source", "shapes"),
    [
        ("[A-Z]{2}[0-9]{4}(?![0-9])", [{"AA0000"}]),
        ("[A-Z](?<![a-z][A-Z])[ ]?[0-9]{3}-[^0-9]", [{"A000-", "A 000-"}]),
        ("[0-9]{3,}[ ](?i:[a-d])[0-9〇一]", [{"000 a0", "000 A0"}]),
        ("[A-Z]{4}", []),
        ("[^0-9][0-9]", []),
        ("(?:[0-9]{2}[.]|-)[0-9]{3}", [{"00.000", "-000"}]),
    ],
)
def test_what_kinds_of_characters_it_needs_is_read_off_it(source: str, shapes: list[set[str]]) -> None:
    assert list(told(parsed(source)).shapes) == shapes


def test_the_shape_of_a_text_is_what_stands_around_its_digits() -> None:
    assert shape_of("Passport TK1234567, from Ōsaka to 東京 in 二〇年") == "Aaaaaaaa AA0000000, aaaa\0JJ aa 00J"


@pytest.mark.parametrize(
    ("source", "text", "spans"),
    [
        ("(?i:[a-z]{2,9}) passport", "Japanese passport and a Thai passport", [(0, 17), (24, 37)]),
        ("(?:[a-z]{1,3} )?visa[0-9]*", "visavisa12 a visa", [(0, 4), (4, 10), (11, 17)]),
        ("[a-z]{2,9}(?= visa$)", "no visa here\nhas visa\n", [(13, 16)]),
        ("[a-z]+İd", "xxİd", [(0, 4)]),
    ],
)
def test_a_search_near_its_words_finds_the_same(source: str, text: str, spans: list[tuple[int, int]]) -> None:
    # Few places on a long page: there it is not searched as a whole.
    page = Page(text + "\n" + "- " * 200)
    assert [match.span() for match in found(re.compile(source, re.MULTILINE), _needs(source), page)] == spans


def test_words_are_held_whatever_letters_they_are_written_in() -> None:
    words = [frozenset((word,)) for word in ("id", "ids no", "𠮷", "𠮷野", "tel", "passport", "旧姓は", "-")]
    for text in (
        "",
        "a",
        "ID",
        "İDS NO",
        "ıdſ no",
        "𠮷野",
        "𠮷",
        "TeL",
        "xpassport",
        "passpo rt sport",
        "旧姓は",
        "旧姓",
    ):
        page = Page(text)
        plain = text.lower().replace("i\u0307", "i").replace("ı", "i").replace("ſ", "s")
        assert [page.holds(each) for each in words] == [next(iter(each)) in plain for each in words], text


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
    plain, quick = re.compile(source, re.MULTILINE), compiled(source)
    assert [(each.span(), each.groupdict()) for each in quick.finditer(text)] == [
        (each.span(), each.groupdict()) for each in plain.finditer(text)
    ]
    assert (quick.groups, dict(quick.groupindex), quick.flags) == (plain.groups, dict(plain.groupindex), plain.flags)
    assert Page(text).holds(_needs(source).words)


def test_what_was_worked_out_beforehand_is_what_the_patterns_tell() -> None:
    written = resources.files("anonymizer.recognizers").joinpath("needs.json").read_text(encoding="utf-8")
    assert written == packed(all_sources()), (
        "python -m anonymizer.recognizers.needs > anonymizer/recognizers/needs.json"
    )
    assert all(each in unpacked(written).values() for each in map(told, map(parsed, islice(all_sources(), 50))))


def test_a_wrong_pattern_is_an_error() -> None:
    with pytest.raises(re.error):
        compiled("(?:a")
