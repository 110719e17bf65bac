"""An agency's own keys, at its desk: it makes and revokes them itself, so that no key need pass through other hands."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import ConfigError
from crm.agency import agency_events, api_keys, webhooks
from crm.agency.api_keys import OF_AGENCIES, Scope
from crm.registry import companies
from web.agency_acts import Page
from web.agency_desk import seated, who
from web.console.agency_delivery import delivery_chip, event_words, scope_words
from web.context import reading, writing
from web.i18n import gettext
from web.problems import of_config

blueprint = Blueprint("agency_keys", __name__, url_prefix="/agency/keys")
blueprint.before_request(who)

EVENTS_LISTED = 10


@blueprint.get("/")
def index() -> Page:
    """Every key by its public beginning, and where the webhook leads."""
    with reading() as tx:
        agency = seated(tx)
        keys, hook = api_keys.listed(tx, agency_id=agency.id), webhooks.get(tx, agency.id)
        events = agency_events.latest(tx, agency.id, EVENTS_LISTED) if hook else []
        reaches = [*(one.reach for one in keys), hook.reach if hook else None]
        bound = {reach for reach in reaches if reach is not None}
        names = {company_id: companies.get(tx, company_id).name for company_id in bound}
    return render_template(
        "agency/keys.html",
        keys=keys,
        hook=hook,
        names=names,
        scopes=[one for one in Scope if one in OF_AGENCIES],
        scope_words=scope_words,
        events=events,
        event_words=event_words,
        delivery_chip=delivery_chip,
    )


@blueprint.post("/")
def add() -> Page:
    """A key beside the others, shown this once."""
    wanted = [one for one in OF_AGENCIES if one.value in request.form.getlist("scope")]
    try:
        with writing() as tx:
            agency = seated(tx)
            key = api_keys.make(tx, agency_id=agency.id, scopes=wanted, actor=f"agency:{agency.id}")
    except ConfigError as error:
        return _back(" ".join(one.text for one in of_config(error)), "stop")
    return render_template("agency/key.html", key=key)


@blueprint.post("/<prefix>/revoke")
def revoke(prefix: str) -> Page:
    """End one key at once."""
    with writing() as tx:
        agency = seated(tx)
        api_keys.revoke(tx, prefix, agency_id=agency.id, actor=f"agency:{agency.id}")
    return _back(gettext("APIキーを無効にしました。"))


def _back(words: str, style: str = "good") -> BaseResponse:
    flash(words, style)
    return redirect(url_for("agency_keys.index"), 303)
