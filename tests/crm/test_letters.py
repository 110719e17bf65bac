"""Our mails: every one renders in both languages, and a missing value is an error, never a blank."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import UndefinedError

from core.errors import ConfigError
from core.lang import Lang
from core.outbox import Kind
from core.runtime import Runtime
from crm import letters, wording
from crm.tables import CompanyRow
from tests.crm.world import mails, parties

AGENCIES = [
    {"name": "みほん人材紹介", "licence_no": "13-ユ-300001", "contact": True, "recalled": True},
    {"name": "Other", "licence_no": "27-ユ-300002", "contact": False, "recalled": False},
]
URL = "https://relay.example.jp/m/abc"
VALUES: dict[str, dict[str, Any]] = {
    "receipt": {"agencies": AGENCIES, "hand_over_at": "13:00", "undo_url": URL, "manage_url": URL},
    "confirm_code": {"code": "012345", "minutes": 10},
    "arrival_yes": {"relay_url": URL},
    "arrival_no": {},
    "arrivals_waiting": {"waiting": 2, "answer_by": "x", "console_url": URL},
    "identity_code": {"code": "012345", "until": "x", "page_url": URL},
    "change_code": {"code": "012345", "until": "x", "page_url": URL},
    "address_new": {"manage_url": URL},
    "address_old": {"contact_mail": "privacy@example.jp", "restore_url": URL, "days": 7},
    "address_back": {"manage_urls": [URL], "recalled": 1},
    "address_removed": {"contact_mail": "", "at": "x"},
    "talk_reminder": {"agency": "A", "days": 7, "manage_url": URL},
    "talk_unanswered": {"agency": "A", "pseudonym": "CR-0", "days": 7, "answer_url": URL},
    "talk_waiting": {"agency": "A", "days": 7},
    "profile_update": {
        "agency": "みほん人材紹介",
        "sheet": SimpleNamespace(
            pseudonym="CR-0000000000",
            lines=[("希望職種", "経理")],
            consent_id="0123456789abcdef",
            text_sha256="0" * 64,
            expires="2027年11月21日(日)",
            provider="株式会社サンプル工業",
        ),
        "answer_url": URL,
    },
    "contact_update": {
        "agency": "みほん人材紹介",
        "pseudonym": "CR-0000000000",
        "name": "見本 花子",
        "phone": "090-0000-0000",
        "mail": "hanako.mihon@example.com",
    },
    "profile": {
        "agency": "みほん人材紹介",
        "sheet": SimpleNamespace(
            pseudonym="CR-0000000000",
            lines=[("希望職種", "経理"), ("スキル", "簿記2級")],
            company_address="東京都見本区1-1",
            company_representative="",
            consent_id="0123456789abcdef",
            text_sha256="0" * 64,
            item_labels=["希望職種", "スキル"],
            expires="2027年11月21日(日)",
        ),
        "answer_url": URL,
    },
    "contact": {
        "agency": "みほん人材紹介",
        "pseudonym": "CR-0000000000",
        "name": "見本 花子",
        "phone": "",
        "mail": "hanako.mihon@example.com",
        "consent_id": "0123456789abcdef",
        "text_sha256": "0" * 64,
        "dispute_until": "2026年11月28日(土)",
        "answer_url": URL,
    },
    "talk_request": {"agency": "みほん人材紹介", "licence_no": "13-ユ-300001", "answer_by": "x", "manage_url": URL},
    "recall": {"agency": "A", "pseudonym": "CR-0000000000", "with_contact": True, "answer_url": URL},
    "recall_reminder": {"agency": "A", "pseudonym": "CR-0", "asked_on": "x", "answer_url": URL},
    "recall_overdue": {"agency": "A", "days": 14},
    "licence": {
        "agency": "みほん人材紹介",
        "licence_no": "13-ユ-300001",
        "expires_on": "x",
        "expired": False,
        "days": 7,
        "url": URL,
    },
    "ended": {"agencies": AGENCIES, "manage_url": URL},
    "webhook_failed": {"agency": "A", "stopped": False, "inbox_url": URL},
    "agency_access": {
        "agency": "A",
        "which": "cr0123abcd",
        "made_at": "x",
        "made": SimpleNamespace(what="key", by="console"),
        "contact_mail": "ops@example.jp",
        "inbox_url": URL,
    },
    "agency_ended": {
        "agency": "A",
        "which": ["cr0123abcd"],
        "ended_at": "x",
        "ended": SimpleNamespace(what="key", by="console"),
        "contact_mail": "",
        "inbox_url": URL,
    },
    "agency_sign_in": {"agency": "A", "minutes": 30, "sign_in_url": URL},
    "agency_digest": {
        "agency": "A",
        "day": "2026年11月21日(土)",
        "counts": SimpleNamespace(new=2, talk=1, contact=1, overdue=1, recalls=1),
        "corrected": 1,
        "days": 7,
        "link_days": 3,
        "sign_in_url": URL,
    },
    "silence_agency": {"agency": "A", "pseudonym": "CR-0", "shared_on": "x", "days": 7, "answer_url": URL},
    "silence_candidate": {"agency": "A", "shared_on": "x", "days": 7, "manage_url": URL},
    "silence_company": {"agency": "A", "days": 7},
    "daily_report": {
        "report": SimpleNamespace(
            bypass_all=False,
            total=SimpleNamespace(received=9, judged=4, ordinary=5, edited=2, reviewed=1, held=1, failed=0),
            waiting=0,
            held=0,
            hops=[],
            needs_a_look=True,
        ),
        "day": "2026年11月21日",
        "unchanged": 6,
        "reasons": [("対象外", 6)],
        "disk_free": "9.0 GiB",
        "disk_floor": "1.0 GiB",
        "rows": [],
    },
    "reported_wrong": {
        "mail_id": 812,
        "mail_url": URL,
        "left": True,
        "sent_on": "2026年11月21日(土)",
        "draft_subject": "お詫び",
        "draft_text": "文案",
    },
    "apology": {"sent_on": "2026年11月21日(土)"},
    "need_stated": {
        "agency": "みほん人材紹介",
        "number": "0123456789abcdef",
        "job": "法人営業",
        "place": "東京都",
        "pay": "4,000,000円〜",
        "wishes": "英語",
    },
    "introduction_agency": {"agency": "A", "number": "0123", "job": "経理", "what": "内定", "interview_on": "11月21日"},
    "introduction_company": {"agency": "A", "job": "経理", "what": "内定", "interview_on": "x", "console_url": URL},
    "statement": {
        "agency": "みほん人材紹介",
        "month": "2026年10月",
        "fingerprint": "0" * 64,
        **dict.fromkeys(("opening", "earned", "reversed", "adjusted", "moved_to_slots", "closing"), 1),
        **dict.fromkeys(("slots_free", "slots_reserved", "slots_used"), 1),
    },
    "slot_reminder": {"agency": "みほん人材紹介", "slots_free": 2, "days": 180, "console_url": URL},
    "hold_digest": {"held": 3, "release_at": "13:00", "console_url": URL},
}
NAMES = sorted({file.name.split(".")[0] for file in files("crm").joinpath("mails").iterdir()})


def test_every_mail_has_both_languages_and_a_test() -> None:
    assert set(VALUES) == set(NAMES)
    have = {file.name for file in files("crm").joinpath("mails").iterdir()}
    assert have == {f"{name}.{lang}.{part}" for name in NAMES for lang in ("ja", "en") for part in ("subject", "txt")}


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_mail_renders_and_every_value_is_needed(name: str, lang: Lang) -> None:
    values = {"company": "株式会社サンプル工業", **VALUES[name]}
    letter = letters.render(name, lang, values)
    assert letter.subject
    assert "\n" not in letter.subject
    assert not re.search(r"\{[{%]|[%}]\}|\n{4}|None|Undefined", letter.text)
    assert letter.text.endswith("\n")
    whole = letter.subject + letter.text
    for key, value in values.items():
        if isinstance(value, str) and value and key in _used(name, lang):
            assert value in whole
    for key in _used(name, lang):
        with pytest.raises(UndefinedError):
            letters.render(name, lang, {one: value for one, value in values.items() if one != key})


@pytest.mark.parametrize("name", NAMES)
def test_no_mail_promises_a_gift_or_claims_legal_anonymity(name: str) -> None:
    for lang in ("ja", "en"):
        whole = "".join(_source(name, lang, part) for part in ("subject", "txt"))
        assert not re.search(r"プレゼント|ギフト|お祝い金|匿名加工|gift|bonus|anonymous", whole, re.IGNORECASE)


def test_the_list_of_agencies_is_one_line_each() -> None:
    text = letters.render("receipt", "ja", {"company": "C", **VALUES["receipt"]}).text
    assert "\n・みほん人材紹介(許可番号 13-ユ-300001) 受付後に連絡先も提供\n・Other(許可番号 27-ユ-300002)\n" in text


def test_dates_are_written_as_people_write_them() -> None:
    late = datetime(2026, 11, 20, 15, 5, tzinfo=UTC)
    assert wording.moment(late, "ja") == "2026年11月21日(土) 0:05 (日本時間)"
    assert wording.moment(late, "en") == "21 November 2026 0:05 (Japan time)"


def test_a_mail_comes_from_the_company_and_is_written_once(runtime: Runtime) -> None:
    made = parties(runtime)
    for _ in range(2):
        with runtime.begin() as tx:
            company = tx.session.get_one(CompanyRow, made.company_id)
            letters.send_hold_digest(
                tx, company=company, key="digest:1", recipient="hr@example.jp", values=VALUES["hold_digest"]
            )
    [mail] = mails(runtime)
    assert mail.gate_ref == f"company:{made.company_id}:digest"
    assert b"relay@gateway.example.jp" in mail.raw
    assert b"Auto-Submitted: auto-generated" in mail.raw
    with runtime.begin() as tx:
        tx.session.get_one(CompanyRow, made.company_id).mail_from = "saiyo@example.jp"
        assert letters.sender_of(tx, tx.session.get_one(CompanyRow, made.company_id)) == "saiyo@example.jp"


def test_without_any_sender_the_operator_is_told(runtime: Runtime) -> None:
    made = parties(runtime)
    runtime = _without_sender(runtime)
    with pytest.raises(ConfigError, match="MAIL__FROM"), runtime.begin() as tx:
        letters.send(
            tx,
            name="silence_company",
            key="x",
            company=tx.session.get_one(CompanyRow, made.company_id),
            kind=Kind.OWN_COMPANY,
            recipient="hr@example.jp",
            lang="ja",
            gate_ref="company:1:silence",
            values=VALUES["silence_company"],
        )


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("hanako@example.com", "hanako@example.com"),
        ("dots..in.row.@example.com", '"dots..in.row."@example.com'),
        ('quo"te@example.com', '"quo\\"te"@example.com'),
        ("花子@example.com", "花子@example.com"),
    ],
)
def test_odd_addresses_are_quoted(address: str, written: str) -> None:
    assert letters.quoted(address) == written


def _source(name: str, lang: str, part: str) -> str:
    return files("crm").joinpath("mails", f"{name}.{lang}.{part}").read_text(encoding="utf-8")


def _used(name: str, lang: str) -> set[str]:
    """Names that stand in a mail outside its loops."""
    source = "".join(_source(name, lang, part) for part in ("subject", "txt"))
    return {key for key in ("company", *VALUES[name]) if re.search(rf"\{{[{{%][^}}]*\b{key}\b[^}}]*[%}}]\}}", source)}


def _without_sender(runtime: Runtime) -> Runtime:
    mail = runtime.settings.mail.model_copy(update={"from_": ""})
    return replace(runtime, settings=runtime.settings.model_copy(update={"mail": mail}))
