"""Numbers, mail addresses and accounts in the ways people write them by hand, by ear or after a bad copy."""

import pytest

from anonymizer.engine import anonymise
from anonymizer.normalise import normalise

_GONE = [
    # Papers and codes.
    ("a copy of your passport (no. 70315524 on the form).", ("70315524",)),
    ("The passport number on the scan shows B50771923—is it right?", ("B50771923",)),
    ("Passport: KOSTA MARIA no. BK 51 20 833. Mail:", ("BK 51", "833")),
    ("passport says PB-four-five-oh-one-nine-two", ("PB", "four", "two")),
    ("パスポは D4 33 07 881。", ("D4", "881")),
    ("学番いる? K5 1 0 8 3 2」", ("K5", "8 3")),
    ("S S N 5 1 2 - 4 4 - 7 0 1 3", ("5 1", "4 4", "7 0")),
    ("my number is 4 0 1 7|2 2 8 9|6 0 5 1.", ("4 0", "2 2", "6 0")),
    ("nurse reg no 第二三〇一七号 認定", ("二三〇一七",)),
    ("旅券の頭はTZ、あとは0 4 7 7 1 2 5です。", ("TZ", "0 4", "2 5")),
    ("マイナンバーは上から3301、8824、\n6617です。", ("3301", "8824", "6617")),
    ("成績証明_夕凪大_0418C551.pdf", ("0418C551",)),
    ("健保 きごう221の、ばんごう710 44", ("221", "710", "44")),
    ("licence No.ぜろ4-C三-8801", ("ぜろ", "8801")),
    # Telephones.
    ("new sim 97three21 four07 sixty5 ok?", ("97", "three", "21", "sixty5")),
    ("new cell seven7 three four55 one 98 two", ("seven7", "four55", "98")),
    ("☎O8O_55I2_3O47(オーです)", ("O8O", "55I2", "3O47")),
    ("Tel O91 5SS O233 Mobile +353 8S 555 Ol17", ("5SS", "O233", "8S", "Ol17")),
    ("mob 0·9·0·5·5·2·1·8·4·0·7", ("0·9", "4·0")),
    ("080 の 5521 の 8407 です", ("080", "5521", "8407")),
    ("080-ﾅﾅﾊﾁﾖﾝｺﾞ-2231 に", ("080", "ﾅﾅ", "2231")),
    ("080-よろしく-4649", ("080", "よろ", "4649")),
    ("090-5521-ヨンロクヨンキュウ", ("090", "5521", "ヨン")),
    ("番号が変わって 最後がはちいちよん ろく です", ("はち", "ろく")),
    # A line that a mail program broke goes on behind its soft end.
    (
        "> he can be\n> reached on +1 (212) 5=\n> 55-0143 or at m.hart=\n> man@example.net and",
        ("212", "55-0143", "m.hart", "man@"),
    ),
    # Mail addresses.
    ("メールは よし てん たく あっとまーく れい てん ねっと です", ("よし", "たく", "れい", "ねっと")),
    ("Inbox: anna.field at example\n.org", ("anna", ".org")),
    ("write to anna.field@example\n.co.jp now", ("anna", "co.jp")),
    ("rosa＋work（at）example、com", ("rosa", "example", "com")),
    ("mail は anna ドット mori まるA example.jp", ("anna", "mori", "example")),
    # Accounts and pages.
    ("連絡先:mori@example.org / GitHub kenta-mor\n推薦", ("kenta-mor",)),
    ("She is on GitHub as mlopes-dev and likes Rust.", ("mlopes-dev",)),
    ("huggingface: tomodachi も見てください", ("tomodachi",)),
    ("steam neko_no_ie", ("neko_no_ie",)),
    ("site: hxxps://amara[.]example[.]com/cv", ("amara", "/cv")),
    # Dates of birth and ages.
    ("履歴書_森葵_19970618_最終.pdf", ("19970618",)),
    ("森 葵 / 19970618 / 女", ("19970618",)),
    ("DOB 1991 / ﾊﾁｶﾞﾂ / 7 passport", ("1991", "ﾊﾁ", "/ 7")),
    ("DOB lO/l2/l98O;", ("lO", "l98O")),
    ("誕生日は2003年のひなまつりです", ("2003", "ひなまつり")),
    ("nenrei 41 sai、", ("41",)),
    ("3 3 歳", ("3 3",)),
    ("SHE IS FORTY FOUR BUT WELL.", ("FORTY",)),
    ("lovely bloke. thirty four. wants 60k", ("thirty four",)),
    ("今年でフォーティツー。", ("フォーティ",)),
    ("森|葵|f|36|販売", ("36",)),
]
_STAYS = [
    "CI is built on Docker / GitHub self-hosted runners",
    "He is on GitHub as part of the job.",
    "Hugging Face: transformers, PyTorch",
    "step 1one of the two parts",
    "NAME=\nVALUE=12\nB=\nC=3",
    "評価は 1 2 3 4 5 です",
    "visa for no. 3 forklift",
    "特許第六五四三二一号を取得",
    "法律第一二〇号",
    "成績証明_20240411.pdf",
    "build_20241231_final.zip",
]


@pytest.mark.parametrize(("text", "gone"), _GONE)
def test_a_number_goes_however_it_was_written_down(text: str, gone: tuple[str, ...]) -> None:
    stripped = anonymise(text, (), "ja").text
    assert not [word for word in gone if word in stripped], stripped
    assert anonymise(stripped, (), "ja").text == stripped


@pytest.mark.parametrize("text", _STAYS)
def test_what_only_resembles_a_number_of_somebody_stays(text: str) -> None:
    assert anonymise(text, (), "ja").text == text


def test_a_caption_before_a_spelled_address_is_no_part_of_it() -> None:
    assert anonymise("メールはモリ点アキ、アットマーク、イグザンプル点コム", (), "ja").text == "メールは〔メール〕"


def test_a_soft_line_end_maps_back_to_where_it_was_read_from() -> None:
    written = "> call me at 5=\n> 55 please"
    view = normalise(written)
    assert view.text == "> call me at 555 please"
    assert view.back(13, 16) == (13, 20)
