"""What is told of a person without its usual mark: names in kana and small letters, firms by owners, facts in words."""

import pytest

from anonymizer.engine import anonymise


def _readable(text: str, wanted: str) -> bool:
    start = text.index(wanted)
    covered = {at for each in anonymise(text).findings for at in range(each.start, each.end)}
    return any(at not in covered and text[at].isalnum() for at in range(start, start + len(wanted)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("折り返しはそのさかきばら みどりあてで。", "さかきばら みどり"),
        ("名義はクサカベテッペイです。", "クサカベテッペイ"),
        ("もしもしくろかわたくみと申します。", "くろかわたくみ"),
        ("石動(いするぎ)さんが来ます。", "いするぎ"),
        ("下の名前はさとる。", "さとる"),
        ("今いるみくちんこと安孫子さん。", "みくちん"),
        ("りく「おはよう」\n担当「はい」", "りく"),
        ("職種は看護助手のまま。\nはやみ", "はやみ"),
        ("お世話になっております門田です書類を送ります", "門田"),
        ("候補者: 王 麗華様(Wang Lihua、英語可)", "Wang Lihua"),
        ("I spoke w deb today about it.", "deb"),
        ("talked to zed (obuya), all good", "obuya"),
        ("raj p, the guy from sales", "raj p"),
        ("surname K-O-Z-L-O-V on the badge", "K-O-Z-L-O-V"),
        ("re: M E I - H U A  T A N", "M E I - H U A  T A N"),
        ("届出人 草 野 真理", "草 野 真理"),
        ("フルネームはnguyễn thị hoa。", "nguyễn thị hoa"),
        ("TANAKAIchiro_resume.pdf", "TANAKAIchiro"),
        ("sunita_rao sent it", "sunita_rao"),
        ("Dev Malhotra  9:41 AM\nhello there\nDev Malhotra  9:43 AM\nbye", "Dev Malhotra"),
    ],
)
def test_a_name_is_found_by_what_stands_beside_it(text: str, name: str) -> None:
    assert not _readable(text, name)


@pytest.mark.parametrize(
    ("text", "firm"),
    [
        ("current_employer: Norris, Blake and Hodgson", "Norris, Blake and Hodgson"),
        ("Interned at Ortega and Sons last summer.", "Ortega and Sons"),
        ("before that Ramos-Fitzgerald (4 years)", "Ramos-Fitzgerald"),
        ("May 2012 - June 2014: Gould", "Gould"),
        ("she left harbour dental because of pay", "harbour dental"),
        ("moved from orbit cargo sp. z o.o. last year", "orbit cargo sp. z o.o."),
        ("前職(ルビー興業)の退職理由", "ルビー興業"),
    ],
)
def test_a_firm_called_after_its_owners_or_told_in_a_career_goes(text: str, firm: str) -> None:
    assert not _readable(text, firm)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("今ごじゅういちになります。", "ごじゅういち"),
        ("まだ還暦前だそう", "還暦前"),
        ("50ish and fit", "50ish"),
        ("佐野 三十八 おんな 事務", "おんな"),
        ("体は男性、心は女性とのこと。", "心は女性"),
        ("タイから来て三年。", "タイ"),
        ("she's half thai half german", "half thai half german"),
        ("ねぱーるの人です", "ねぱーる"),
        ("生まれは高知の宿毛で、今は東京。", "高知の宿毛"),
        ("離婚協議中です", "離婚協議中"),
        ("中学生の息子が2人", "息子が2人"),
        ("上の子が小二、下の子が五つ。", "上の子が小二"),
        ("She is expecting in june, so soon.", "expecting in june"),
        ("Said he is engaged and cannot travel.", "engaged"),
        ("膝に爆弾を抱えて。", "膝に爆弾"),
        ("聴覚障害（左耳）で休む", "聴覚障害（左耳）"),
        ("甲状腺を切っていて声が出ない", "甲状腺を切って"),
        ("because her anxiety got worse", "her anxiety got worse"),
        ("翠陵大の院を出て。", "翠陵大"),
        ("went to lakeside university", "lakeside university"),
    ],
)
def test_a_fact_told_in_everyday_words_goes(text: str, fact: str) -> None:
    assert not _readable(text, fact)


def test_the_cells_of_a_table_go_by_their_header() -> None:
    text = "No\t氏名\t性別\t年齢\t現職\n1\t藍沢 美月\t女\t27\t湖西ケア\n"
    assert not any(_readable(text, cell) for cell in ("女", "27", "湖西ケア"))


@pytest.mark.parametrize("cell", [":---:", "[school] (2001)"])
def test_a_ruler_and_what_was_taken_out_before_stay_under_a_header(cell: str) -> None:
    assert f"|{cell}|" in anonymise(f"|name|school|\n|:--|{cell}|\n|Jo Marlow|St Cuthbert|").text


def test_a_comma_in_a_cell_moves_no_other_cell_under_a_header() -> None:
    text = "氏名,住所,年齢,現職,職種\n山田 花子,別館,2階,31,湖西ケア,人事労務担当\n"
    once = anonymise(text).text
    assert "人事労務担当" in once
    assert anonymise(once).text == once


@pytest.mark.parametrize(
    "text",
    [
        "We use Java, Ruby and Python; sales in Asia-Pacific and a White-Paper.",
        "told everyone, talked to marketing, left early, joined the call late, is at least fluent",
        "Research, Design and Development; Kent, Surrey and Sussex",
        "にじゅうまるの研修。じゅうじつした毎日。過去最高の売上高。国際大会に出た。",
        "心の余裕を持って、データを取っています。タイからの輸入品。カナダの方針。",
        "first_name, data_model, half the team, polish the text",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert not anonymise(text).findings
