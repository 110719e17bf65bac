"""Placement agencies: their licence, their address, their key. Without a valid licence no link goes out."""

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.clock import day_in_japan
from core.errors import ConfigError
from core.lang import lang_of
from crm.agency import agencies, api_keys
from crm.agency.agencies import AgencyView, NewAgency
from web.console.access import actor, chosen_company_id, own_companies, scope
from web.console.agency_delivery import own
from web.context import reading, runtime, writing
from web.i18n import gettext
from web.problems import Problem, Said, of_config

blueprint = Blueprint("agencies", __name__, url_prefix="/console/agencies")

LICENCE_WARNING_DAYS = 60
_BLANK = {
    "company_id": "",
    "name": "",
    "licence_no": "",
    "licence_expires_on": "",
    "mail": "",
    "postal_address": "",
    "representative": "",
    "locale": "ja",
    "with_api_key": "",
}


def expires_soon(agency: AgencyView, today: date) -> bool:
    """The licence still holds, and somebody should look at its renewal."""
    return agency.licence_valid and agency.licence_expires_on <= today + timedelta(days=LICENCE_WARNING_DAYS)


@blueprint.get("/")
def index() -> str:
    with reading() as tx:
        rows = agencies.all_agencies(tx, scope())
        known, mine = own_companies(tx), agencies.only_of(tx, scope())
    today = day_in_japan(runtime().clock.now())
    soon = {agency.id for agency in rows if expires_soon(agency, today)}
    return render_template("console/agencies.html", rows=rows, soon=soon, companies=known, mine=mine)


@blueprint.get("/new")
def new() -> str:
    return _form({"company_id": request.args.get("company", "")}, [])


@blueprint.post("/new")
def add() -> str | tuple[str, int] | BaseResponse:
    form = request.form
    try:
        wanted = NewAgency(
            name=form.get("name", "").strip(),
            licence_no=form.get("licence_no", "").strip(),
            licence_expires_on=_date(form.get("licence_expires_on", "")),
            mail=form.get("mail", "").strip(),
            postal_address=form.get("postal_address", "").strip() or None,
            representative=form.get("representative", "").strip() or None,
            locale=lang_of(form.get("locale")),
            with_api_key=form.get("with_api_key") == "1",
        )
        with writing() as tx:
            company_id = chosen_company_id(tx, form.get("company_id", ""))
            added = agencies.add(tx, company_id, wanted, actor=actor())
    except ConfigError as error:
        return _form(dict(form.items()), of_config(error)), 422
    if added.api_key:
        return render_template("console/agency_key.html", agency=added.agency, key=added.api_key)
    flash(gettext("%(name)sを登録しました。", name=added.agency.name), "good")
    return redirect(url_for("agencies.index"), 303)


@blueprint.post("/<int:agency_id>/renew")
def renew(agency_id: int) -> BaseResponse:
    """The licence was renewed: links go out again at once."""
    try:
        with writing() as tx:
            agency = agencies.renew(
                tx, own(tx, agency_id), _date(request.form.get("licence_expires_on", "")), actor=actor()
            )
        flash(gettext("%(name)sの許可有効期限を更新しました。", name=agency.name), "good")
    except ConfigError as error:
        flash(" ".join(one.text for one in of_config(error)), "stop")
    return redirect(url_for("agencies.index"), 303)


@blueprint.post("/<int:agency_id>/key")
def new_key(agency_id: int) -> str | BaseResponse:
    """A new API key; the old one ends in the same moment."""
    try:
        with writing() as tx:
            key = api_keys.replace_all(tx, own(tx, agency_id), actor=actor())
            agency = agencies.get(tx, agency_id)
    except ConfigError as error:
        flash(" ".join(one.text for one in of_config(error)), "stop")
        return redirect(url_for("agencies.index"), 303)
    return render_template("console/agency_key.html", agency=agency, key=key)


def _form(given: dict[str, str], problems: list[Problem]) -> str:
    with reading() as tx:
        choices = [(company.id, company.name) for company in own_companies(tx)]
    whole = _BLANK | given
    return render_template("console/agency_new.html", given=whole, choices=choices, problems=problems)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Said("licence_expires_on", gettext("許可の有効期限を日付で入力してください。")) from None
