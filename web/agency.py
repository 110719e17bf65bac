"""The agency's page behind the link in one mail, for agencies without developers: look, answer, ask to talk.

GET shows the de-identified profile and writes nothing; every answer is a POST. The acts are those of the inbox
(`web.agency_desk`); here the token stands for the sign-in, and opens this one referral only.
"""

from flask import Blueprint, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.runtime import Tx
from crm.agency import agencies
from crm.delivery import referrals
from crm.errors import LinkGone
from crm.referral.referral_states import ReferralView
from web import agency_acts, i18n
from web.agency_acts import Page
from web.context import reading, writing

blueprint = Blueprint("agency", __name__, url_prefix="/agency")


@blueprint.get("/l/<token>")
def show(token: str) -> Page:
    """The profile, and what the agency can do with it now."""
    with reading() as tx:
        referral = _referral(tx, token)
        agency = agencies.get(tx, referral.agency_id)
        may_report = referrals.may_report(tx, referral)
    i18n.prefer(agency.locale)
    return render_template(
        "agency/referral.html",
        referral=referral,
        agency=agency,
        urls=agency_acts.Urls("agency", token=token),
        may_report=may_report,
    )


@blueprint.get("/l/<token>/profile.<kind>")
def download(token: str, kind: str) -> BaseResponse:
    """The profile as pdf, csv or json, while it may leave."""
    with reading() as tx:
        return agency_acts.file(_referral(tx, token), kind)


@blueprint.post("/l/<token>/<act>")
def act(token: str, act: str) -> Page:
    """One act of `agency_acts.ACTS`."""
    return agency_acts.done(
        lambda tx: agency_acts.act(tx, _referral(tx, token), act), url_for("agency.show", token=token)
    )


@blueprint.post("/l/<token>/contact")
def contact(token: str) -> Page:
    """The contact data, once the candidate released them; each look is audited."""
    with writing() as tx:
        referral = _referral(tx, token)
        found = referrals.contact(tx, referral.agency_id, referral.id)
    back = url_for("agency.show", token=token)
    return render_template("agency/contact.html", referral=referral, contact=found, back=back, agency=None)


def _referral(tx: Tx, token: str) -> ReferralView:
    found = referrals.by_link(tx, token)
    if found is None:
        raise LinkGone
    return found
