"""Where names are looked for: only where one can be, and nowhere less than that."""

import re

import pytest

from anonymizer import names
from anonymizer.engine import anonymise
from anonymizer.kana import without_small_kana
from anonymizer.normalise import WALL
from anonymizer.page import Page
from anonymizer.recognizers.ending import Ending
from anonymizer.recognizers.latin_word import latin_word
from anonymizer.recognizers.person_careless import careless_names
from anonymizer.recognizers.rulefile import load
from anonymizer.recognizers.small_names import small_names
from tests.anonymizer.records import one_off

_LOOKED_AT_FIRST = [
    ("person_frames", "ONE_BEFORE"),
    ("person_frames", "TWO_BEFORE"),
    ("person_frames", "TWO_BY"),
    ("person_frames", "DASH_BEFORE"),
    ("person_caption", "STRONG_JA"),
    ("person_caption", "WEAK_JA"),
]


@pytest.mark.parametrize(("file", "name"), _LOOKED_AT_FIRST)
def test_a_pattern_matches_only_where_its_ending_fits(file: str, name: str) -> None:
    pattern = load(file).patterns[name]
    ending = Ending(pattern)
    found = 0
    for record in (*one_off("twelfth/templates.txt", "A"), *one_off("fifteenth/templates.txt", "A")):
        text = record.text + "\n- "
        for end in range(len(text) + 1):
            if pattern.search(text, max(0, end - 40), end):
                found += 1
                assert ending.fits(text, end), text[max(0, end - 40) : end]
                assert text[end - 1 : end] in ending.chars
    assert found


@pytest.mark.parametrize(
    ("pattern", "fits", "not_"),
    [
        (r"(?:met|spoke[ ](?:to|with))[ ]\Z", ["we met ", "spoke with "], ["the ", "met", ""]),
        (r"(?:^|\n)-[ ]?\Z", ["-", "a\n- "], ["- x", ""]),
        (r"[ab]{2,3}c*\Z", ["ab", "aabc", "bbcc"], ["ad", "cd"]),
        (r"x(?:[a-z]+|[A-Z])\Z", ["xq", "XQ", ""], []),
        (r"(?i:by)[ ]\Z", ["BY ", "by "], ["by"]),
        (r"name(?:[ ]is)?\Z", ["name", "name is"], ["his", "nam"]),
    ],
)
def test_an_ending_is_read_off_the_pattern(pattern: str, fits: list[str], not_: list[str]) -> None:
    ending = Ending(re.compile(pattern, re.MULTILINE))
    assert [text for text in fits if not ending.fits(text, len(text))] == []
    assert [text for text in not_ if ending.fits(text, len(text))] == []


def test_a_page_of_english_and_placeholders_is_no_page_of_japanese() -> None:
    page = Page(f"Mr. {WALL * 5} was employed by {WALL * 6} until April.\n")
    assert not page.japanese
    assert page.tokens == ()
    assert Page("최성민").japanese


def test_speakers_beside_people_taken_out_are_still_found() -> None:
    text = "Chat: <yuki_m> brb <tom> can you forward Mr. Abe's offer to me?"
    assert "tom" not in anonymise(text, (), "en").text


def test_names_in_small_letters_are_whole_words_in_order() -> None:
    page = Page("tom met priya; tomorrow atom-tom and tom2, annual Tom")
    assert [(word, start) for start, _, word in small_names(page) if word in ("tom", "priya")] == [
        ("tom", 0), ("priya", 8), ("tom", 29), ("tom", 37),
    ]  # fmt: skip
    assert all(page.text[start:end] == word for start, end, word in small_names(page))


@pytest.mark.parametrize(
    ("text", "names_found"),
    [
        ("call j. hargreaves about a. b. hargreaves", ["j. hargreaves"]),
        # What follows an initial is no name by itself.
        ("so k. priya and priya", ["priya"]),
        ("so k. priya", []),
    ],
)
def test_an_initial_takes_the_word_behind_it(text: str, names_found: list[str]) -> None:
    page = Page(text)
    assert [text[found.start : found.end] for found in careless_names(page, small_names(page))] == names_found


def test_what_lists_know_of_a_word() -> None:
    assert latin_word("Please").nobody
    assert not latin_word("Hope").nobody
    assert latin_word("McGregor").clan
    assert latin_word("Priya's").owns
    assert latin_word("Priya's").strong
    assert latin_word("van").link
    assert not latin_word("van").nobody


def test_digits_are_still_joined_to_numbers() -> None:
    assert "385,000" in [token.surface for token in names.tokenise("月額 385,000円です。")]


def test_kana_without_small_letters() -> None:
    assert (
        without_small_kana("ショウタ") == without_small_kana("シヨウタ") == without_small_kana("しょうた") == "しようた"
    )
