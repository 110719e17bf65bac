"""Names that nothing marks: at the head of a sentence, nicknames, in small letters, in another script; and firms."""

import pytest

from anonymizer.engine import anonymise
from anonymizer.model import Identity


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("八木の件で。勝又、諦めない営業", "〔人物A〕の件で。〔人物B〕、諦めない営業"),
        ("消しておく（小松）", "消しておく（〔人物A〕）"),
        ("寺島家の電話、小泉拝", "〔人物A〕家の電話、〔人物B〕拝"),
        ("関「僕の番です」", "〔人物A〕「僕の番です」"),
        ("すぎです。漢字は木へん", "〔人物A〕です。漢字は木へん"),
        ("うえはら@転職活動中", "〔人物A〕@転職活動中"),
        ("たけちゃんとエノさん", "〔人物A〕ちゃんと〔人物B〕さん"),
        ("あだ名は「サメ」です", "あだ名は「〔人物A〕」です"),
        ("T.F.こと藤代、Kさん", "〔人物A〕.こと〔人物B〕、〔人物C〕さん"),
        ("Weiさん（张伟）", "〔人物A〕さん（〔人物B〕）"),
        ("ファム ティ フオン名義", "〔人物A〕名義"),
        ("相良です、さ・が・ら", "〔人物A〕です、〔人物B〕"),
        ("樋口一夏（営業）", "〔人物A〕（営業）"),
        ("リョウタ（カタギリ）", "〔人物A〕（〔人物B〕）"),
    ],
)
def test_a_name_goes_by_its_place_alone(text: str, out: str) -> None:
    assert anonymise(text).text == out


@pytest.mark.parametrize(
    "text",
    [
        "grace okafor here",
        "ask priya first",
        "becker, tom wrote",
        "ORourke, D. wrote",
        "MartaK here",
        "Rose rose to lead",
    ],
)
def test_a_latin_name_goes_however_carelessly_it_is_written(text: str) -> None:
    assert anonymise(text, lang="en").text.startswith(("[Person A]", "ask [Person A]"))


@pytest.mark.parametrize(
    "text",
    [
        "一方、性能は良い。結果はマルです", "チームさん、スタッフさん、ベンダーさん",
        "土地は広い。平和が一番。中心は営業です",
        "React（開発）、Java（必須）", "勤務地：飯塚", "とてもです。まじめです", "Node.js and kafka, jenkins, django",
        "杉並区役所で更新", "お風呂のミズウミ商事ではない",
    ],
)  # fmt: skip
def test_everyday_words_in_such_places_stay(text: str) -> None:
    assert anonymise(text).text == text


@pytest.mark.parametrize(
    ("name", "kana", "short"),
    [
        ("古川 健", "フルカワ タケシ", "たけ"), ("榎本 翔", "エノモト ショウ", "エノ"),
        ("小池 薫", "コイケ カオル", "かをる"),
        ("杉 英明", "スギ ヒデアキ", "すぎ"),
    ],
)  # fmt: skip
def test_a_known_name_goes_shortened_and_in_old_kana(name: str, kana: str, short: str) -> None:
    assert anonymise(f"{short}さん", [Identity(name=name, kana=kana)]).text == "〔人物A〕さん"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Daniel O'Rourke", "dan"), ("Thomas Becker", "Tommy"), ("Robert Vance", "Bob"), ("Ye-jin Kwon", "Yejin"),
        ("Joana Ribeiro", "Jo"), ("Tessa Fields", "T.F."), ("吉岡 詩織", "しおりん"),
    ],
)  # fmt: skip
def test_a_known_name_goes_as_its_bearer_is_called(name: str, written: str) -> None:
    kana = "ヨシオカ シオリ" if name[0] > "z" else ""
    assert written not in anonymise(f"ok / {written} / 1", [Identity(name=name, kana=kana)]).text


@pytest.mark.parametrize(
    ("name", "text", "out"),
    [
        ("山田 太郎", "株式会社山田に勤める山田", "〔勤務先〕に勤める〔人物A〕"),
        ("山田 太郎", "山田商事と山田店長", "〔商社・卸〕と〔人物A〕店長"),
        ("山口 大和", "山口フィナンシャルの話", "山口フィナンシャルの話"),
        ("二階堂 つむぎ", "つむぎ糸メーカー", "つむぎ糸メーカー"),
        ("柳 大輔", "柳のような柔軟さ", "柳のような柔軟さ"),
        ("蛭田 公平", "公平な評価", "公平な評価"),
        ("May Grant", "May may start in May. Grant left", "〔人物A〕 may start in May. 〔人物A〕 left"),
        ("Sunny Day", "on a sunny day", "on a sunny day"),
    ],
)
def test_a_known_name_inside_a_firm_or_a_word_is_no_person(name: str, text: str, out: str) -> None:
    assert anonymise(text, [Identity(name=name)]).text == out
