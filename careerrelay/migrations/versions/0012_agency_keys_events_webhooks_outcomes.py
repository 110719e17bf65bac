"""Keys with scopes, what agencies are told, their webhooks, and the outcomes they report."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agency_webhook",
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_agency_webhook_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_agency_webhook")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("key_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(agency_id IS NULL) <> (company_id IS NULL)", name=op.f("ck_api_key_one_owner")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_api_key_agency_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_api_key_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_agency_id"), ["agency_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_key_company_id"), ["company_id"], unique=False)

    op.create_table(
        "agency_event",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("referral_id", sa.String(length=16), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivery", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_agency_event_agency_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_agency_event_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_event")),
        sa.UniqueConstraint("agency_id", "seq", name=op.f("uq_agency_event_agency_id_seq")),
    )
    with op.batch_alter_table("agency_event", schema=None) as batch_op:
        batch_op.create_index("ix_agency_event_referral", ["referral_id", "type"], unique=False)

    op.create_table(
        "outcome",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("referral_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_outcome_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome")),
        sa.UniqueConstraint("referral_id", "kind", name=op.f("uq_outcome_referral_id_kind")),
    )
    op.add_column("agency", sa.Column("mails", sa.String(length=6), server_default="each", nullable=False))
    op.add_column("agency", sa.Column("event_seq", sa.Integer(), server_default="0", nullable=False))
    _move_keys()
    _number_what_was_handed_over()
    if op.get_bind().dialect.name == "sqlite":
        _make_agency_anew()
    else:
        op.drop_column("agency", "api_key_prefix")
        op.drop_column("agency", "api_key_sha256")


def _move_keys() -> None:
    """A key of before opened everything of its agency."""
    names = ("id", "agency_id", "prefix", "key_sha256", "scopes", "created_at")
    keys = sa.table("api_key", *(sa.column(name, sa.JSON() if name == "scopes" else None) for name in names))
    agency = sa.table("agency", *map(sa.column, ("id", "api_key_prefix", "api_key_sha256", "created_at")))
    scopes = sa.literal(["referrals:read", "referrals:write", "contacts:read", "introductions:write"], sa.JSON())
    prefix = agency.c.api_key_prefix
    found = sa.select(prefix, agency.c.id, prefix, agency.c.api_key_sha256, scopes, agency.c.created_at)
    op.execute(keys.insert().from_select(names, found.where(prefix.is_not(None))))


def _number_what_was_handed_over() -> None:
    """Every referral handed over so far is one event of its agency; a referral's id is as good as a new one."""
    op.execute(
        "INSERT INTO agency_event (id, agency_id, seq, type, referral_id, created_at, delivery, tries, result) "
        "SELECT id, agency_id, row_number() OVER (PARTITION BY agency_id ORDER BY shared_at, id), 'referral.shared', "
        "id, shared_at, 'none', 0, '' FROM referral WHERE shared_at IS NOT NULL"
    )
    op.execute(
        "UPDATE agency SET event_seq = "
        "(SELECT coalesce(max(seq), 0) FROM agency_event WHERE agency_event.agency_id = agency.id)"
    )


def _make_agency_anew() -> None:
    """SQLite drops no unique column, and no table that others point to unless what they miss comes back in time:
    with deferred checks the new rows settle what the dropped table left open (sqlite.org/foreignkeys.html, 4.2, 6)."""
    names = (
        "id, name, licence_no, licence_expires_on, mail, postal_address, representative, locale, suspended_at, "
        "created_at, mails, event_seq"
    )
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(f"CREATE TABLE agency_kept AS SELECT {names} FROM agency")  # noqa: S608 - our own words
    op.drop_table("agency")
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
        sa.Column("mails", sa.String(length=6), server_default="each", nullable=False),
        sa.Column("event_seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("licence_no", name=op.f("uq_agency_licence_no")),
    )
    op.execute(f"INSERT INTO agency ({names}) SELECT {names} FROM agency_kept")  # noqa: S608
    op.drop_table("agency_kept")
