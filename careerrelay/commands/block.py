"""`careerrelay block`: a company's own texts of the block that goes into its rejection mails."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front, table
from careerrelay.text_files import read_text
from core.errors import ConfigError
from core.lang import lang_of

if TYPE_CHECKING:
    from gateway.letter.blocks import BlockTemplate
    from gateway.ruling.block_texts import TextLine

FILE_BYTES_MAX = 65_536

_company = click.option("--company", "company_id", type=ID, required=True, metavar="ID")
_file = click.argument("file", type=click.Path(path_type=Path), metavar="FILE.toml")


@click.group()
def block() -> None:
    """Texts of the block in rejection mails."""


@block.command()
@_file
@json_option
def check(file: Path, as_json: bool) -> None:
    """Check a text: form, length, sentences, and that every charset of Japanese mail can carry it."""
    from gateway.letter import blocks

    template = blocks.load(read_text(file, FILE_BYTES_MAX), str(file))
    emit(as_json, {"ok": True, **_name(template)}, f"{file}: good ({template.lang}-{template.tone})")


@block.command()
@_file
@_company
@json_option
@pass_front
def save(front: Front, file: Path, company_id: int, as_json: bool) -> None:
    """Keep a text for a company; its next mails of that language and tone carry it."""
    from gateway.ruling import block_texts

    with front.runtime() as runtime, runtime.begin() as tx:
        saved = block_texts.save(tx, company_id, read_text(file, FILE_BYTES_MAX), file=str(file), by=ACTOR)
    emit(as_json, _as_json(saved), f"saved {saved.template.lang}-{saved.template.tone} for company {company_id}")


@block.command("list")
@_company
@json_option
@pass_front
def list_(front: Front, company_id: int, as_json: bool) -> None:
    """List a company's own texts."""
    from gateway.ruling import block_texts

    with front.runtime() as runtime, runtime.read() as tx:
        found = block_texts.texts(tx, company_id)
    rows = [(f"{one.template.lang}-{one.template.tone}", "".join(one.template.sentences), one.saved_by, one.saved_at)
            for one in found]  # fmt: skip
    lines = [(name, said[:60], by, f"{at:%Y-%m-%d %H:%M}") for name, said, by, at in rows]
    emit(as_json, [_as_json(one) for one in found], *table(("block", "text", "by", "saved"), lines))


@block.command()
@click.argument("name", metavar="LANG-TONE")
@_company
@json_option
@pass_front
def remove(front: Front, name: str, company_id: int, as_json: bool) -> None:
    """Take a text away; mails carry the shipped one of that tone again, or the polite one."""
    from gateway.ruling import block_texts
    from rules.actions import block_name

    lang, tone = block_name(name)
    if not lang:
        raise ConfigError(f"{name!r}: write language and tone, such as ja-polite")
    with front.runtime() as runtime, runtime.begin() as tx:
        block_texts.remove(tx, company_id, lang_of(lang), tone, by=ACTOR)
    emit(as_json, {"removed": name}, f"removed {name} of company {company_id}")


def _name(template: "BlockTemplate") -> dict[str, Any]:
    return {"lang": template.lang, "tone": template.tone}


def _as_json(line: "TextLine") -> dict[str, Any]:
    return {
        **_name(line.template),
        "sentences": list(line.template.sentences),
        "relay_label": line.template.relay_label,
        "optout_label": line.template.optout_label,
        "saved_by": line.saved_by,
        "saved_at": line.saved_at.isoformat(),
    }
