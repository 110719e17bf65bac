"""One agency's connection: how it hears of profiles, its webhook with every event, its keys, and stopping it all.

Who has a key or sets the webhook acts as the agency: only administrators of the whole installation may (`access`).
Admins of its one company see what there is, and may end it.
"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import ConfigError, NotFound
from core.runtime import Tx
from crm.agency import agencies, agency_events, api_keys, webhooks
from crm.agency.agency_events import Delivery, EventType
from crm.agency.api_keys import OF_AGENCIES, Scope
from crm.delivery import desk, heard
from web.console.access import actor, own_companies, scope
from web.context import reading, writing
from web.i18n import gettext
from web.problems import of_config
from web.show import Chip

blueprint = Blueprint("agency_delivery", __name__, url_prefix="/console/agencies")

EVENTS_LISTED = 50
Page = str | BaseResponse


@blueprint.get("/<int:agency_id>")
def one(agency_id: int) -> Page:
    """Everything about the connection on one page."""
    with reading() as tx:
        agency = agencies.get(tx, own(tx, agency_id))
        hook = webhooks.get(tx, agency_id)
        events = agency_events.latest(tx, agency_id, EVENTS_LISTED)
        keys = api_keys.listed(tx, agency_id=agency_id)
        only = {one.id: one.name for one in own_companies(tx)}
        last, counts = heard.last_heard(tx, agency_id), desk.counts(tx, agency_id)
    return render_template(
        "console/agency.html",
        agency=agency,
        hook=hook,
        events=events,
        keys=keys,
        only=only,
        last=last,
        counts=counts,
        scopes=[(one.value, scope_words(one)) for one in Scope if one in OF_AGENCIES],
        scope_words=scope_words,
        delivery_chip=delivery_chip,
        event_words=event_words,
    )


@blueprint.post("/<int:agency_id>/mails")
def mails(agency_id: int) -> Page:
    """How the agency hears of profiles."""
    return _try(
        agency_id,
        lambda tx: agencies.set_mails(tx, agency_id, request.form.get("mails", ""), actor=actor()),
        gettext("受け取り方を変更しました。"),
    )


@blueprint.post("/<int:agency_id>/suspend")
def suspend(agency_id: int) -> Page:
    """Stop everything with an agency, or take it up again."""
    on = request.form.get("on") == "1"
    words = (
        gettext("この紹介会社とのやり取りを止めました。") if on else gettext("この紹介会社とのやり取りを再開しました。")
    )
    return _try(agency_id, lambda tx: agencies.suspend(tx, agency_id, on=on, actor=actor()), words)


@blueprint.post("/<int:agency_id>/webhook")
def webhook(agency_id: int) -> Page:
    """Set or change the address; a new webhook's secret is shown once."""
    try:
        with writing() as tx:
            url = request.form.get("url", "")
            secret = webhooks.put(tx, own(tx, agency_id), url, actor=actor())
    except ConfigError as error:
        return _back(agency_id, " ".join(one.text for one in of_config(error)), "stop")
    if secret is not None:
        return _secret(agency_id, secret)
    return _back(agency_id, gettext("Webhookの宛先を変更しました。"))


@blueprint.post("/<int:agency_id>/webhook/rotate")
def rotate(agency_id: int) -> Page:
    """A new secret beside the old one."""
    try:
        with writing() as tx:
            secret = webhooks.rotate(tx, own(tx, agency_id), actor=actor())
    except ConfigError as error:
        return _back(agency_id, " ".join(one.text for one in of_config(error)), "stop")
    return _secret(agency_id, secret)


@blueprint.post("/<int:agency_id>/webhook/test")
def test(agency_id: int) -> Page:
    """An event that is about nobody."""
    words = gettext("テスト用の通知を送信しました。結果は下の一覧に表示されます。")
    return _try(agency_id, lambda tx: webhooks.send_test(tx, agency_id, actor=actor()), words)


@blueprint.post("/<int:agency_id>/webhook/remove")
def remove(agency_id: int) -> Page:
    """Take the webhook away."""
    return _try(agency_id, lambda tx: webhooks.remove(tx, agency_id, actor=actor()), gettext("Webhookを解除しました。"))


@blueprint.post("/<int:agency_id>/webhook/resend/<event_id>")
def resend(agency_id: int, event_id: str) -> Page:
    """Send one event again."""
    words = gettext("もう一度送信します。結果は下の一覧に表示されます。")
    return _try(agency_id, lambda tx: webhooks.resend(tx, agency_id, event_id, actor=actor()), words)


