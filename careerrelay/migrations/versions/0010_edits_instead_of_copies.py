"""Edited mails are kept as edits against their original; queue ids are unique; injections of a day are a number."""

import struct
import zlib
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _edits()
    _copies()
    _injections()
    op.create_index("ix_mail_queue_id", "mail", ["queue_id"], unique=True)


def _edits() -> None:
    op.add_column("mail", sa.Column("edits", sa.LargeBinary(), nullable=True))
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT id, size, final_raw, final_path FROM mail WHERE final_raw IS NOT NULL OR final_path IS NOT NULL"
        )
    ).all()
    for row in rows:
        final = bytes(row.final_raw) if row.final_raw is not None else Path(row.final_path).read_bytes()
        connection.execute(
            sa.text("UPDATE mail SET edits = :edits WHERE id = :id"),
            {"edits": _replacing_all(row.size, final), "id": row.id},
        )
    op.drop_column("mail", "final_raw")
    op.drop_column("mail", "final_path")


def _replacing_all(size: int, final: bytes) -> bytes:
    """One edit that replaces the whole original, as `gateway.letter.splice.pack` writes it."""
    content = struct.pack(">III", 0, size, len(final)) + final
    return struct.pack(">BHI", 1, 1, zlib.crc32(content, zlib.crc32(struct.pack(">BH", 1, 1)))) + content


def _copies() -> None:
    """Copies had one row a kind; sealed, so that they cannot be put together here. They were kept for 30 days."""
    op.execute("DELETE FROM mail_copy")


def _injections() -> None:
    op.create_table(
        "invitation_day",
        sa.Column("company_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "day", name=op.f("pk_invitation_day")),
    )
    op.execute(
        "INSERT INTO invitation_day (company_id, day, mails) "
        "SELECT company_id, day, count(*) FROM invitation_mail GROUP BY company_id, day"
    )
    op.drop_index("ix_invitation_mail_day", table_name="invitation_mail")
    op.drop_column("invitation_mail", "day")
