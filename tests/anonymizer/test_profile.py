"""What an agency gets holds no identifier, whatever a candidate wrote into the fields."""

import json
import random
from datetime import date

import pytest

from anonymizer.engine import anonymise
from anonymizer.model import QUASI, Identity
from anonymizer.profile import (
    AgencyProfile,
    CandidateFields,
    ProfileRefused,
    build,
    experience_band,
    salary_band,
)  # fmt: skip
from tests.anonymizer.records import pool

EXPIRES = date(2026, 12, 31)


def made(**fields: object) -> AgencyProfile:
    """Build a profile from some fields."""
    return build(CandidateFields(**fields), "p-7f3a", "c-19", EXPIRES)  # type: ignore[arg-type]


def test_the_json_is_a_json_resume_with_our_block() -> None:
    profile = made(
        wanted_job="バックエンドエンジニア", prefecture="東京都", years=4, skills=("Java 11", "TOEIC 850"),
        education_level="大学卒業", employment_type="正社員",
        salary_yen=5_400_000, available_from="3か月以内", languages=(("日本語", "母語"),),
    )  # fmt: skip
    assert profile.to_json() == {
        "basics": {"label": "バックエンドエンジニア", "location": {"region": "東京都", "countryCode": "JP"}},
        "education": [{"studyType": "大学卒業"}],
        "skills": [{"name": "Java 11"}, {"name": "TOEIC 850"}],
        "languages": [{"language": "日本語", "fluency": "母語"}],
        "meta": {
            "version": "v1.0.0",
            "careerrelay": {
                "schema_version": "1.0", "provider": "CareerRelay Gateway", "pseudonym": "p-7f3a", "consent_id": "c-19",
                "expires_on": "2026-12-31", "lang": "ja", "experience": "3〜5年", "employment_type": "正社員",
                "salary": "500〜600万円",
                "available_from": "3か月以内",
            },
        },
    }  # fmt: skip


def test_free_fields_are_cleaned() -> None:
    profile = made(
        wanted_job="株式会社サンプルの営業（山田太郎 090-1234-5678）",
        prefecture="東京都渋谷区神南1-2-3",
        skills=("Java", "山田太郎", "taro@example.com", "うつ病で通院中", "Java", "普通自動車免許"),
        languages=(("英語", "ビジネス"), ("佐藤花子", "母語")),
        summary="既婚。山田と申します。Python歴5年。",
    )
    assert profile.wanted_job == "〔勤務先〕の営業（〔人物A〕 〔電話番号〕）"
    assert profile.prefecture == "東京都"
    assert profile.skills == ("Java", "普通自動車免許")
    assert profile.languages == (("英語", "ビジネス"),)
    assert profile.summary == "。〔人物A〕と申します。Python歴5年。"


def test_figures_that_nothing_explains_are_no_skill() -> None:
    bare = ("0332205883", "Excel S490701", "19910408", "Excel 1971.10.9", "81-4992-2-1918", "簿記2級 〒969-4172")
    kept = ("ISO27001", "Windows Server 2012-2019", "月間100000件の受注処理", "IntelliJ 2023.1.2", "TOEIC 850")
    assert made(skills=(*bare, *kept)).skills == kept
    assert made(wanted_job="法人営業/0742019757").wanted_job == "法人営業/〔番号〕"


def test_a_my_number_is_refused() -> None:
    with pytest.raises(ProfileRefused) as caught:
        made(skills=("マイナンバー 123456789018",))
    assert "1234" not in caught.value.message


def test_what_is_no_prefecture_is_dropped() -> None:
    assert made(prefecture="ここ").prefecture == ""
    assert build(CandidateFields(prefecture="大阪府"), "p", "c", EXPIRES, lang="en").prefecture == "Osaka"


def test_a_known_name_goes_from_every_field() -> None:
    known = [Identity(name="凪 颯")]
    assert (
        build(CandidateFields(wanted_job="凪の店長"), "p", "c", EXPIRES, identities=known).wanted_job
        == "〔人物A〕の店長"
    )


@pytest.mark.parametrize(
    ("years", "band"),
    [
        (None, ""),
        (0, "1年未満"),
        (1, "1〜2年"),
        (3, "3〜5年"),
        (5, "3〜5年"),
        (6, "6〜9年"),
        (19, "15〜19年"),
        (20, "20年以上"),
    ],
)
def test_years_become_a_band(years: int | None, band: str) -> None:
    assert experience_band(years, "ja") == band


@pytest.mark.parametrize(
    ("yen", "band"),
    [(None, ""), (0, ""), (4_999_999, "400〜500万円"), (5_000_000, "500〜600万円"), (15_000_000, "1500万円以上")],
)
def test_pay_becomes_a_band(yen: int | None, band: str) -> None:
    assert salary_band(yen, "ja") == band


def test_generated_candidates_leak_nothing() -> None:
    """Fields filled by people who write names and numbers everywhere; what was planted is searched for."""
    rng = random.Random(3)
    for _ in range(60):
        family, kana, _ = rng.choice(pool("families")).split()
        given, given_kana, _ = rng.choice(pool("givens")).split()
        known = Identity(name=f"{family} {given}", kana=f"{kana} {given_kana}")
        planted = [
            rng.choice(pool("T")),
            rng.choice(pool("M")),
            rng.choice(pool("A")),
            rng.choice(pool("B")),
            f"{family}{given}",
        ]
        rng.shuffle(planted)
        profile = build(
            CandidateFields(
                wanted_job=f"営業職 {planted[0]}", prefecture=planted[1], skills=("Excel", *planted),
                education_level="大学卒業", available_from=planted[2], summary=f"{family}です。{'、'.join(planted)}",
            ),
            "p", "c", EXPIRES, identities=[known],
        )  # fmt: skip
        text = json.dumps(profile.to_json(), ensure_ascii=False)
        assert [item for item in (*planted, f"{family}です") if item in text] == []
        left = anonymise(profile.summary + profile.wanted_job, [known]).findings
        assert [each for each in left if each.type not in QUASI] == []
        assert profile.skills == ("Excel",)
