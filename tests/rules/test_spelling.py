"""One spelling for many, and every character knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.spelling import normalise, plain
from rules.text import read_subject

TEXTS = st.text(max_size=200) | st.text(alphabet="ｶﾞ御縁貴意副え㈱\u200bＡı'İﬁ\u3099か頂きn't\ud800", max_size=60)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("御縁が無かった", "ご縁がなかった"),
        ("貴意に副い兼ねます", "貴意に添いかねます"),
        ("御期待に沿えず", "ご期待に添えず"),
        ("ご希望にそえず", "ご希望に添えず"),
        ("見合せる事と致しました", "見合わせることといたしました"),
        ("させて頂きます", "させていただきます"),
        ("させて戴く", "させていただく"),
        ("採用出来ません", "採用できません"),
        ("みおくりとなりました", "見送りとなりました"),
        ("内定取消", "内定取り消"),
        ("有難う御座います", "ありがとうございます"),
        ("ﾌｻｲﾖｳ", "フサイヨウ"),
        ("ｶﾞｯﾁ", "ガッチ"),
        ("不\u200b採\u200d用", "不採用"),
        ("ＷＥ ＣＡＮ’Ｔ", "we cannot"),
        ("we won't; weren’t", "we will not; were not"),
        ("㈱", "(株)"),
    ],
)
def test_variants_come_out_alike(written: str, read: str) -> None:
    assert plain(written) == read


@given(TEXTS)
def test_offsets_rise_and_stay_inside_the_text(text: str) -> None:
    mapped = normalise(text)
    assert len(mapped.at) == len(mapped.text) + 1
    assert all(first <= second for first, second in zip(mapped.at, mapped.at[1:], strict=False))
    assert mapped.at[-1] == len(text)
    mapped.text.encode("utf-8")
    words, _ = read_subject(text)
    for start in range(len(words.text)):
        first, last = words.origin(start, start + 1)
        assert 0 <= first < last <= len(text)


def test_a_span_points_back_to_the_words_as_written() -> None:
    text = "さて、貴意に副い兼ねる結果と相成り"
    words, _ = read_subject(text)
    start = words.text.index("貴意に添いかねる")
    first, last = words.origin(start, start + len("貴意に添いかねる"))
    assert text[first:last] == "貴意に副い兼ねる"
