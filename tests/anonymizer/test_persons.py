"""Names: how they are found without a list of participants, and what looks like one and is none."""

import pytest

from anonymizer.engine import anonymise


def people(text: str) -> list[str]:
    """Return the surfaces taken for persons."""
    return [text[each.start : each.end] for each in anonymise(text).findings if each.type == "PERSON"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("山田太郎は先月退職した。", ["山田太郎"]),
        ("髙橋 健一郎様", ["髙橋 健一郎"]),
        ("担当の石川です。", ["石川"]),
        ("面接官：佐藤、鈴木", ["佐藤", "鈴木"]),
        ("岡本部長", ["岡本"]),
        ("山 田 太 郎", ["山 田 太 郎"]),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", ["ﾔﾏﾀﾞ ﾀﾛｳ"]),
        ("やまださんから電話", ["やまだ"]),
        ("グエン・ヴァン・アンさん", ["グエン・ヴァン・アン"]),
        ("・ロドリゲス・カルロス：可", ["ロドリゲス・カルロス"]),
        ("王さんと話した", ["王"]),
        ("氏名　東海林さくら", ["東海林さくら"]),
        ("氏名：一尺八寸 颯凪", ["一尺八寸 颯凪"]),
        ("林です。よろしく", ["林"]),
        ("東 凛", ["東 凛"]),
        ("担当三宅→野田に変更", ["三宅", "野田"]),
        ("佐藤、原、森の3名", ["佐藤", "原", "森"]),
        ("旧姓田村", ["田村"]),
        ("Emily Johnson said", ["Emily Johnson"]),
        ("Taro Yamadaさん", ["Taro Yamada"]),
        ("YAMADA Taro", ["YAMADA Taro"]),
        ("met kenji sato today", ["kenji sato"]),
        ("sato-san agreed", ["sato"]),
        ("Dear Priya,", ["Priya"]),
        ("Best regards,\nMichael O'Brien", ["Michael O'Brien"]),
        ("T. Yamamoto agreed", ["T. Yamamoto"]),
        ("María José García", ["María José García"]),
        ("Siti Nurhaliza binti Ahmad", ["Siti Nurhaliza binti Ahmad"]),
        ("my name is oluwaseun adebayo and", ["oluwaseun adebayo"]),
        ("Interviewed by Xochitl Quetzal, who", ["Xochitl Quetzal"]),
        ('From: "Haruka Fujimoto" <haruka@example.jp>', ["Haruka Fujimoto"]),
    ],
)
def test_names_go(text: str, names: list[str]) -> None:
    assert people(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "お客様と関係者の皆様、ご担当者様", "採用担当者様", "候補者さんの森林に関する知見", "営業部長と人事課長",
        "千葉県の工場と山口営業所",
        "東京、神田、品川で開催", "誠実で明朗な人柄", "プロダクトマネージャー",
        "スクラムマスターとエンジニアリングマネージャー",
        "データ・サイエンス", "Visual Studio Code and Google Cloud", "Senior Product Manager, Machine Learning",
        "Java, Ruby and Jenkins", "We will mark the date in May", "大和市場と日本大通り",
        "以上、よろしくお願いします。", "中村橋駅",
        "システム様式と仕様", "摂氏20度", "Hong Kong and New York", "他様々な業務",
    ],
)  # fmt: skip
def test_what_is_no_name_stays(text: str) -> None:
    assert people(text) == []


def test_a_name_found_once_is_found_everywhere_and_keeps_its_letter() -> None:
    text = "候補者：森 さくら（もり さくら）\n面接官：原\n森は快活。原曰く、森のJavaは十分。森林や原因の話ではない。"
    assert anonymise(text).text == (
        "候補者：〔人物A〕（〔人物A〕）\n面接官：〔人物B〕\n〔人物A〕は快活。〔人物B〕曰く、〔人物A〕のJavaは十分。森林や原因の話ではない。"
    )


def test_the_same_person_in_two_scripts_is_one_letter() -> None:
    assert anonymise("山田太郎さん / Taro Yamada / ヤマダ タロウ").text == "〔人物A〕さん / 〔人物A〕 / 〔人物A〕"


def test_more_people_than_letters_stay_apart() -> None:
    families = "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 松本 井上 木村 斎藤 清水 山崎 池田"
    more = "橋本 阿部 森田 石井 前田 藤田 小川 後藤"
    text = "、".join(f"{family}さん" for family in f"{families} {more}".split())
    letters = [each.replacement for each in anonymise(text).findings]
    assert len(set(letters)) == 28
    assert letters[26] == "〔人物AA〕"
