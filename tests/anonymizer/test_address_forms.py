"""Addresses, codes and accounts in forms of their own, and what looks like one and is none."""

from typing import Literal

import pytest

from anonymizer.engine import anonymise

# The whole of each goes, whatever stands around it.
_GONE: tuple[tuple[str, Literal["ja", "en"]], ...] = (
    # Japanese: beside what a house stands, a house without its name, old numerals, quarters in kana, letters of lots.
    ("家賃は{久我山2の8の14、蕎麦屋の隣、202}が条件", "ja"),
    ("/41/{若葉台2の6の5 コーポ}/居酒屋みやこ/", "ja"),
    ("{本郷二丁目廿四番三号 二〇一号室}", "ja"),
    ("{たかだのばば4-11-9 #302}", "ja"),
    ("自宅:{ざいもくざ2-6-14}", "ja"),
    ('{フチュウシ ミト"リチョウ 3-14-2 ヒマワリソウ 12}', "ja"),
    ("旧宅は{富山県氷見市宇波 は の 32 番}", "ja"),
    ("{八代市泉町 参弐一番地のロ}", "ja"),
    ("{宮津市由良 さんいちはち ノ 九}", "ja"),
    # Two scripts in one.
    ("home: {別府市鉄輪 three-chome 5-の-8, 銭湯の向かい}", "ja"),
    ("{fujisawa kugenuma 3の11の二六 しおさい201}, {251 ノ 0037}", "ja"),
    ("addr: {2-chome, meiji dori zoi, the building with the red door, #301}", "en"),
    # Estates, stairs, crosses, the number behind, a scanner's letters, other alphabets.
    ("It is {Block B, stairwell 2, door 11, Quarry Hill Estate}. Ask for the key.", "en"),
    ("|{2/1 Dalgleish Brae}|", "en"),
    ("{The Old Bakery, opposite the green}", "en"),
    ("{no 44, 2nd cross, near water tank, indiranagar}", "en"),
    ("i live on {east cedar street number two seventeen} near the school", "en"),
    ("Addr: {l7 Hawthorne Cl0se, Apt 5}", "en"),
    ("Res: {Korte Molenstraat 14-bis, achterhuis, Utrecht}", "en"),
    ("home: {вул. Лісова 14, кв. 3, Суми}", "en"),
    ("{Lale Sok. No:24 D:3, Bornova/Muğla}", "en"),
    # Codes.
    ("Z I P  {6 0 6 1 4}", "en"),
    ("my post code: {B S 8 2 P N}", "en"),
    ("postcode {753 20}.", "en"),
    ("Amsterdam {10 17 KL}", "en"),
    ("post code {BN3-2tG}", "en"),
    ("Galway {H9l AX3P}", "en"),
    # Banks and branches.
    ("{あさひ アケボノダイ 普通 2233445}", "ja"),
    ("口座は「{こもれび信用組合}」です", "ja"),
    ("Pay at the {Orchard Lane} branch, account {four-four-one}", "en"),
    ("branch {八戸・南}, acc {0 0 8 - 4 4 1 2}", "ja"),
    ("sort {21 dash 08 dash 77}", "en"),
)
_KEPT = (
    "第3章2の4の1を参照。version 2の3の1 を使う。かいぎは2-3-4 101教室",
    "えりあ3-20-6 の機能。おおよそ2-3-1 200円。市場調査 に 15 番",
    "We have one main road number plate and the mail lane number two is slow",
    "Block A, flat fee 3, level 2 support. Building 3, entrance B, level 2 for the interview",
    "Meeting 9/4 Close of business. the new road number one priority",
    "Phase 2, 3rd stage, final interview; chapter no 3, 4th stage, above average, excellent",
    "table 4, 3rd cross check, done. Version 118 22 is out. Z I P file 1 2 3",
    "Paris 10 20 AM, London 9 30 PM, postcode lottery",
    '"Hawthorn Solutions", Mill Lane, Nr Otley',
    "git branch 検証, account page. The London branch account manager. sort by 21 dash 08 dash 77",
)


@pytest.mark.parametrize(("marked", "lang"), _GONE)
def test_the_whole_goes(marked: str, lang: Literal["ja", "en"]) -> None:
    text = marked.replace("{", "").replace("}", "")
    covered = {at for finding in anonymise(text, (), lang).findings for at in range(finding.start, finding.end)}
    for part in (piece.split("}")[0] for piece in marked.split("{")[1:]):
        start = text.index(part)
        left = [text[at] for at in range(start, start + len(part)) if at not in covered and text[at].isalnum()]
        assert not left, (part, left)


@pytest.mark.parametrize("text", _KEPT)
def test_what_looks_alike_stays(text: str) -> None:
    kinds = {finding.type for finding in anonymise(text, (), "ja").findings}
    assert not kinds & {"ADDRESS", "POSTAL_CODE", "BANK_ACCOUNT"}
