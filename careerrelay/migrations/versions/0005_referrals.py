"""Registrations, referrals and what was handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: What SQLAlchemy cannot express, as it stood when this step was written.
DDL = {
    "sqlite": [
        """CREATE TRIGGER provision_is_append_only BEFORE UPDATE ON provision
        BEGIN SELECT RAISE(ABORT, 'a provision record is never changed'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION provision_refuse_update() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'a provision record is never changed'; END $$""",
        """CREATE TRIGGER provision_is_append_only BEFORE UPDATE ON provision
        FOR EACH ROW EXECUTE FUNCTION provision_refuse_update()""",
    ],
}


def upgrade() -> None:
    _consent_text()
    _provision()
    _pseudonym()
    _registration()
    _consent()
    _referral()
    _recall()
    for statement in DDL[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def _consent_text() -> None:
    op.create_table(
        "consent_text",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_consent_text")),
    )


def _provision() -> None:
    op.create_table(
        "provision",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recipient_name", sa.String(length=200), nullable=False),
        sa.Column("recipient_address", sa.String(length=300), nullable=True),
        sa.Column("recipient_representative", sa.String(length=200), nullable=True),
        sa.Column("licence_no", sa.String(length=40), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("consent_id", sa.String(length=16), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("provided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_provision_agency_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_provision_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provision")),
        sa.UniqueConstraint("referral_id", "step", name=op.f("uq_provision_referral_id_step")),
    )
    op.create_index(op.f("ix_provision_agency_id"), "provision", ["agency_id"], unique=False)
    op.create_index(op.f("ix_provision_company_id"), "provision", ["company_id"], unique=False)
    op.create_index(op.f("ix_provision_person_id"), "provision", ["person_id"], unique=False)


def _pseudonym() -> None:
    op.create_table(
        "pseudonym",
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_pseudonym_agency_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pseudonym_person_id")),
        sa.PrimaryKeyConstraint("person_id", "agency_id", name=op.f("pk_pseudonym")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_pseudonym_pseudonym")),
    )


def _registration() -> None:
    op.create_table(
        "registration",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("mail_index", sa.String(length=80), nullable=False),
        sa.Column("mail_proof", sa.String(length=5), nullable=True),
        sa.Column("profile_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("boxes", sa.JSON(), nullable=False),
        sa.Column("code_mac", sa.String(length=100), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hand_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_registration_company_id")),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitation.id"], name=op.f("fk_registration_invitation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_registration_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
    )
    op.create_index(op.f("ix_registration_company_id"), "registration", ["company_id"], unique=False)
    op.create_index(op.f("ix_registration_invitation_id"), "registration", ["invitation_id"], unique=False)
    op.create_index(op.f("ix_registration_person_id"), "registration", ["person_id"], unique=False)


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("registration_id", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("recipient", sa.String(length=40), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_consent_company_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_consent_registration_id")),
        sa.ForeignKeyConstraint(["text_sha256"], ["consent_text.sha256"], name=op.f("fk_consent_text_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_person_id"), "consent", ["person_id"], unique=False)
    op.create_index(op.f("ix_consent_registration_id"), "consent", ["registration_id"], unique=False)


def _referral() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("registration_id", sa.String(length=16), nullable=False),
        sa.Column("pseudonym", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=10), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("talk_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("talk_declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("silence_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_referral_agency_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_referral_company_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_referral_person_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_referral_programme_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_referral_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("registration_id", "agency_id", name=op.f("uq_referral_registration_id_agency_id")),
    )
    op.create_index(op.f("ix_referral_agency_id"), "referral", ["agency_id"], unique=False)
    op.create_index(op.f("ix_referral_company_id"), "referral", ["company_id"], unique=False)
    op.create_index(op.f("ix_referral_person_id"), "referral", ["person_id"], unique=False)


def _recall() -> None:
    op.create_table(
        "recall",
        sa.Column("referral_id", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_recall_referral_id")),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_recall")),
    )
