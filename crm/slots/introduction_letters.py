"""The mail that tells the other side of an introduction what happened: which need and what, never who."""

from core.lang import Lang, lang_of
from core.outbox import Kind
from core.runtime import Tx
from crm import letters, wording
from crm.slots.introduction_states import Side, State
from crm.tables import AgencyRow, CompanyRow, IntroductionRow

STATES: dict[State, dict[Lang, str]] = {
    State.REQUESTED: {"ja": "紹介を依頼", "en": "asked for"},
    State.PROPOSED: {"ja": "候補者のご紹介", "en": "a person is introduced"},
    State.ACCEPTED: {"ja": "面談のご希望", "en": "the company would like to meet"},
    State.SCHEDULED: {"ja": "面談日時の決定", "en": "the interview has a date"},
    State.HELD: {"ja": "面談の実施", "en": "the interview was held"},
    State.OFFERED: {"ja": "内定", "en": "an offer was made"},
    State.HIRED: {"ja": "採用決定", "en": "hired"},
    State.RETAINED: {"ja": "定着の確認", "en": "still there"},
    State.DECLINED_BY_CANDIDATE: {"ja": "候補者のご辞退", "en": "the candidate declined"},
    State.DECLINED_BY_COMPANY: {"ja": "お見送り", "en": "the company declined"},
    State.NO_SHOW: {"ja": "面談の不成立", "en": "the interview did not take place"},
    State.CLOSED: {"ja": "終了", "en": "closed"},
}
_OPEN = {"ja": "相談", "en": "open"}


def to_agency(tx: Tx, row: IntroductionRow) -> bool:
    """Tell the agency: a need in full when it is new, else what the company did."""
    company, agency = _parties(tx, row)
    lang = lang_of(agency.locale)
    new = row.state == State.REQUESTED
    values: dict[str, object] = {"agency": agency.name, "number": row.id, "job": row.job}
    if new:
        values |= {"place": row.place or _OPEN[lang], "pay": pay(row, lang), "wishes": row.wishes or _OPEN[lang]}
    else:
        values |= _what(row, lang)
    return letters.send(
        tx,
        name="need_stated" if new else "introduction_agency",
        key=_key(row, "agency"),
        company=company,
        kind=Kind.AGENCY,
        recipient=agency.mail,
        lang=lang,
        gate_ref=f"introduction:{row.id}:agency",
        values=values,
    )


def to_company(tx: Tx, row: IntroductionRow) -> bool:
    """Tell the company what the agency did; False when the company named no address."""
    company, agency = _parties(tx, row)
    if not company.contact_mail:
        return False
    lang = lang_of(company.locale)
    url = f"{tx.settings.web.base_url}/console/introductions/{row.id}"
    return letters.send(
        tx,
        name="introduction_company",
        key=_key(row, "company"),
        company=company,
        kind=Kind.OWN_COMPANY,
        recipient=company.contact_mail,
        lang=lang,
        gate_ref=f"introduction:{row.id}:company",
        values={"agency": agency.name, "job": row.job, "console_url": url, **_what(row, lang)},
    )


def pay(row: IntroductionRow, lang: Lang) -> str:
    """A yearly pay as people write it: 4,000,000円〜5,000,000円, or "open"."""
    unit = "円" if lang == "ja" else " yen"
    dash = "〜" if lang == "ja" else " to "
    low, high = ("" if one is None else f"{one:,}{unit}" for one in (row.pay_from_yen, row.pay_to_yen))
    return f"{low}{dash}{high}".strip() if low or high else _OPEN[lang]


def _what(row: IntroductionRow, lang: Lang) -> dict[str, object]:
    scheduled = row.state == State.SCHEDULED and row.interview_at is not None
    return {
        "what": STATES[State(row.state)][lang],
        "interview_on": wording.moment(row.interview_at, lang) if scheduled and row.interview_at else "",
    }


def _key(row: IntroductionRow, side: Side) -> str:
    return f"introduction:{row.id}:{row.state}:{row.moved_at.isoformat()}:{side}"


def _parties(tx: Tx, row: IntroductionRow) -> tuple[CompanyRow, AgencyRow]:
    return tx.session.get_one(CompanyRow, row.company_id), tx.session.get_one(AgencyRow, row.agency_id)
