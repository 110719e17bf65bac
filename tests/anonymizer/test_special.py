"""Forbidden text is deleted, not masked; what says nothing of a person stays (domain LAW8)."""

import pytest

from anonymizer.engine import anonymise


@pytest.mark.parametrize(
    ("text", "gone", "kind"),
    [
        ("うつ病で通院中です。", "うつ病で通院中", "HEALTH"),
        ("障害者手帳3級を所持。", "障害者手帳3級", "HEALTH"),
        ("She mentioned her depression.", "depression", "HEALTH"),
        ("血液型：A型。身長：170cm", "A型", "HEALTH"),
        ("父の年収は800万円です。", "800万円", "FAMILY"),
        ("結婚の予定：来年", "来年", "FAMILY"),
        ("緊急連絡先は山田さん（父）", "父", "FAMILY"),
        ("本籍地 大阪府", "大阪府", "ORIGIN"),
        ("実家は持ち家、部屋数は5。", "持ち家", "ORIGIN"),
        ("身元調査済み。", "身元調査", "ORIGIN"),
        ("人生観：誠実第一", "誠実第一", "BELIEF"),
        ("Supports the Liberal Party.", "Liberal", "BELIEF"),
        ("犯罪の被害に遭った。", "被害", "CRIMINAL_RECORD"),
        ("日米二重国籍です。", "日米", "NATIONALITY"),
        ("既婚、子供2人。", "既婚", "FAMILY"),
        ("親の介護のため退職。", "親の介護", "FAMILY"),
        ("married with three kids", "married", "FAMILY"),
        ("性別：女性", "女性", "GENDER"),
        ("国籍：ベトナム", "ベトナム", "NATIONALITY"),
        ("ナイジェリア国籍の方", "ナイジェリア国籍", "NATIONALITY"),
        ("本籍：大阪府", "大阪府", "ORIGIN"),
        ("父の職業は医師。", "父の職業は医師", "ORIGIN"),
        ("創価学会の会員。", "創価学会の会員", "BELIEF"),
        ("支持政党：共産党", "共産党", "BELIEF"),
        ("労働組合の役員をしていた。", "労働組合の役員", "BELIEF"),
        ("前科あり。", "前科あり", "CRIMINAL_RECORD"),
    ],
)
def test_forbidden_text_is_deleted_and_the_record_flagged(text: str, gone: str, kind: str) -> None:
    result = anonymise(text)
    assert gone not in result.text
    assert "〔削除〕" in result.text
    assert kind in result.forbidden


@pytest.mark.parametrize(
    "text",
    [
        "システム障害の復旧", "健康診断を毎年受診", "障害者雇用率は2.5%", "女性活躍推進に取り組む", "男女比は6:4",
        "外国籍社員が3割", "介護福祉士として勤務可",
        "障害対応の経験", "労働組合あり", "日本語能力試験N2", "技術・人文知識・国際業務", "永住者", "日本人の口調",
        "化学反応の知識", "union select in SQL",
    ],
)  # fmt: skip
def test_words_about_groups_and_skills_stay(text: str) -> None:
    result = anonymise(text)
    assert result.text == text
    assert result.forbidden == frozenset()


@pytest.mark.parametrize(
    "text",
    ["見積番号150-0041", "伝票番号 03-1234-5678", "Order no. 415-555-0132", "JIS 123-4567", "注文番号090-1234-5678"],
)
def test_a_protected_phrase_outweighs_a_weak_finding_inside_it(text: str) -> None:
    assert anonymise(text).text == text
