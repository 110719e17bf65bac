"""/api/v1/company: a personal link for the template of a notice that an applicant tracking system sends itself."""

from flask import Blueprint, Response, abort

from crm.agency.api_keys import Scope
from crm.invitation import ats_links
from crm.invitation.ats_links import Held
from crm.invitation.invitations import NoOffer
from web import api_models
from web.api_access import bearer, body, shown
from web.api_problems import problem
from web.context import writing

blueprint = Blueprint("api_company", __name__, url_prefix="/api/v1")


@blueprint.post("/company/invitations")
def personal_link() -> Response:
    """One link for one notice. Asked again, it answers the same; so it needs no Idempotency-Key, and no copy of a
    link lies in the memory of answers."""
    wanted = body(api_models.LinkRequest)
    with writing() as tx:
        company_id = bearer(tx, Scope.INVITATIONS_WRITE).company_id
        if company_id is None:
            abort(problem("scope"))
        made = ats_links.personal_link(
            tx,
            company_id,
            recipient=wanted.recipient,
            application=wanted.application,
            rejected_at=wanted.rejected_at,
        )
    if isinstance(made, NoOffer):  # after the commit: what the system said of the application stays known
        return problem(made.reason)
    if isinstance(made, Held):
        return shown(api_models.PersonalLink(state="held", available_at=made.available_at))
    return shown(
        api_models.PersonalLink(
            state="issued",
            url=made.relay_url,
            opt_out_url=made.optout_url,
            expires_on=made.expires_on,
            agency=made.agency,
            licence_no=made.licence_no,
        )
    )
