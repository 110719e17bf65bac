"""The mail's own queue."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _approved_sentence()
    _mail()
    _delivery()
    _mail_copy()
    _review()


def _approved_sentence() -> None:
    op.create_table(
        "approved_sentence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("masked", sa.Text(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approved_sentence")),
        sa.UniqueConstraint(
            "company_id", "sender", "sha256", name=op.f("uq_approved_sentence_company_id_sender_sha256")
        ),
    )


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("queue_id", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=4), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("judged", sa.Boolean(), nullable=False),
        sa.Column("may_judge", sa.Boolean(), nullable=False),
        sa.Column("envelope_from", sa.Text(), nullable=False),
        sa.Column("mail_params", sa.JSON(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("helo", sa.Text(), nullable=False),
        sa.Column("protocol", sa.String(length=10), nullable=False),
        sa.Column("tls", sa.String(length=80), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("note", sa.String(length=60), nullable=False),
        sa.Column("decision", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outgoing_id", sa.String(length=16), nullable=True),
        sa.Column("gate_ref", sa.String(length=100), nullable=True),
        sa.Column("body_path", sa.Text(), nullable=True),
        sa.Column("final_path", sa.Text(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("final_raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("outgoing_id", name=op.f("uq_mail_outgoing_id")),
    )
    op.create_index("ix_mail_company_id", "mail", ["company_id", "id"], unique=False)
    op.create_index(
        "ix_mail_received_at",
        "mail",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('received', 'ready', 'held')"),
        postgresql_where=sa.text("state IN ('received', 'ready', 'held')"),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("rcpt_params", sa.JSON(), nullable=False),
        sa.Column("variant", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("uncertain", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_by", sa.Integer(), nullable=True),
        sa.Column("code", sa.SmallInteger(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("delay_told", sa.Boolean(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_delivery_mail_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mail_id", "position", name=op.f("pk_delivery")),
    )
    op.create_index(
        "ix_delivery_due_at",
        "delivery",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_delivery_leased_by",
        "delivery",
        ["leased_by"],
        unique=False,
        sqlite_where=sa.text("leased_by IS NOT NULL"),
        postgresql_where=sa.text("leased_by IS NOT NULL"),
    )


def _mail_copy() -> None:
    op.create_table(
        "mail_copy",
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("keep_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_mail_copy_mail_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mail_id", "kind", name=op.f("pk_mail_copy")),
    )
    op.create_index(op.f("ix_mail_copy_keep_until"), "mail_copy", ["keep_until"], unique=False)


def _review() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_review_mail_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_mail_id"), "review", ["mail_id"], unique=False)
