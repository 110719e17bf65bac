"""No more such notes: one page, one button, at once. GET changes nothing, scanners follow links (RFC 8058 2)."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response as BaseResponse

from crm.invitation import invitations
from web.context import reading, writing

blueprint = Blueprint("optout", __name__)


@blueprint.get("/u/<token>")
def ask(token: str) -> str | tuple[str, int] | BaseResponse:
    with reading() as tx:
        company = invitations.opt_out_page(tx, token)
    if company is None:
        # The same calm words for used, old and unknown links: nothing is to be learned here by guessing.
        return render_template("public/opted_out.html", unknown=True), 410
    return render_template("public/opt_out.html", company=company)


@blueprint.post("/u/<token>")
def stop(token: str) -> str | tuple[str, int] | BaseResponse:
    with writing() as tx:
        known = invitations.opt_out(tx, token)
    return render_template("public/opted_out.html", unknown=not known), 200 if known else 410
