"""`careerrelay purposes`: what personal data is used for, and the paragraph for a privacy policy."""

from dataclasses import asdict

import click

from careerrelay.front import ID, Front, emit, json_option, pass_front
from crm.consents import purposes as registered


@click.command()
@click.option("--company", "company_id", type=ID, metavar="ID", help="Print the paragraph for its privacy policy.")
@click.option("--lang", type=click.Choice(["ja", "en"]), default="ja", show_default=True)
@json_option
@pass_front
def purposes(front: Front, company_id: int | None, lang: str, as_json: bool) -> None:
    """The register of purposes; with --company the paragraph for that company's privacy policy."""
    language = registered.LANGS[lang]
    if company_id is not None:
        with front.runtime() as runtime, runtime.read() as tx:
            text = registered.paragraph(tx, company_id, language)
        emit(as_json, {"company_id": company_id, "lang": lang, "paragraph": text}, text.rstrip())
        return
    lines = []
    for one in registered.register():
        words = one.words[language]
        lines += [f"{one.code}: {words.name}", f"  {words.data}", f"  -> {words.recipient}", f"  {words.until}",
                  f"  {words.basis}"]  # fmt: skip
    emit(as_json, [asdict(one) for one in registered.register()], *lines)