@blueprint.post("/<int:agency_id>/keys")
def add_key(agency_id: int) -> Page:
    """A key beside the others, with the scopes that were ticked."""
    known = {one.value for one in Scope}
    wanted = [Scope(word) for word in request.form.getlist("scope") if word in known]
    try:
        with writing() as tx:
            key = api_keys.make(tx, agency_id=own(tx, agency_id), scopes=wanted, actor=actor())
            agency = agencies.get(tx, agency_id)
    except ConfigError as error:
        return _back(agency_id, " ".join(one.text for one in of_config(error)), "stop")
    return render_template("console/agency_key.html", agency=agency, key=key)


@blueprint.post("/<int:agency_id>/keys/<prefix>/revoke")
def revoke_key(agency_id: int, prefix: str) -> Page:
    """End one key at once."""
    words = gettext("APIキーを無効にしました。")
    return _try(agency_id, lambda tx: api_keys.revoke(tx, prefix, agency_id=agency_id, actor=actor()), words)


def own(tx: Tx, agency_id: int) -> int:
    """The id, for people who may set something for that agency.

    Raises:
        NotFound: it works for none of their companies, or for others too: a key or a webhook opens what all of them
            gave it.
    """
    if agency_id not in agencies.only_of(tx, scope()):
        raise NotFound("no such agency for this person")
    return agency_id


def scope_words(one: Scope) -> str:
    """What a scope opens."""
    return {
        Scope.REFERRALS_READ: gettext("プロフィールと通知を読む"),
        Scope.REFERRALS_WRITE: gettext("回答する、面談を希望する、経過を報告する"),
        Scope.CONTACTS_READ: gettext("提供された連絡先を読む"),
        Scope.INTRODUCTIONS_WRITE: gettext("紹介の依頼に応じる"),
        Scope.INVITATIONS_WRITE: gettext("案内のリンクを発行する"),
    }[one]


def event_words(kind: EventType) -> str:
    """What an agency was told; the code beside it is what its server reads."""
    return {
        EventType.SHARED: gettext("プロフィールを提供"),
        EventType.CORRECTED: gettext("プロフィールを訂正"),
        EventType.CONTACT: gettext("連絡先を提供"),
        EventType.DECLINED: gettext("候補者が面談を辞退"),
        EventType.RECALLED: gettext("削除のお願い"),
        EventType.NEED_STATED: gettext("紹介の依頼"),
        EventType.PROPOSED: gettext("候補者の紹介"),
        EventType.ACCEPTED: gettext("会社が面談を希望"),
        EventType.SCHEDULED: gettext("面談日時の決定"),
        EventType.HELD: gettext("面談の実施"),
        EventType.NO_SHOW: gettext("面談の不成立"),
        EventType.TURNED_DOWN: gettext("紹介のお断り"),
        EventType.OFFERED: gettext("内定"),
        EventType.HIRED: gettext("採用の決定"),
        EventType.RETAINED: gettext("定着の確認"),
        EventType.CLOSED: gettext("依頼の終了"),
        EventType.TEST: gettext("テスト用の通知"),
    }[kind]


def delivery_chip(delivery: Delivery) -> Chip:
    """How far an event has come."""
    return {
        Delivery.NONE: Chip(gettext("API・メールのみ"), "calm"),
        Delivery.WAITING: Chip(gettext("送信待ち"), "wait"),
        Delivery.DELIVERED: Chip(gettext("送信済み"), "good"),
        Delivery.FAILED: Chip(gettext("届かず"), "stop"),
        Delivery.CANCELLED: Chip(gettext("取りやめ"), "calm"),
    }[delivery]


def _secret(agency_id: int, secret: str) -> str:
    with reading() as tx:
        agency = agencies.get(tx, agency_id)
    return render_template("console/agency_secret.html", agency=agency, secret=secret, days=webhooks.OVERLAP_DAYS)


def _try(agency_id: int, act: Callable[[Tx], object], words: str) -> BaseResponse:
    try:
        with writing() as tx:
            own(tx, agency_id)
            act(tx)
    except ConfigError as error:
        return _back(agency_id, " ".join(one.text for one in of_config(error)), "stop")
    return _back(agency_id, words)


def _back(agency_id: int, words: str, style: str = "good") -> BaseResponse:
    flash(words, style)
    return redirect(url_for("agency_delivery.one", agency_id=agency_id), 303)
