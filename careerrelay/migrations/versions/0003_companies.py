"""Companies, agencies and their programmes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _agency()
    _company()
    _company_domain()
    _company_network()
    _programme()
    _recruiting_sender()
    _smtp_user()


def _agency() -> None:
    op.create_table(
        "agency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("licence_no", sa.String(length=40), nullable=False),
        sa.Column("licence_expires_on", sa.Date(), nullable=False),
        sa.Column("mail", sa.String(length=320), nullable=False),
        sa.Column("postal_address", sa.String(length=300), nullable=True),
        sa.Column("representative", sa.String(length=200), nullable=True),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("api_key_prefix", sa.String(length=12), nullable=True),
        sa.Column("api_key_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("api_key_prefix", name=op.f("uq_agency_api_key_prefix")),
        sa.UniqueConstraint("licence_no", name=op.f("uq_agency_licence_no")),
    )


def _company() -> None:
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("hold_minutes", sa.Integer(), nullable=False),
        sa.Column("next_hop", sa.String(length=300), nullable=True),
        sa.Column("bypass", sa.Boolean(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("mail_from", sa.String(length=320), nullable=True),
        sa.Column("contact_mail", sa.String(length=320), nullable=True),
        sa.Column("postal_address", sa.String(length=300), nullable=True),
        sa.Column("representative", sa.String(length=200), nullable=True),
        sa.Column("privacy_url", sa.String(length=500), nullable=True),
        sa.Column("keep_passed_days", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(length=200), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )


def _company_domain() -> None:
    op.create_table(
        "company_domain",
        sa.Column("domain", sa.String(length=254), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_domain_company_id")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_company_domain")),
    )
    op.create_index(op.f("ix_company_domain_company_id"), "company_domain", ["company_id"], unique=False)


def _company_network() -> None:
    op.create_table(
        "company_network",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("cidr", sa.String(length=50), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_network_company_id")),
        sa.PrimaryKeyConstraint("company_id", "cidr", name=op.f("pk_company_network")),
    )


def _programme() -> None:
    op.create_table(
        "programme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_programme_agency_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_programme_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("company_id", "agency_id", name=op.f("uq_programme_company_id_agency_id")),
    )
    op.create_index(op.f("ix_programme_agency_id"), "programme", ["agency_id"], unique=False)
    op.create_index(op.f("ix_programme_company_id"), "programme", ["company_id"], unique=False)


def _recruiting_sender() -> None:
    op.create_table(
        "recruiting_sender",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("pattern", sa.String(length=320), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_recruiting_sender_company_id")),
        sa.PrimaryKeyConstraint("company_id", "pattern", name=op.f("pk_recruiting_sender")),
    )


def _smtp_user() -> None:
    op.create_table(
        "smtp_user",
        sa.Column("user_name", sa.String(length=200), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_smtp_user_company_id")),
        sa.PrimaryKeyConstraint("user_name", name=op.f("pk_smtp_user")),
    )
    op.create_index(op.f("ix_smtp_user_company_id"), "smtp_user", ["company_id"], unique=False)
