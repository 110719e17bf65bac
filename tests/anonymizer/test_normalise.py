"""The reading view: what is folded, and that every range of it leads back to where it was read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.forms import Form, View
from anonymizer.model import Kind
from anonymizer.normalise import WALL, normalise

AWKWARD = "０Ａ－ｰー―ｶﾞﾊﾟ㈱㍻①髙﨑邊か\u3099が\u0301\u200b\u00ad\ufe0f葛\U000e0100〒＠﹫ 　\r\nİßﬁ𠮷😀〔住所〕"
texts = st.text(alphabet=st.sampled_from(AWKWARD) | st.characters(), max_size=60)


@given(texts)
def test_every_character_of_the_view_was_read_from_the_range_it_maps_to(text: str) -> None:
    view = normalise(text)
    assert len(view.starts) == len(view.ends) == len(view.text)
    for at in range(len(view.text)):
        start, end = view.back(at, at + 1)
        assert 0 <= start < end <= len(text)
        again = normalise(text[start:end]).text
        assert WALL in view.text[at] or view.text[at] in again or view.text[at] == "-"


@given(texts)
def test_ranges_map_back_in_order_and_without_a_gap_inside(text: str) -> None:
    view = normalise(text)
    assert list(view.starts) == sorted(view.starts)
    assert list(view.ends) == sorted(view.ends)


@given(st.text(alphabet="山田太郎abc0-9は。", max_size=60))
def test_plain_text_maps_back_to_the_same_substring(text: str) -> None:
    view = normalise(text)
    assert view.text == text
    for start in range(len(text)):
        for end in range(start + 1, min(start + 6, len(text)) + 1):
            first, last = view.back(start, end)
            assert text[first:last] == view.text[start:end]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("０９０－１２３４", "090-1234"),
        ("090ー1234", "090-1234"),
        ("サーバー", "サーバー"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ タロウ"),
        ("㈱山田", "(株)山田"),
        ("髙橋﨑渡邉齋藤", "高橋崎渡辺斎藤"),
        ("ya\u200bma\u00adda", "yamada"),
        ("か\u3099", "が"),
        ("ａ＠ｂ．ｊｐ", "a@b.jp"),
    ],
)
def test_the_view_folds_what_people_write_differently(written: str, read: str) -> None:
    assert normalise(written).text == read


@pytest.mark.parametrize(
    ("text", "at", "read_from"),
    [
        ("xｶﾞy", 1, "ｶﾞ"),
        ("xか\u3099y", 1, "か\u3099"),
        ("x㈱y", 2, "㈱"),
        ("x\u200b山", 1, "山"),
        ("㍻元年", 1, "㍻"),
    ],
)
def test_a_character_leads_back_to_all_it_was_read_from(text: str, at: int, read_from: str) -> None:
    start, end = normalise(text).back(at, at + 1)
    assert text[start:end] == read_from


def test_our_own_placeholders_are_walls_of_the_same_length() -> None:
    assert normalise("〔人物A〕さん[Person B]").text == WALL * 5 + "さん" + WALL * 10
    assert WALL not in normalise("〔重要〕[sic]").text


def test_a_long_run_of_marks_is_no_single_cluster() -> None:
    assert len(normalise("a" + "\u0301\u0316" * 20_000).text) > 1000


@given(st.text(alphabet="aB㈱①…\u200b　１日-", max_size=40))
def test_characters_without_marks_are_read_as_their_clusters_are(text: str) -> None:
    # The mark at the end has the whole text read cluster by cluster.
    view, by_clusters = normalise(text), normalise(text + "\nか\u3099")
    assert by_clusters.text == view.text + "\nが"
    assert list(by_clusters.starts[:-2]) == list(view.starts)
    assert list(by_clusters.ends[:-2]) == list(view.ends)


@given(st.integers(0, 300), st.sampled_from((" ", " ・", "\n", "")))
def test_a_name_with_gaps_is_found_where_it_stands(before: int, gap: str) -> None:
    text = " ." * before + f"山{gap}田{gap}太郎" + " 。" * 40
    (place,) = View(text, ()).places(Form("山田太郎", Kind.PERSON, whole=True, label=""))
    assert text[slice(*place)] == f"山{gap}田{gap}太郎"
