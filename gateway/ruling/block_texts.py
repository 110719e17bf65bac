"""A company's own texts of the block, beside the shipped ones: checked when saved, in force within a second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core import audit
from core.bulk import Query
from core.errors import ConfigError, NotFound
from core.lang import Lang, lang_of
from core.runtime import Tx
from crm.registry.companies import get as get_company
from gateway.letter import blocks
from gateway.letter.blocks import BlockTemplate
from gateway.tables.rules import BlockTextRow

#: A company's own templates by language and tone.
OwnTexts = Mapping[tuple[str, str], BlockTemplate]
TEXTS_MAX = 40


@dataclass(frozen=True, slots=True)
class TextLine:
    """One text with who saved it, and when."""

    template: BlockTemplate
    saved_by: str
    saved_at: datetime


def save(tx: Tx, company_id: int, text: str, *, file: str, by: str) -> TextLine:
    """Check a text in the form of ``blocks/*.toml`` and keep it; it replaces one of the same language and tone.

    Raises:
        ConfigError: every problem of it; NotFound: no such company.
    """
    get_company(tx, company_id)
    template = blocks.load(text, file)
    row = tx.session.get(BlockTextRow, (company_id, template.lang, template.tone), with_for_update=True)
    if row is None:
        if len(texts(tx, company_id)) >= TEXTS_MAX:
            raise ConfigError(f"{file}: more than {TEXTS_MAX} texts; remove one first")
        row = BlockTextRow(company_id=company_id, lang=template.lang, tone=template.tone)
        tx.session.add(row)
    row.sentences, row.relay_label, row.optout_label = (
        list(template.sentences),
        template.relay_label,
        template.optout_label,
    )
    row.saved_by, row.saved_at = by, tx.now
    tx.session.flush()
    audit.record(tx, by, "block text saved", f"company:{company_id}", lang=template.lang, tone=template.tone)
    tx.config_changed()
    return TextLine(template, by, tx.now)


def require_tone(tx: Tx, company_id: int, tone: str) -> None:
    """Is there a text of that tone? Raises ConfigError; with an unknown one the polite text would go in unasked."""
    known = {template.tone for template in blocks.shipped()} | {line.template.tone for line in texts(tx, company_id)}
    if tone not in known:
        raise ConfigError(f"tone: there is no text {tone!r}; write one of {', '.join(sorted(known))}")


def remove(tx: Tx, company_id: int, lang: Lang, tone: str, *, by: str) -> None:
    """Take a text away: from then on the shipped one of that tone goes in, or the polite one; raises NotFound."""
    row = tx.session.get(BlockTextRow, (company_id, lang, tone), with_for_update=True)
    if row is None:
        raise NotFound(f"company {company_id} has no text {lang}-{tone}")
    tx.session.delete(row)
    tx.session.flush()
    audit.record(tx, by, "block text removed", f"company:{company_id}", lang=lang, tone=tone)
    tx.config_changed()


def texts(tx: Tx, company_id: int) -> Sequence[TextLine]:
    """A company's own texts by language and tone."""
    rows = tx.session.scalars(
        select(BlockTextRow).where(BlockTextRow.company_id == company_id).order_by(BlockTextRow.lang, BlockTextRow.tone)
    )
    return [TextLine(_template(row), row.saved_by, row.saved_at) for row in rows.all()]


def of_company(tx: Tx, company_id: int) -> OwnTexts:
    """What `blocks.block` takes as a company's own."""
    return {(line.template.lang, line.template.tone): line.template for line in texts(tx, company_id)}


def of_all(tx: Tx) -> Mapping[int, OwnTexts]:
    """The same of every company that has any."""
    found: dict[int, dict[tuple[str, str], BlockTemplate]] = {}
    for row in _OF_ALL.records(tx):
        found.setdefault(row.company_id, {})[row.lang, row.tone] = _template(row)
    return found


_OF_ALL = Query(select(BlockTextRow.__table__))


def tones(tx: Tx | None = None, company_id: int | None = None) -> frozenset[str]:
    """The tones that a rule may name: the shipped ones, and the company's own."""
    known = {template.tone for template in blocks.shipped()}
    if tx is not None and company_id is not None:
        known |= {tone for _, tone in of_company(tx, company_id)}
    return frozenset(known)


def _template(row: Any) -> BlockTemplate:
    """``row``: with the columns of `BlockTextRow` as attributes."""
    return BlockTemplate(
        lang=lang_of(row.lang),
        tone=row.tone,
        sentences=tuple(row.sentences),
        relay_label=row.relay_label,
        optout_label=row.optout_label,
    )
