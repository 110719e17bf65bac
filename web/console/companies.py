"""Companies: whose mail is looked at, who in them sends selection results, and how far the gateway may go."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import ConfigError
from crm import figures
from crm.agency import agencies
from crm.registry import companies
from crm.registry.companies import CompanyView, NewCompany
from rules.model import Mode
from web.console.access import actor, in_scope, own_companies
from web.context import reading, writing
from web.i18n import gettext
from web.problems import Said, lines, of_config

blueprint = Blueprint("companies", __name__, url_prefix="/console/companies")

_LISTS = ("sender_domains", "recruiting_senders", "networks")
_OPTIONAL = ("next_hop", "mail_from", "contact_mail", "postal_address", "representative", "privacy_url")


@blueprint.get("/")
def index() -> str:
    """Every company of this person, with its mode and what is missing before it can work."""
    with reading() as tx:
        rows = [(company, agencies.licensed(tx, company.id)) for company in own_companies(tx)]
    return render_template("console/companies.html", rows=rows)


@blueprint.get("/<int:company_id>")
def one(company_id: int) -> str:
    with reading() as tx:
        company = _company(tx_company := companies.get(tx, company_id))
        counts = figures.of_company(tx, company_id)
        listed = agencies.all_agencies(tx, company_id)
    return render_template(
        "console/company.html",
        company=company,
        given=_as_form(tx_company),
        figures=counts,
        agencies=listed,
        problems=[],
    )


@blueprint.get("/new")
def new() -> str:
    return render_template("console/company_new.html", given=_empty(), problems=[])


@blueprint.post("/new")
def add() -> str | tuple[str, int] | BaseResponse:
    try:
        fields = _fields()
        with writing() as tx:
            company = companies.add(tx, NewCompany(**fields), actor=actor())  # type: ignore[arg-type]  # checked there
    except ConfigError as error:
        return render_template("console/company_new.html", given=_typed(), problems=of_config(error)), 422
    flash(gettext("%(name)sを追加しました。次は紹介会社を登録してください。", name=company.name), "good")
    return redirect(url_for("companies.one", company_id=company.id), 303)


@blueprint.post("/<int:company_id>")
def change(company_id: int) -> str | tuple[str, int] | BaseResponse:
    in_scope(company_id)
    try:
        fields = _fields()
        with writing() as tx:
            companies.change(tx, company_id, actor=actor(), **fields)
    except ConfigError as error:
        with reading() as tx:
            company = companies.get(tx, company_id)
            counts, listed = figures.of_company(tx, company_id), agencies.all_agencies(tx, company_id)
        page = render_template(
            "console/company.html",
            company=company,
            given=_typed(),
            figures=counts,
            agencies=listed,
            problems=of_config(error),
        )
        return page, 422
    flash(gettext("変更を保存しました。1秒以内に反映されます。"), "good")
    return redirect(url_for("companies.one", company_id=company_id), 303)


@blueprint.post("/<int:company_id>/bypass")
def bypass(company_id: int) -> BaseResponse:
    """Relay this company's mail with no look inside, or look again."""
    in_scope(company_id)
    on = request.form.get("on") == "1"
    with writing() as tx:
        companies.set_bypass(tx, company_id, on, actor=actor())
    flash(
        gettext("素通しにしました。メールは中を見ずに中継します。") if on else gettext("素通しを終了しました。"), "good"
    )
    return redirect(url_for("companies.one", company_id=company_id), 303)


def _company(company: CompanyView) -> CompanyView:
    in_scope(company.id)
    return company


def _fields() -> dict[str, object]:
    form = request.form
    fields: dict[str, object] = {name: lines(form.get(name, "")) for name in _LISTS}
    fields |= {name: form.get(name, "").strip() or None for name in _OPTIONAL}
    fields["name"] = form.get("name", "").strip()
    fields["locale"] = form.get("locale", "ja")
    try:
        fields["mode"] = Mode(form.get("mode", Mode.OBSERVE))
        fields["hold_minutes"] = int(form.get("hold_minutes", "60"))
    except ValueError:
        raise Said("hold_minutes", gettext("保留時間は分単位の数字で入力してください。")) from None
    return fields


def _as_form(company: CompanyView) -> dict[str, object]:
    given: dict[str, object] = {name: "\n".join(getattr(company, name)) for name in _LISTS}
    given |= {name: getattr(company, name) or "" for name in _OPTIONAL}
    return given | {
        "name": company.name,
        "mode": company.mode.value,
        "hold_minutes": company.hold_minutes,
        "locale": company.locale,
    }


def _empty() -> dict[str, object]:
    blank: dict[str, object] = dict.fromkeys((*_LISTS, *_OPTIONAL, "name"), "")
    return blank | {"mode": Mode.OBSERVE.value, "hold_minutes": 60, "locale": "ja"}


def _typed() -> dict[str, object]:
    return _empty() | dict(request.form.items())
