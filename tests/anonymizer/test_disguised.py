"""Known people in disguise and unknown ones by where they stand: found; what only looks alike stays."""

import pytest

from anonymizer.engine import anonymise
from anonymizer.model import Identity

NUMAJIRI = Identity(name="沼尻 結衣", kana="ぬまじり ゆい", romaji="Yui Numajiri")
SAITO = Identity(name="斎藤 陽平", kana="さいとう ようへい", romaji="Yohei Saito")
EBUCHI = Identity(name="江渕 琢也", kana="えぶち たくや", romaji="Takuya Ebuchi")


@pytest.mark.parametrize(
    ("identity", "text", "out"),
    [
        (NUMAJIRI, "沼尻っちから電話", "〔人物A〕から電話"),
        (NUMAJIRI, "結衣ぴょんは最高", "〔人物A〕は最高"),
        (NUMAJIRI, "昨日からゆいぴいま休み", "昨日から〔人物A〕いま休み"),
        (NUMAJIRI, "社内ではゆーちゃんです", "社内では〔人物A〕です"),
        (NUMAJIRI, "N尻の件", "〔人物A〕の件"),
        (NUMAJIRI, "つづりは N u m a j i r i です", "つづりは 〔人物A〕 です"),
        (SAITO, "よーへいくんです", "〔人物A〕くんです"),
        (SAITO, "サイトーさん", "〔人物A〕さん"),
        (EBUCHI, '名義 エフ"チ タクヤ', "名義 〔人物A〕"),
        (Identity(name="Min-seo Park"), "本人は ミンソ と書く", "本人は 〔人物A〕 と書く"),
        (Identity(name="Eleni Papadopoulos"), "PAPADOPOULOU ELENI", "[Person A]"),
        (Identity(name="Niamh O’Connell-Byrne"), "Ask about O’CONNELL today", "Ask about [Person A] today"),
        (Identity(name="Eleanor Whitcombe"), "same as Nell from the fair", "same as [Person A] from the fair"),
    ],
)
def test_a_known_name_goes_in_disguise(identity: Identity, text: str, out: str) -> None:
    assert anonymise(text, [identity], "en" if text.isascii() or "Ask" in text else "ja").text == out


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        (SAITO, "サイトの更新はもう平気"),
        (Identity(name="河内 翔子", kana="こうち しょうこ"), "コーチ経験あり"),
        (Identity(name="Mark Field"), "they m a r k e t it"),
        (NUMAJIRI, "A尻とB席、目尻の件"),
        (Identity(name="Marina Petrova"), "マリーナの近く"),
    ],
)
def test_what_looks_like_a_known_name_stays(identity: Identity, text: str) -> None:
    assert anonymise(text, [identity], "en" if text.isascii() else "ja").text == text


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("Let's proceed with Adeyemi.", "Let's proceed with [Person A]."),
        ("how did Brannigan do in the panel?", "how did [Person A] do in the panel?"),
        ("| Interviewer Jens Falkner | 3pm", "| Interviewer [Person A] | 3pm"),
        ("moved Hope Tembo from Applied to Onsite", "moved [Person A] from Applied to Onsite"),
        ("旧姓の「貝沼」名でも登録あり", "旧姓の「〔人物A〕」名でも登録あり"),
        ("社員証も紗英名で発行", "社員証も〔人物A〕名で発行"),
        ("・堤/女/22/", "・〔人物A〕/〔削除〕/〔20代前半〕/"),
        ("受付はまりりんが担当", "受付は〔人物A〕が担当"),
        ("gf = Oksana, moving", "gf = [Person A], moving"),
        ("M a r g a r e t again", "[Person A] again"),
        ("N A M E  R U T H  B A X T E R  again", "N A M E  [Person A]  again"),
    ],
)
def test_an_unknown_name_goes_by_its_place(text: str, out: str) -> None:
    assert anonymise(text, (), "en" if text.isascii() else "ja").text == out


@pytest.mark.parametrize(
    "text",
    [
        "Proceed with caution.", "proceed with Kubernetes.", "How is Python doing?", "| Candidate Experience Survey |",
        "きりんの絵、みりんを足す、すっぽんと、ぴったり", "partner: Salesforce, AWS",
        "会社名で登録", "部署名で登録してください", "英語名で登録", "P A R T  O N E", "S K I L L S  J A V A",
        "Manager Self Service | HR",
    ],
)  # fmt: skip
def test_what_stands_so_and_is_no_name_stays(text: str) -> None:
    assert anonymise(text, (), "en" if text.isascii() else "ja").text == text
