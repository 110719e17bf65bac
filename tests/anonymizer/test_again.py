"""What is read again behind a replacement, and that what is found there goes back to its place."""

import pytest

from anonymizer.again import NEAR_CHARS, changed, gathered
from anonymizer.model import Kind, Span
from anonymizer.normalise import WALL
from anonymizer.page import PAGE_CHARS_MAX, Page, pages


def test_lines_with_an_open_placeholder_are_looked_at_again_and_what_stands_far_from_them_is_not() -> None:
    far = "e" * (NEAR_CHARS + 1)
    text = "\n".join(("a", f"{WALL}b", far, f"{WALL * 3}山", "i", f"{WALL} c", "k", "l"))
    assert [text[start:end] for start, end in changed(text)] == [f"{WALL}b\n", f"{WALL * 3}山\ni\n{WALL} c\n"]
    assert list(changed("a\nb")) == []
    assert list(changed(f"@{WALL}")) == [(0, 2)]


@pytest.mark.parametrize(
    "behind",
    [
        "", "\n次", "様", "さんは元気", "、次", " (年齢)", ": 山", "は山田", "/b", f" {WALL}", "ちゃん", "でござい",
        "で受付", "だと思う", "君は", "先生に", "方(年齢)", "-sanの", " 理工学部\n", " 10:30", " 携帯電話 ",
    ],
)  # fmt: skip
def test_behind_a_closed_placeholder_nothing_is_looked_at_again(behind: str) -> None:
    assert list(changed(f"氏名 {WALL * 5}{behind}")) == []


@pytest.mark.parametrize(
    ("looked_at", "behind"),
    [
        (False, " and on|  Nationality: | 生年月日:| 住所 | is.| - Sales"),
        (True, " told jamal| androids| - 24| 東山: |and|'s"),
    ],
)
def test_plain_words_and_captions_close_a_placeholder(behind: str, looked_at: bool) -> None:
    for words in behind.split("|"):
        assert bool(list(changed(f"Name {WALL * 5}{words}"))) == looked_at, words


@pytest.mark.parametrize(
    "behind",
    [
        "山田", " 太郎", "ジェームズ", "でら", "工学部", "(24)", " (32歳)", "はナナ", " S(560412)", "'s", "さん1990年",
        "君山田", "先生山田", "で1990年", " 理工", "理工学部", " 10", " 103-0027",
    ],
)  # fmt: skip
def test_behind_an_open_placeholder_it_is(behind: str) -> None:
    assert list(changed(f"氏名 {WALL * 5}{behind}")) != []


@pytest.mark.parametrize(
    ("looked_at", "before"),
    [(True, "a.com|山田|0041|@|天満|comTEL|ケン・"), (False, "氏名|住所|は|com |\n・| ・|(満|\nTEL")],
)
def test_what_stands_right_before_a_placeholder_counts_too(before: str, looked_at: bool) -> None:
    for word in before.split("|"):
        assert bool(list(changed(f"{word}{WALL * 5}様"))) == looked_at, word


def found(text: str, word: str) -> Span:
    return Span(Kind.PERSON, text.index(word), text.index(word) + len(word), 0.7, "test")


def test_lines_far_apart_are_one_page_and_findings_go_back_to_where_they_stand() -> None:
    text = "\n".join((f"{WALL}東山", "x" * 200, f"{WALL}西川", "y" * 200, f"{WALL}南"))
    parts = [page for stretch in changed(text) for page in pages(text, {}, *stretch)]
    (one,) = gathered(parts, {})
    assert len(parts) == 3
    assert len(one.page.text) < 40
    for word in ("東山", "西川", "南"):
        (span,) = one.back([found(one.page.text, word)])
        assert text[span.start : span.end] == word


def test_nothing_goes_over_from_one_stretch_to_the_next() -> None:
    (one,) = gathered([Page("氏名:\n", 10), Page("東山\n", 90)], {})
    whole = Span(Kind.PERSON, 0, len(one.page.text), 0.7, "test")
    assert list(one.back([whole])) == []
    first_with_the_joint = Span(Kind.PERSON, 0, len("氏名:\n") + 1, 0.7, "test")
    assert list(one.back([first_with_the_joint])) == []
    assert [span.start for span in one.back([found(one.page.text, "氏名"), found(one.page.text, "東山")])] == [10, 90]


def test_pages_of_gathered_lines_have_a_limit() -> None:
    many = list(gathered([Page("山" * 900, 1_000 * number) for number in range(8)], {}))
    assert len(many) == 3
    assert all(len(one.page.text) <= PAGE_CHARS_MAX for one in many)
    assert [origin for one in many for origin in one.origins] == [1_000 * number for number in range(8)]
