"""People, links, invitations, consents, signals."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _link()
    _ats_signal()
    _person()
    _suppression()
    _person_mail()
    _rejection_notice()
    _invitation()
    _invitation_mail()


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_link_token_sha256")),
    )
    op.create_index("ix_link_subject", "link", ["kind", "subject"], unique=False)


def _ats_signal() -> None:
    op.create_table(
        "ats_signal",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("recipient_index", sa.String(length=80), nullable=False),
        sa.Column("application", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_ats_signal_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ats_signal")),
        sa.UniqueConstraint(
            "company_id",
            "source",
            "recipient_index",
            "application",
            name=op.f("uq_ats_signal_company_id_source_recipient_index_application"),
        ),
    )
    op.create_index(op.f("ix_ats_signal_recipient_index"), "ats_signal", ["recipient_index"], unique=False)


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_person_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_company_id"), "person", ["company_id"], unique=False)


def _suppression() -> None:
    op.create_table(
        "suppression",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("mail_index", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_suppression_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint(
            "company_id", "mail_index", "scope", name=op.f("uq_suppression_company_id_mail_index_scope")
        ),
    )


def _person_mail() -> None:
    op.create_table(
        "person_mail",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("mail_index", sa.String(length=80), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_mail_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_mail")),
        sa.UniqueConstraint("company_id", "mail_index", name=op.f("uq_person_mail_company_id_mail_index")),
    )
    op.create_index(op.f("ix_person_mail_person_id"), "person_mail", ["person_id"], unique=False)


def _rejection_notice() -> None:
    op.create_table(
        "rejection_notice",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("requisition", sa.String(length=200), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrong_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_rejection_notice_company_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_rejection_notice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejection_notice")),
    )
    op.create_index(
        "ix_rejection_notice_person", "rejection_notice", ["company_id", "person_id", "first_at"], unique=False
    )


def _invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_invitation_company_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["rejection_notice.id"], name=op.f("fk_invitation_notice_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invitation_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_invitation_notice_id")),
    )
    op.create_index(op.f("ix_invitation_company_id"), "invitation", ["company_id"], unique=False)
    op.create_index("ix_invitation_person", "invitation", ["person_id", "issued_at"], unique=False)


def _invitation_mail() -> None:
    op.create_table(
        "invitation_mail",
        sa.Column("mail_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("invitation_id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitation.id"], name=op.f("fk_invitation_mail_invitation_id")),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_invitation_mail")),
    )
    op.create_index("ix_invitation_mail_day", "invitation_mail", ["company_id", "day"], unique=False)
    op.create_index(op.f("ix_invitation_mail_invitation_id"), "invitation_mail", ["invitation_id"], unique=False)
