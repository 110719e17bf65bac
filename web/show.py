"""What templates may ask: addresses of our own files, words and colours of states. Colour never stands alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources

from flask import Flask, request, url_for

from anonymizer.model import FORBIDDEN
from anonymizer.model import Kind as Found
from crm.candidate.invitation_page import InvitationPage
from crm.consents.consent_texts import CONSENT_DAYS, Box, Purpose
from crm.referral.referral_states import Answer, ReferralView, State
from ledger.reservations import SlotState
from ledger.slots import Kind
from rules.model import Mode, Verdict
from web.context import runtime
from web.error_words import error_words
from web.form_words import field_label
from web.i18n import gettext, show_date


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with a style of ``app.css``: good, wait, stop, info, brand or calm."""

    word: str
    style: str


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256(resources.files("web").joinpath("static", name).read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """The address of a file of ours; its fingerprint makes a new version a new address."""
    return url_for("static", filename=name, v=_fingerprint(name))


def verdict_chip(verdict: Verdict | None) -> Chip:
    """What was decided about a mail."""
    if verdict is None:
        return Chip(gettext("判定なし"), "calm")
    return {
        Verdict.INJECT: Chip(gettext("不採用通知"), "brand"),
        Verdict.REVIEW: Chip(gettext("要確認"), "wait"),
        Verdict.PASS: Chip(gettext("その他"), "calm"),
    }[verdict]


def mode_chip(mode: str) -> Chip:
    """How far the gateway goes for a company."""
    return {
        Mode.OBSERVE: Chip(gettext("見守り"), "info"),
        Mode.CONFIRM: Chip(gettext("確認"), "wait"),
        Mode.AUTO: Chip(gettext("自動"), "good"),
    }[Mode(mode)]


def mode_words(mode: str) -> str:
    return {
        Mode.OBSERVE: gettext("メールは一切変えません。変えるとしたらどうなるかだけを記録します。"),
        Mode.CONFIRM: gettext(
            "確かな不採用通知を一定時間だけ保留し、承認されたものにだけ案内を入れます。時間が来れば、そのまま送ります。"
        ),
        Mode.AUTO: gettext("確かな不採用通知に、すぐに案内を入れて送ります。"),
    }[Mode(mode)]


def referral_chip(referral: ReferralView) -> Chip:
    """Where a referral stands, for the agency and for the candidate it belongs to."""
    if referral.withdrawn_at is not None:
        return Chip(gettext("撤回されました"), "stop")
    if referral.contact_released_at is not None and referral.state not in (State.DISQUALIFIED, State.REVERSED):
        return Chip(gettext("連絡先を提供済み"), "good")
    return {
        State.PENDING: Chip(gettext("提供前"), "calm"),
        State.SHARED: Chip(gettext("回答待ち"), "wait"),
        State.ACKNOWLEDGED: Chip(gettext("受け付け済み"), "good"),
        State.COUNTED: Chip(gettext("受け付け済み"), "good"),
        State.REVERSED: Chip(gettext("終了"), "calm"),
        State.DISQUALIFIED: Chip(gettext("終了"), "calm"),
    }[referral.state]


def answer_words(answer: Answer) -> str:
    """What an agency said about a profile."""
    return {
        Answer.ACCEPTED: gettext("「受け付ける」とご回答いただきました。"),
        Answer.DUPLICATE: gettext("「登録済みの方(重複)」とご回答いただきました。"),
        Answer.INELIGIBLE: gettext("「対象外」とご回答いただきました。"),
    }[answer]


def box_words(box: Box, page: InvitationPage) -> str:
    """The short line beside a box; the full text under it is what counts."""
    name = next((agency.name for agency in page.agencies if agency.id == box.agency_id), "")
    until = show_date(runtime().clock.now() + timedelta(days=CONSENT_DAYS))
    return {
        Purpose.PROFILE: gettext("%(name)sに、氏名を伏せたプロフィールを渡す", name=name),
        Purpose.CONTACT: gettext("%(name)sに、受け付け後に連絡先を渡す", name=name),
        Purpose.POOL: gettext("%(company)sの人材プールに残る(%(date)sまで)", company=page.company, date=until),
        Purpose.JOB_MAILS: gettext("%(company)sから、募集のお知らせをメールで受け取る", company=page.company),
        Purpose.TELL_COMPANY: gettext("登録したことを、採用担当者に伝える"),
        Purpose.OUTCOME: gettext("紹介後のおおまかな経過を、%(company)sに知らせる", company=page.company),
    }[box.purpose]


def consent_words(purpose: str) -> str:
    """What a consent is for, in few words."""
    return {
        Purpose.PROFILE: gettext("氏名を伏せたプロフィールを渡す"),
        Purpose.CONTACT: gettext("連絡先を渡す"),
        Purpose.POOL: gettext("会社の人材プールに残る"),
        Purpose.JOB_MAILS: gettext("会社から募集のお知らせを受け取る"),
        Purpose.TELL_COMPANY: gettext("登録したことを会社に伝える"),
        Purpose.OUTCOME: gettext("紹介後の経過を会社に知らせる"),
    }[Purpose(purpose)]


def removed_words(kind: str) -> str:
    """What was taken out of a text, in the words of the person it is about."""
    return {
        Found.PERSON: gettext("氏名"),
        Found.PHONE: gettext("電話番号"),
        Found.EMAIL: gettext("メールアドレス"),
        Found.POSTAL_CODE: gettext("郵便番号"),
        Found.ADDRESS: gettext("住所"),
        Found.BIRTH_DATE: gettext("生年月日"),
        Found.AGE: gettext("年齢"),
        Found.URL: gettext("ウェブのアドレス"),
        Found.HANDLE: gettext("アカウント名"),
        Found.EMPLOYER: gettext("勤務先名"),
        Found.SCHOOL: gettext("学校名"),
    }.get(Found(kind), gettext("公正な選考のため渡さない内容") if kind in FORBIDDEN else gettext("番号"))


def labelled(items: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Fields of a profile under their labels; free text is shown apart, until it is confirmed."""
    return [(field_label(name), value) for name, value in items if name != "summary"]


def provision_words(step: str) -> str:
    """What was given, by the step of its record: "profile", "contact", with a number behind it for a correction."""
    kind, _, again = step.partition(".")
    if kind == "contact":
        return gettext("訂正した連絡先") if again else gettext("連絡先")
    return gettext("訂正したプロフィール") if again else gettext("氏名を伏せたプロフィール")


def answer_for_candidate(answer: Answer) -> str:
    """What an agency said, to the candidate it is about."""
    return {
        Answer.ACCEPTED: gettext("紹介会社が受け付けた"),
        Answer.DUPLICATE: gettext("紹介会社に、以前から登録がありました"),
        Answer.INELIGIBLE: gettext("紹介会社からは、今回はご案内できないとの返事でした"),
    }[answer]


def slot_chip(state: SlotState) -> Chip:
    return {
        SlotState.RESERVED: Chip(gettext("確保中"), "wait"),
        SlotState.REDEEMED: Chip(gettext("使用済み"), "good"),
        SlotState.RELEASED: Chip(gettext("戻した枠"), "calm"),
    }[state]


def entry_words(kind: Kind) -> str:
    """What an entry of the book does."""
    return {
        Kind.EARN: gettext("獲得"),
        Kind.RESERVE: gettext("枠の確保"),
        Kind.REDEEM: gettext("枠の使用"),
        Kind.RELEASE: gettext("枠の返却"),
        Kind.REVERSE: gettext("取り消し"),
        Kind.ADJUST: gettext("調整"),
    }[kind]


def install(app: Flask) -> None:
    @app.context_processor
    def link() -> dict[str, str]:
        """The token in the address of the page, for the forms that stand on it."""
        return {"token": str((request.view_args or {}).get("token", ""))}

    app.jinja_env.filters.update(removed_words=removed_words, item_label=field_label)
    app.jinja_env.globals.update(
        asset=asset,
        verdict_chip=verdict_chip,
        mode_chip=mode_chip,
        mode_words=mode_words,
        error_words=error_words,
        base_url=lambda: runtime().settings.web.base_url,
        undo_minutes=lambda: runtime().settings.consent.undo_minutes,
        referral_chip=referral_chip,
        answer_words=answer_words,
        box_words=box_words,
        slot_chip=slot_chip,
        consent_words=consent_words,
        labelled=labelled,
        provision_words=provision_words,
        answer_for_candidate=answer_for_candidate,
        entry_words=entry_words,
        item_label=field_label,
    )
