"""A consent's words by their hash: what an agency's payload or a provision record names can be read by anybody."""

import re

from flask import Blueprint, render_template
from werkzeug.wrappers import Response as BaseResponse

from core.errors import NotFound
from crm.consents import consent_texts
from web.context import reading

blueprint = Blueprint("consent_texts", __name__)

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@blueprint.get("/consent/<text_sha256>")
def one(text_sha256: str) -> str | BaseResponse:
    """The words as they were shown. They name company and agency, and nobody else."""
    known = _SHA256.match(text_sha256) is not None
    with reading() as tx:
        text = consent_texts.by_hash(tx, text_sha256) if known else None
    if text is None:
        raise NotFound("no consent names this text")
    return render_template("public/consent_text.html", text=text, text_sha256=text_sha256)
