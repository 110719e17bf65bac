"""The tables of the companies' own rules and block texts; `ruleset.py` and `block_texts.py` work on them.

Versions and activations are only ever added: which rules held at any moment can be told afterwards.
"""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class RuleVersionRow(Base):
    """One rule file as it was saved. ``sha256``: of what its rules mean: a changed comment is no new version."""

    __tablename__ = "rule_version"
    __table_args__ = (UniqueConstraint("company_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    file: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    saved_by: Mapped[str] = mapped_column(String(80))
    saved_at: Mapped[datetime]


class RuleActivationRow(Base):
    """From ``at`` on this version holds; without one the shipped rules alone. The newest row of a company counts."""

    __tablename__ = "rule_activation"
    __table_args__ = (Index("ix_rule_activation_company_id", "company_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("rule_version.id"))
    how: Mapped[str] = mapped_column(String(10))  # activate | roll_back
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class BlockTextRow(Base):
    """A company's own text of the block in one language and tone; it stands in for a shipped one of the same name."""

    __tablename__ = "block_text"

    company_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lang: Mapped[str] = mapped_column(String(2), primary_key=True)
    tone: Mapped[str] = mapped_column(String(20), primary_key=True)
    sentences: Mapped[list[str]] = mapped_column(JSON)
    relay_label: Mapped[str]
    optout_label: Mapped[str]
    saved_by: Mapped[str] = mapped_column(String(80))
    saved_at: Mapped[datetime]
