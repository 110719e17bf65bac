"""Values as generators and careless hands write them: streets of any name, letters for digits, digits in kana."""

import pytest

from anonymizer.engine import anonymise

_GONE = [
    # A street may have any name when a town and its code, or the number of a flat, follow.
    ("Kind regards,\nFlat 7\nElms Union\nNorth Hollymouth\nS6 7LJ", ("Flat 7", "Elms", "Hollymouth", "S6 7LJ")),
    ("4120 Dunmore Point Suite 542\nWest Corwick, MN 11166", ("4120", "Dunmore", "Suite", "Corwick", "11166")),
    ("post it to 7220 Corliss Wall, New Alderfort, NE, 01981.", ("7220", "Corliss", "Alderfort", "01981")),
    ("PSC 4115, Box 6612\nAPO AA 36110", ("4115", "6612")),
    ("She lives on 14 cedar crescent, flat b, ludlow.", ("14", "cedar", "flat b", "ludlow")),
    ("its flat three, the old forge, mill lane", ("three", "forge", "mill")),
    # Japan: the floor before the room, joints that are pauses, no city, kana.
    ("千葉県横浜市港北区台場丸の内タワー17丁目17番10号 コーポ青木10階246号室", ("17番", "コーポ", "246")),
    ("宝塚の売布三丁目の、2の14に住んでいます", ("売布", "三丁目", "14")),
    ("じゅうしょ→さいたまけんところざわしみどりちょう5の12の3", ("ところざわ", "5の12")),
    ("住所 東京都渋谷区神宮前1-\n 2-3", ("神宮前", "2-3")),
    # Telephones: extensions abroad, a lost zero, a cell, a stroke, a line end.
    ("call her back on 001-547-730-5702x236", ("547", "236")),
    ("former manager, 2612817083, dana@example.com", ("2612817083",)),
    ("former manager, 01632960143, dana@example.jp", ("01632960143",)),
    ("鈴木,36-4180-5352,x", ("4180",)),
    ("TEL: 03-5555-\n> 1234", ("5555", "1234")),
    ("o151 / 555 0 27 41", ("555", "27 41")),
    ("市外局番は〇四五だそうです", ("〇四五",)),
    # Letters for digits.
    ("☎ 09O(1234)S678、cell 2O2-55S-0I43", ("1234", "678", "55S", "43")),
    ("〒l50-OOO1 東京都渋谷区神宮前l-2-3", ("l50", "l-2-3")),
    ("D0B: O3 / l5 / l988", ("O3", "l988")),
    ("昭和6O年l2月3l日生まれ", ("6O", "l2", "3l")),
    ("Apt 2, 41 Weir R0ad, Leeds LSl 4AB", ("41", "Weir", "4AB")),
    # Digits in any mixture.
    ("０きゅう０の１２さん４の５６７はち に電話", ("きゅう", "１２", "５６７")),
    ("うまれは へいせい よねん しがつ ついたち です", ("よねん", "しがつ", "ついたち")),
    ("誕生日：平成よねん四月４にち", ("よねん", "四月", "４")),
    ("履歴書では６１・７・４（昭和）。", ("６１", "７・４")),
    ("NI number q q 1 2 3 4 5 6 c", ("1 2 3", "5 6")),
    ("the postcode is b a one, three d q", ("b a one", "three")),
    # Mail and pages said with words.
    ("mori.k のあとに @、そのあと example 点 jp です", ("mori", "example")),
    ("mori.k@exam\nple.com", ("mori", "ple.com")),
    ("エム・オー・アール・アイ、アットマーク、イグザンプル・ジェーピー", ("エム", "イグザンプル")),
    ("gitlab dot com slash morik", ("morik",)),
    ("LINEも教えてくれていて mori-works だそうです", ("mori-works",)),
    ("[SNS] morinaoki", ("morinaoki",)),
    # The caption of a form is no placeholder of ours; an account in the cells of a table.
    ("[生年月日] 2005.07.09", ("2005", "07")),
    ("支店　幸手支店\n口座種別　普通\n口座番号　4471902", ("幸手", "4471902")),
]
_STAYS = [
    ("Office O365, AWS S3 2019, B2B 5S, I/O 2019, l10n, k8s", ("O365", "S3", "B2B", "I/O 2019", "l10n")),
    ("we took 3 different roads, a 5 minute drive, 10 years on the road", ("3 different", "5 minute", "10 years")),
    ("配属先: 東京支店", ("東京支店",)),
    ("LINE WORKSとLINE APIでbotを開発", ("LINE WORKS", "bot")),
    ("面接は12月3日、いちねんごにはリーダー。入社はれいわ7ねん4がつ1にち", ("12月3日", "いちねん", "4がつ")),
    ("納期は 2026/12/01 / 10 12 300 件", ("2026/12/01", "300")),
]


@pytest.mark.parametrize(("text", "gone"), _GONE)
def test_a_value_goes_however_it_is_written(text: str, gone: tuple[str, ...]) -> None:
    stripped = anonymise(text, (), "ja").text
    assert not [word for word in gone if word in stripped], stripped
    assert anonymise(stripped, (), "ja").text == stripped


@pytest.mark.parametrize(("text", "stays"), _STAYS)
def test_what_only_looks_like_a_value_stays(text: str, stays: tuple[str, ...]) -> None:
    stripped = anonymise(text, (), "ja").text
    assert not [word for word in stays if word not in stripped], stripped
