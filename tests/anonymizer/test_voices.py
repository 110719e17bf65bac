"""Names and personal facts in other people's voices: what the frame tells, whatever the words are."""

import pytest

from anonymizer.engine import anonymise
from anonymizer.model import Identity

_GONE = (
    # Two words before a mark of a person, in one script or two.
    ("鵜殿 咲良様\nお世話になっております。", ("鵜殿", "咲良")),
    ("石動 真由（いするぎ まゆ）", ("石動", "いするぎ", "まゆ")),
    ("よろしくお願いいたします。\n大豆生田 誠", ("大豆生田", "誠")),
    ("鹿島 Anna さん、一次面接 pass", ("鹿島", "Anna")),
    ("岸和田Tomくんのバンド", ("岸和田", "Tom")),
    ("Whitfield 海斗さん", ("Whitfield", "海斗")),
    # How a name is read, who takes over, who speaks for an office or answers for a note.
    ("我孫子と書いてあびこと読みます", ("我孫子", "あびこ")),
    ("小平の読みはこだいらです", ("小平", "こだいら")),
    ("面接官を岡部から国分に変更します", ("岡部", "国分")),
    ("人事の国東より連絡します", ("国東",)),
    ("以上、都城", ("都城",)),
    ("（文責 土佐）", ("土佐",)),
    ("彼のりっくんにも、ひなたちゃんにも伝えて", ("りっ", "ひなた")),
    # Keys, columns and talks.
    ('"yomi": "きなさ はるか", "full_name": "鬼無里 遥"', ("きなさ", "鬼無里")),
    ("候補者名,面接官,日時\n鷹巣 蓮,五戸,12/1\n妹背 葵,六戸,12/2", ("鷹巣", "五戸", "妹背", "六戸")),
    ("blandine: did it arrive\nzosia: yes\nblandine: great\nzosia: ok", ("blandine", "zosia")),
    ("小千谷 香  11:02 AM\n明日で\nGustav  11:03 AM\nyes\n小千谷 香  11:05 AM\nok", ("小千谷", "Gustav")),
    ("Genoveva→坂出: お世話になります", ("Genoveva", "坂出")),
    # Latin names that no list has.
    ("1. Radoslav Petkov, 39, Go\n2. Ximena Arrieta, 31, Rust", ("Petkov", "Ximena", "39", "31")),
    ("Quick update on Despina Kalogerou: she cannot travel", ("Despina", "Kalogerou")),
    ("cc Thaddeus, Ignatius", ("Thaddeus", "Ignatius")),
    ("It's Krzyzewski, K-R-Z-Y-Z", ("Krzyzewski",)),
    ("On Mon, 3 Nov, Ailbhe Ní Riain wrote:", ("Ailbhe", "Riain")),
    ("passport says OKONKWO/CHIDI EMMANUEL", ("OKONKWO", "EMMANUEL")),
    ("Thanks again\n\n- Perdita", ("Perdita",)),
    # A caption with any mark behind it, and its whole value.
    ("［家族構成］妻、長女（小2）、義父と同居", ("小2", "同居")),
    ("Marital status - divorced", ("divorced",)),
    ("Citizenship ..... Kenyan", ("Kenyan",)),
    ("健康状態：数年前に胃を手術、経過良好", ("手術", "経過")),
    ("国籍＝ウズベキスタン", ("ウズベキスタン",)),
    # Health by the part of the body, by what is done and by how the word ends.
    ("右耳が聞こえづらいので席を配慮", ("右耳", "聞こえ")),
    ("左足に麻痺が残る", ("左足", "麻痺")),
    ("乳アレルギーがある", ("アレルギー",)),
    ("抗がん剤治療中とのこと", ("治療中", "がん")),
    ("母が認知症で、橋本病もある", ("認知症", "橋本病")),
    ("リタリンを服用している", ("リタリン",)),
    ("after a knee replacement she uses crutches", ("knee", "crutches")),
    ("she's expecting in June", ("expecting",)),
    ("mentioned thalassemia and a shellfish allergy", ("thalassemia", "shellfish")),
    # Family, origin, gender, creed.
    ("前妻とは別居", ("前妻",)),
    ("シングルで二児を育てる", ("シングル", "二児")),
    ("recently widowed, empty nester", ("widowed", "nester")),
    ("her hubby and a five-year-old", ("hubby", "five-year-old")),
    ("奄美大島の出です", ("奄美",)),
    ("Lyon生まれMarseille育ち", ("Lyon", "Marseille")),
    ("she fled Aleppo in 2015", ("Aleppo",)),
    ("2015年に帰化しました", ("帰化", "2015")),
    ("33歳, 女性.", ("女性", "33")),
    ("as a woman in engineering", ("woman",)),
    ("a practising Quaker, GMB union rep", ("Quaker", "GMB")),
    # Firms, schools and accounts.
    ("今はさがみ電装株式会社で働いています", ("さがみ", "電装")),
    ("Mount Hakone Dairy株式会社に入社", ("Mount", "Hakone")),
    ("現在信州光学、来月末退職", ("信州",)),
    ("currently at Zephyrlane, 3 years", ("Zephyrlane",)),
    ("Adriatic Freight d.o.o. since 2019", ("Adriatic",)),
    ("出身は前橋工高です", ("前橋",)),
    ("graduated from UNSW in 2015", ("UNSW",)),
    ("insta mika.draws / ディスコ:yoru_neko77", ("mika", "yoru")),
    ("see rui.example.dev or wa.me/8190551188", ("rui.", "8190")),
    ("turned forty-one last week", ("forty",)),
)
_STAYS = (
    ("東京 本社で面接、新潟 長岡エリアも可", ("東京 本社", "新潟 長岡")),
    ("書類から面接に変更、営業から開発に異動", ("書類から面接", "営業から開発")),
    ("日時: 本日\n場所: 本社\n日時: 明日", ("日時", "場所", "本社")),
    ("1. System Design, 2 hours\n2. Code Review, 1 hour", ("System Design", "Code Review")),
    ("company,role\nA,Backend Engineer", ("Backend Engineer",)),
    ("現在転職活動中、書類選考→一次面接→最終面接", ("転職活動中", "書類選考", "一次面接")),
    ("システム障害の一次対応、感染症対策、健康診断", ("システム障害", "感染症対策", "健康診断")),
    ("精神科病棟での看護師経験、服薬指導", ("精神科病棟", "服薬指導")),
    ("親会社の経理、母国語は日本語", ("親会社", "母国語")),
    ("Languages: English, French. Mother tongue Japanese.", ("English", "French", "Japanese")),
    ("diagnosis of failures, expecting an offer in March", ("diagnosis", "offer in March")),
    ("Node.jsとNext.js、vue-router.js", ("Node.js", "Next.js", "vue-router.js")),
)
_KNOWN = (
    (Identity("Kateřina Dvořáčková"), "名字はDvořáčkováなので", ("Dvo",)),
    (Identity("Đặng Linh"), "ĐẶNG THỊ MỸ LINH in full", ("THỊ", "LINH")),
    (Identity("Linh Dang", "リン ダン"), "ダンティミーリンさん", ("ティミー",)),
    (Identity("源 太郎", "ミナモト タロウ"), "父は源 頼久です", ("源", "頼久")),
    (Identity("山田 太郎", "ヤマダ タロウ"), "山田太朗様の書類", ("太朗",)),
    (Identity("麻生 まゆ", "アソウ マユ"), "「まゆは仕事です」と", ("まゆ",)),
    (Identity("三浦 陸", "ミウラ リク"), "りっくんに伝えて", ("りっ",)),
    (Identity("Ezekiel Thorn"), "did zeke call?", ("zeke",)),
    (Identity("Catherine Brown"), "Katherine wrote", ("Katherine",)),
    (Identity("Yevgenia Kovalenko"), "Evgenia, Yevgeniya and Zhenya", ("genia", "Zhenya")),
)


@pytest.mark.parametrize(("text", "gone"), _GONE)
def test_what_is_personal_goes_in_any_voice(text: str, gone: tuple[str, ...]) -> None:
    stripped = anonymise(text).text
    assert [word for word in gone if word in stripped] == [], stripped


@pytest.mark.parametrize(("text", "stays"), _STAYS)
def test_what_looks_alike_stays(text: str, stays: tuple[str, ...]) -> None:
    stripped = anonymise(text).text
    assert [word for word in stays if word not in stripped] == [], stripped


@pytest.mark.parametrize(("identity", "text", "gone"), _KNOWN)
def test_a_known_person_goes_however_shortened_stretched_or_misspelled(
    identity: Identity, text: str, gone: tuple[str, ...]
) -> None:
    stripped = anonymise(text, [identity]).text
    assert [word for word in gone if word in stripped] == [], stripped


def test_names_beside_placeholders_keep_the_rest_readable() -> None:
    text = "Genevieve→雪下: お世話になります"
    once = anonymise(text)
    assert [(found.start, found.end) for found in once.findings] == [(0, 9), (10, 12)]
    assert anonymise(once.text).text == once.text
