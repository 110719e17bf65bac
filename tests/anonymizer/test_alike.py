"""Known names written nearly right, by ear, by their letters, or as the everyday words they are."""

import pytest

from anonymizer.engine import anonymise
from anonymizer.model import Identity


def _stripped(text: str, name: str, kana: str = "") -> str:
    people = [Identity(name=name, kana=kana, romaji="", email="", phone="", role="")]
    return anonymise(text, people, "mixed").text


@pytest.mark.parametrize(
    ("text", "name", "kana", "gone"),
    [
        ("Thanks, Thomton", "Margaret Thornton", "", "Thomton"),
        ("sait0 mayu called", "Mayu Saito", "", "sait0"),
        ("this is margrit thorton calling", "Margaret Thornton", "", "thorton"),
        ("hello john luke moro here", "Jean-Luc Moreau", "", "moro"),
        ("saitosan called", "斎藤 真由", "サイトウ マユ", "saito"),
        ("wtnb → 渡邊", "渡邊 大輔", "ワタナベ ダイスケ", "wtnb"),
        ("名札はワタナベダイスヶ。", "渡邊 大輔", "ワタナベ ダイスケ", "ダイ"),
        ("王井 千夏さん", "玉井 千夏", "タマイ チナツ", "王井"),
        ("♡なまえ♡まゆ", "斎藤 真由", "サイトウ マユ", "まゆ"),
        ("ask pieter van der b. first", "Pieter van der Berg", "", "van der"),
        ("all good. thanks, m.t.", "Margaret Thornton", "", "m.t"),
        ("will - can you chase them?", "Will Price", "", "will"),
        ("hi hope, all fine", "Hope Sanders", "", "hope"),
    ],
)
def test_a_known_name_nearly_right_goes(text: str, name: str, kana: str, gone: str) -> None:
    assert gone not in _stripped(text, name, kana)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I hope you will be there. We will call.", "Will Hope"),
        ("HR: please send the CV by Monday", "Hanna Rossi"),
        ("The clean room and the trail were open.", "Dean Trial"),
        ("誠にありがとうございます。", "土居 誠"),
    ],
)
def test_words_that_are_no_name_stay(text: str, name: str) -> None:
    assert _stripped(text, name) == text


def test_a_name_and_the_next_paragraph_are_no_name_with_an_initial() -> None:
    assert "I am free" in _stripped("Dear Ibrahim Sesay,\n\nI am free on Monday.", "Ibrahim Sesay")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("千葉県船橋市本町 3 - 1 2 - 5", "1 2"),
        ("新：北九州市小倉北区\n魚町三丁目\n1番の22", "1番"),
        ("さいたま市大宮区\n桜木町\n1-9-3", "1-9"),
        ("渋谷区桜丘町3-2 △△ハイツ(旧サンコーポ)201", "201"),
        ("flat 2 over the bakery, 22 High St, Truro", "bakery"),
        ("Postcode as spoken: C for cat, two four, one J J", "cat"),
        ("〒は802-\n0006です。", "0006"),
        ("携帯はゼロ九〇 四四一七 二三八〇 です", "四四一七"),
        ("call 303 five five five 0175", "0175"),
        ("gh: mira-codes", "mira-codes"),
        ("いんすた→mira_k", "mira_k"),
        ("父の体調が思わしくなく、戻ります。", "体調"),
        ("腰を悪くして病院に通っている", "病院"),
        ("Emergency contact: A. Reed, sister, ext. 4", "sister"),
    ],
)
def test_other_ways_of_writing_go(text: str, wanted: str) -> None:
    assert wanted not in anonymise(text).text
