"""The register of purposes, and the paragraph that a company puts into its privacy policy."""

from flask import Blueprint, render_template

from crm.consents import purposes
from web.console.access import own_companies
from web.context import reading
from web.i18n import lang

blueprint = Blueprint("purposes", __name__, url_prefix="/console/purposes")


@blueprint.get("/")
def index() -> str:
    """Each purpose with its data, recipients, end and ground, in the language of the page."""
    language = purposes.LANGS[lang()]
    with reading() as tx:
        paragraphs = [
            (company.name, [(code, purposes.paragraph(tx, company.id, each)) for code, each in purposes.LANGS.items()])
            for company in own_companies(tx)
        ]
    rows = [(one, one.words[language]) for one in purposes.register()]
    return render_template("console/purposes.html", rows=rows, paragraphs=paragraphs)
