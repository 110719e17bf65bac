"""What the pages about introductions say: states, steps, what was done, what is wrong with a form."""

from datetime import date, datetime

from flask import Flask

from crm import wording
from crm.errors import FormRefused
from crm.slots.introduction_states import Act, State
from crm.slots.introductions import IntroductionView
from web.i18n import gettext, lang
from web.problems import Problem
from web.show import Chip

_FIELDS = {"pay_from_yen": "pay_from", "pay_to_yen": "pay_to"}


def introduction_chip(state: State) -> Chip:
    """Where an introduction stands."""
    return {
        State.REQUESTED: Chip(gettext("紹介待ち"), "wait"),
        State.PROPOSED: Chip(gettext("お返事待ち"), "brand"),
        State.ACCEPTED: Chip(gettext("面談日の調整"), "info"),
        State.SCHEDULED: Chip(gettext("面談予定"), "info"),
        State.HELD: Chip(gettext("面談済み"), "good"),
        State.OFFERED: Chip(gettext("内定"), "good"),
        State.HIRED: Chip(gettext("採用"), "good"),
        State.RETAINED: Chip(gettext("定着を確認"), "good"),
        State.DECLINED_BY_CANDIDATE: Chip(gettext("候補者が辞退"), "calm"),
        State.DECLINED_BY_COMPANY: Chip(gettext("見送り"), "calm"),
        State.NO_SHOW: Chip(gettext("面談が不成立"), "calm"),
        State.CLOSED: Chip(gettext("終了"), "calm"),
    }[state]


def steps(one: IntroductionView) -> list[tuple[str, datetime | None]]:
    """The way in words, with the moment of each step that was taken."""
    return [
        (gettext("依頼(枠を確保)"), one.opened_at),
        (gettext("候補者の紹介"), one.proposed_at),
        (gettext("面談を希望"), one.accepted_at),
        (gettext("面談(枠を使用)"), one.held_at),
        (gettext("内定"), one.offered_at),
        (gettext("採用"), one.hired_at),
        (gettext("定着"), one.retained_at),
    ]


def done(act: Act) -> str:
    """What a step of the company did."""
    return {
        Act.ACCEPT: gettext("面談を希望すると伝えました。お名前と連絡先をご覧いただけます。"),
        Act.SCHEDULE: gettext("面談の日時を登録しました。"),
        Act.HELD: gettext("面談の実施を記録しました。"),
        Act.NO_SHOW: gettext("面談の不成立を記録し、枠を戻しました。"),
        Act.DECLINE_BY_CANDIDATE: gettext("辞退を記録し、枠を戻しました。"),
        Act.DECLINE_BY_COMPANY: gettext("見送りを伝え、枠を戻しました。"),
        Act.OFFER: gettext("内定を記録しました。"),
        Act.HIRE: gettext("採用と、発生しなかった手数料を記録しました。"),
        Act.RETAIN: gettext("定着を記録しました。"),
        Act.CLOSE: gettext("終了しました。"),
    }[act]


def refused(code: str) -> str:
    """Why a step was not taken."""
    if code == "too_early":
        return gettext("面談の日時より前に、結果を記録することはできません。")
    if code == "interview_over":
        return gettext("面談の日時を過ぎています。実施済み、または面談の不成立として記録してください。")
    if code == "in_the_past":
        return gettext("これからの日時を指定してください。過ぎた面談は、企業側で記録できます。")
    return gettext("すでに状態が変わっているため、この操作はできません。")


def problems(error: FormRefused) -> list[Problem]:
    """What is wrong with a need, field by field."""
    return [Problem(_FIELDS.get(one.field, one.field), _words(one.field, one.code)) for one in error.problems]


def _words(field: str, code: str) -> str:
    if code == "order":
        return gettext("年収の上限は、下限以上にしてください。")
    if code == "out_of_range":
        return gettext("年収は万円単位の数字で入力してください。")
    if (field, code) == ("job", "required"):
        return gettext("職種を入力してください。")
    return gettext("長すぎるか、使えない文字があります。")


def yen(amount: int | None) -> str:
    """4,500,000円, JPY 4,500,000; nothing for nothing."""
    return "" if amount is None else gettext("%(n)s円", n=f"{amount:,}")


def month_words(name: str) -> str:
    """2026年10月, October 2026, from 2026-10."""
    return wording.month(date.fromisoformat(f"{name}-01"), lang())


def install(app: Flask) -> None:
    app.jinja_env.globals["introduction_chip"] = introduction_chip
    app.jinja_env.filters.update(yen=yen, month=month_words)
