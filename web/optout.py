"""No more such notes: one page, one button, at once. GET changes nothing, scanners follow links (RFC 8058 2)."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response as BaseResponse

from crm.invitation import opt_outs
from web.context import reading, runtime, writing

blueprint = Blueprint("optout", __name__)

Page = str | tuple[str, int] | BaseResponse


@blueprint.get("/u/<token>")
def ask(token: str) -> Page:
    with reading() as tx:
        found = opt_outs.page(tx, token)
    if found is None:
        # The same calm words for old and unknown links: nothing is to be learned here by guessing.
        return render_template("public/opted_out.html", unknown=True), 410
    return render_template("public/opt_out.html", found=found)


@blueprint.post("/u/<token>")
def stop(token: str) -> Page:
    with writing() as tx:
        known = opt_outs.stop(tx, token)
    return render_template("public/opted_out.html", unknown=not known), 200 if known else 410


@blueprint.post("/u/<token>/again")
def resume(token: str) -> Page:
    """The same link takes it back."""
    with writing() as tx:
        url = opt_outs.resume(tx, token)
    if url is None:
        return render_template("public/opted_out.html", unknown=True), 410
    return render_template("public/opted_in.html", path=url.removeprefix(runtime().settings.web.base_url))
