"""Ways of writing that hide what is written: letters set apart, look-alikes of digits, kana, headers of a mail."""

import email.policy
from email.message import EmailMessage

import pytest

from anonymizer.engine import anonymise
from anonymizer.model import Identity
from anonymizer.name_lists import is_family_kana, is_given_kana, kana_split
from anonymizer.normalise import normalise


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("氏 名　五 十 嵐　俊 輔", "氏名 五十嵐 俊輔"),
        ("住 所　新 潟 市 中 央 区 1-6-1", "住所 新潟市中央区 1-6-1"),
        ("佐藤 林 原", "佐藤 林 原"),
        ("可 否", "可 否"),
        ("080-ｌ234-5678", "080-1234-5678"),
        ("O9O-3381-7724", "090-3381-7724"),
        ("平成 1O 年 3 月", "平成 10 年 3 月"),
        ("lol 10 OIl O2O", "lol 10 OIl O2O"),
        ("a\ud800b", "a\ufffdb"),
    ],
)
def test_the_reading_view(written: str, read: str) -> None:
    view = normalise(written)
    assert view.text == read
    assert all(view.back(at, at + 1) == (view.starts[at], view.ends[at]) for at in range(len(read)))


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("住 所　新 潟 市 中 央 区 万 代 1-6-1", "住 所　〔新潟県〕"),
        ("電話 0 2 5 - 2 4 1 - 8 8 7 6 です", "電話 〔電話番号〕 です"),
        ("mark (dot) young (at) example (dot) com", "〔メール〕"),
        ("アキヤマ　レン", "〔人物A〕"),
        ("名義はウカイ シヨウタでお願いします", "名義は〔人物A〕でお願いします"),
        ("Hi 谷-san,", "Hi 〔人物A〕-san,"),
        ("<小笠原 薫>\n10:02 お疲れさまです", "<〔人物A〕>\n10:02 お疲れさまです"),
        ("[2026/10/02 09:14] 島: 了解", "[2026/10/02 09:14] 〔人物A〕: 了解"),
        ("合格者一覧：内海、大門、甲斐", "合格者一覧：〔人物A〕、〔人物B〕、〔人物C〕"),
        ("みずほ 青山支店 普通 2210987", "〔口座〕"),
        ("Heisei 5 (1993) Oct 2生まれ", "〔生年月日〕生まれ"),
        ("大阪府堺市北区百舌鳥梅町1丁28-4", "〔大阪府〕"),
        ("Víctor Núñez asked; Nunez left", "〔人物A〕 asked; 〔人物A〕 left"),
    ],
)
def test_it_is_found_however_it_is_written(text: str, stripped: str) -> None:
    assert anonymise(text).text == stripped


@pytest.mark.parametrize(
    "text",
    [
        "Apache Kafka 3.6.1、Node.js 20.11.1、192 kB",
        "弊社はさくらの花言葉のように誠実です。担当エリアは関東一円です。",
        "監査法人対応、医療法人向け営業、糖尿病療養指導士",
        "評価は5段階、◎が最良、○は可。谷間の世代。星5つ。",
        "Blood, sweat and tears: Ruby has blocks and Java will stay.",
        "std::vector、10:02:33 に更新、項目1-2-3",
    ],
)
def test_nothing_is_found_where_nobody_is_named(text: str) -> None:
    assert anonymise(text).findings == ()


def test_a_known_name_is_found_without_its_accents_and_by_each_of_its_parts() -> None:
    assert anonymise("VÍCTOR spoke", [Identity(name="Victor Nunez")]).text == "〔人物A〕 spoke"
    assert anonymise("高携帯", [Identity(name="高 小百合")]).text == "〔人物A〕携帯"
    known = [Identity(name="ジョン・スミス・ジュニア")]
    assert anonymise("スミスのコード", known).text == "〔人物A〕のコード"


def test_the_header_of_a_mail_names_nobody_in_whatever_encoding() -> None:
    mail = EmailMessage()
    mail["From"] = "山田 太郎 <taro.yamada@example.jp>"
    mail["Subject"] = "応募の件（山田太郎）"
    mail["Message-ID"] = "<abc.def@mail.yamada.example.jp>"
    mail["Received"] = "from pc.example.jp ([192.0.2.7]) by mx.example.jp"
    mail.set_content("山田です。tel:+819012345678 mailto:taro@example.jp")
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="履歴書_山田太郎_応募書類一式.pdf")
    raw = mail.as_bytes(policy=email.policy.SMTP).decode()
    assert "=?utf-8?" in raw
    assert "''%E5%B1%A5" in raw
    stripped = anonymise(raw).text
    for part in ("=?", "%E", "192.0.2.7", "yamada", "taro", "9012345678", "山田"):
        assert part not in stripped


def test_readings_of_names_are_known_with_and_without_small_kana() -> None:
    assert is_family_kana("アキヤマ")
    assert is_given_kana("シヨウタ")
    assert is_given_kana("しょうた")
    assert kana_split("ウカイシヨウタ") == ("ウカイ", "シヨウタ")
    assert kana_split("マネジメント") is None
