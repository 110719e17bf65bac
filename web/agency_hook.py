"""An agency's own webhook, at its desk beside its keys: it sets, tests and ends it, and hears of each by mail."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from connectors import outbound
from core.errors import ConfigError, NotFound, Temporary
from crm.agency import webhooks
from web.agency_acts import Page
from web.agency_desk import seated, who
from web.context import reading, runtime, writing
from web.i18n import gettext
from web.problems import of_config

blueprint = Blueprint("agency_hook", __name__, url_prefix="/agency/keys/webhook")
blueprint.before_request(who)


@blueprint.post("/")
def put() -> Page:
    """Set or change the address; the secret of a new webhook is shown this once."""
    url = request.form.get("url", "")
    try:
        webhooks.checked(url)  # its shape, before anybody is asked where its name leads
        outbound.allowed(runtime().settings, urlsplit(url.strip()))
        with writing() as tx:
            agency = seated(tx)
            secret = webhooks.put(tx, agency.id, url, actor=f"agency:{agency.id}")
    except ConfigError as error:
        return _back(" ".join(one.text for one in of_config(error)), "stop")
    except outbound.Refused:
        # One answer for all: a page must not tell what our own name server knows.
        return _back(gettext("公開されたサーバーの、httpsのURL(ポート443または8443)を入力してください。"), "stop")
    except Temporary:
        return _back(gettext("サーバーの名前を確かめられませんでした。少し待って、もう一度お試しください。"), "stop")
    if secret is None:
        return _back(gettext("Webhookの宛先を変更しました。"))
    return _secret(secret)


@blueprint.post("/rotate")
def rotate() -> Page:
    """A new secret beside the old one."""
    try:
        with writing() as tx:
            agency = seated(tx)
            secret = webhooks.rotate(tx, agency.id, actor=f"agency:{agency.id}")
    except ConfigError as error:
        return _back(" ".join(one.text for one in of_config(error)), "stop")
    return _secret(secret)


@blueprint.post("/test")
def test() -> Page:
    """An event that is about nobody."""
    try:
        with writing() as tx:
            agency = seated(tx)
            webhooks.send_test(tx, agency.id, actor=f"agency:{agency.id}")
    except NotFound:
        return _back(gettext("Webhookは止まっています。宛先を保存し直してください。"), "stop")
    return _back(gettext("テスト用の通知を送信しました。結果は下の一覧に表示されます。"))


@blueprint.post("/remove")
def remove() -> Page:
    """Take it away; what waits stays in the inbox."""
    with writing() as tx:
        agency = seated(tx)
        webhooks.remove(tx, agency.id, actor=f"agency:{agency.id}")
    return _back(gettext("Webhookを解除しました。"))


@blueprint.get("/")
@blueprint.get("/<any(rotate, test, remove):_step>")
def back(_step: str = "") -> Page:
    """A page that was the answer to a button, asked for again: its secret is not shown twice."""
    with reading() as tx:
        seated(tx)
    return redirect(url_for("agency_keys.index"), 303)


def _secret(secret: str) -> str:
    return render_template("agency/secret.html", secret=secret, days=webhooks.OVERLAP_DAYS)


def _back(words: str, style: str = "good") -> BaseResponse:
    flash(words, style)
    return redirect(url_for("agency_keys.index") + "#hook", 303)
