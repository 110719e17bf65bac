"""New text, quotation, signature and boilerplate are told apart; sentences survive wraps and odd blanks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.text import TEXT_BYTES_MAX, read_layout, read_subject

NO = "残念ながら不採用とさせていただきます。"


def _new(text: str) -> str:
    return "".join(sentence.text for sentence in read_layout(text).new)


@pytest.mark.parametrize(
    "before",
    [
        "> ",
        "＞",
        "| ",
        "-----Original Message-----\nFrom: 採用 <saiyo@example.co.jp>\nSubject: 結果\n\n",
        "---------- Forwarded message ---------\nFrom: 採用 <saiyo@example.co.jp>\n\n",
        "----- 元のメッセージ -----\n",
        "-------- 転送されたメッセージ --------\n",
        "From: 採用\nSent: Thursday\nTo: 山田\nSubject: 結果\n\n",
        "差出人: 採用\n送信日時: 2026年11月5日\n件名: 結果\n\n",
        "From:\n採用 <saiyo@example.co.jp>\nSent:\nThursday\nSubject:\n結果\n",
        "On Thu, 5 Nov 2026 at 10:22, HR <hr@example.com> wrote:\n",
        "On Thu, 5 Nov 2026 at 10:22, HR <hr@example.com>\nwrote:\n",
        "2026年11月5日(木) 10:22 採用 <saiyo@example.co.jp>:\n",
        "丸山 さんは書きました:\n",
        "Begin forwarded message:\n\n",
    ],
)
def test_an_earlier_mail_is_a_quotation(before: str) -> None:
    text = f"書類をお送りします。\n\n{before}{NO}"
    layout = read_layout(text)
    assert "不採用" not in _new(text)
    assert "書類をお送りします" in _new(text)
    assert any(sentence.kind == "quote" and "不採用" in sentence.text for sentence in layout.wrapped)


def test_an_answer_beneath_a_quotation_is_new_text() -> None:
    text = f"On Thu, 5 Nov 2026, Hanako <hanako@example.com> wrote:\n> 結果はいつですか。\n\n{NO}"
    assert "不採用とさせて" in _new(text)
    assert "いつですか" not in _new(text)


@pytest.mark.parametrize(
    "signature",
    [
        "--\n株式会社例\n採用担当 上田\nTEL 03-0000-0000",
        "-- \nJane\nExample | Talent",
        "━━━━━━━━━━\n株式会社例 人事部\nMail: saiyo@example.co.jp\n━━━━━━━━━━",
        "*****************\n 株式会社例\n ★採用強化中! https://example.co.jp/\n*****************",
        "──────────\n株式会社例 (今井)\n皆様のご多幸をお祈りいたします。\n──────────",
        "==========\nexample@example.com\n電話 03-0000-0000",
    ],
)
def test_a_signature_is_no_evidence(signature: str) -> None:
    text = f"{NO}\n\n{signature}\n"
    assert _new(text) == NO
    assert any(kind == "signature" for kind, _, _ in read_layout(text).cuts)


def test_a_decision_in_a_box_is_no_signature() -> None:
    text = f"━━━━━━━━━━\n株式会社例の選考結果をお知らせいたします。\n{NO}\n━━━━━━━━━━\n"
    assert "不採用" in _new(text)


def test_what_follows_a_signature_box_is_new_text_again() -> None:
    text = "━━━━━━━━━━\n株式会社例\nMail: saiyo@example.co.jp\n━━━━━━━━━━\n\n内定とさせていただきます。\n"
    assert "内定" in _new(text)
    assert "内定" in _new("--\n上田\n\n追伸 内定とさせていただきます。")


@pytest.mark.parametrize(
    "notice",
    [
        "Example is an equal opportunity employer.",
        "Applications unsuccessful or otherwise are handled per our privacy notice.",
        "If you are not the intended recipient, unfortunately you may not use or disclose it.",
        "※本メールは宛先の方のみに宛てたものです。",
        "誤って受信された場合は、破棄していただきますようお願いいたします。",
        "本メールに記載の内容は機密情報を含みます。",
    ],
)
def test_boilerplate_is_no_evidence(notice: str) -> None:
    assert _new(f"{NO}\n\n{notice}") == NO


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("採用を見\n送らせていただきます。", ["採用を見送らせていただきます。"]),
        ("採 用 を 見 送 り ま す 。", ["採用を見送ります。"]),
        ("山田 花子 様\n本日はお世話になりました", ["山田花子様", "本日はお世話になりました"]),
        ("山田様 見送ります。", ["山田様\x00", "見送ります。"]),
        ("見送らせていただきます\nよろしくお願いします", ["見送らせていただきます", "よろしくお願いします"]),
        ("検討いたしました\nが、見送ります。", ["検討いたしましたが、見送ります。"]),
        ("選考結果:\n不採用", ["選考結果:不採用"]),
        ("We have decided\nnot to proceed. Good luck.", ["we have decided not to proceed.", "good luck."]),
        ("Acme Co. Ltd. has decided. Bye.", ["acme co. ltd. has decided.", "bye."]),
    ],
)
def test_sentences_are_joined_and_split_where_the_words_say_so(written: str, read: list[str]) -> None:
    assert [sentence.text for sentence in read_layout(written).new] == read


def test_a_sentence_inside_a_quotation_knows_it() -> None:
    quoted = [sentence.quoted for sentence in read_layout("文面です。「残念です。見送ります。」以上です。").new]
    assert quoted == [False, False, True, False]


def test_offsets_lead_back_into_the_mail() -> None:
    text = "山田様\r\n\r\n今回は不採\r\n用となりました。"
    sentence = read_layout(text).new[-1]
    start = sentence.text.index("不採用")
    first, last = sentence.origin(start, start + 3)
    assert text[first:last] == "不採\r\n用"


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("Re: 選考結果", True),
        ("Fwd: 結果", True),
        ("ＲＥ：結果", True),
        ("返信:結果", True),
        ("選考結果", False),
        ("Result", False),
    ],
)
def test_the_subject_of_an_answer_is_somebody_elses(subject: str, answer: bool) -> None:
    assert read_subject(subject)[1] is answer


@pytest.mark.parametrize("text", ["あ" * TEXT_BYTES_MAX, "a. " * TEXT_BYTES_MAX, "ﷺ" * 80_000, "\n" * 1_000_000])
def test_a_text_beyond_the_limit_is_cut_and_says_so(text: str) -> None:
    assert read_layout(text).short


@given(st.text(max_size=400) | st.text(alphabet="様。\n >-━*「」From:wrote採用 a.", max_size=200))
def test_any_text_has_a_layout_within_its_bounds(text: str) -> None:
    layout = read_layout(text)
    for sentence in (*layout.new, *layout.wrapped):
        start, end = sentence.origin(0, len(sentence.text))
        assert 0 <= start <= end <= len(text)
