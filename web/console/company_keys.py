"""API keys of a company, for its applicant tracking system: made with scopes, shown once, listed, revoked."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import ConfigError
from crm.agency import api_keys
from crm.agency.api_keys import KEYS_MAX, OF_COMPANIES, Scope
from crm.registry import companies
from web.console.access import actor, in_scope
from web.console.agency_delivery import scope_words
from web.context import reading, writing
from web.i18n import gettext

blueprint = Blueprint("company_keys", __name__, url_prefix="/console/companies")


@blueprint.get("/<int:company_id>/keys")
def index(company_id: int) -> str:
    """Every key there is or was, and the form for a new one."""
    in_scope(company_id)
    with reading() as tx:
        company = companies.get(tx, company_id)
        keys = api_keys.listed(tx, company_id=company_id)
    return render_template(
        "console/company_keys.html",
        company=company,
        keys=keys,
        scopes=[(one.value, scope_words(one), _more(one)) for one in Scope if one in OF_COMPANIES],
        scope_words=scope_words,
        keys_max=KEYS_MAX,
    )


@blueprint.post("/<int:company_id>/keys")
def add(company_id: int) -> str | BaseResponse:
    """A new key beside the others; it is shown on this answer and never again."""
    in_scope(company_id)
    known = {one.value for one in Scope}
    wanted = [Scope(word) for word in request.form.getlist("scope") if word in known]
    try:
        with writing() as tx:
            company = companies.get(tx, company_id)
            key = api_keys.make(tx, company_id=company_id, scopes=wanted, actor=actor())
    except ConfigError:
        flash(gettext("キーでできることを1つ以上選んでください。キーは20個までです。"), "stop")
        return redirect(url_for("company_keys.index", company_id=company_id), 303)
    return render_template("console/company_key.html", company=company, key=key)


@blueprint.post("/<int:company_id>/keys/<prefix>/revoke")
def revoke(company_id: int, prefix: str) -> BaseResponse:
    """End one key at once."""
    in_scope(company_id)
    with writing() as tx:
        api_keys.revoke(tx, prefix, company_id=company_id, actor=actor())
    flash(gettext("APIキーを無効にしました。"), "good")
    return redirect(url_for("company_keys.index", company_id=company_id), 303)


def _more(scope: Scope) -> str:
    """What a scope means for the company, and what it does not open."""
    return {
        Scope.INVITATIONS_WRITE: gettext(
            "採用管理システムが自分で送る不採用通知に添える、候補者ごとのリンクを発行できます。"
            "候補者の登録内容や、登録したかどうかを読むことはできません。"
        ),
    }[scope]
