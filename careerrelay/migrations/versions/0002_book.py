"""The book: policies, entries, accounts, slots, signed heads; and the triggers that keep it append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: What SQLAlchemy cannot express, as it stood when this step was written.
DDL = {
    "sqlite": [
        "CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry WHEN 1 BEGIN SELECT raise(ABORT, 'ledger_entry is append-only'); END",
        "CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry WHEN 1 BEGIN SELECT raise(ABORT, 'ledger_entry is append-only'); END",
        "CREATE TRIGGER ledger_entry_no_replace BEFORE INSERT ON ledger_entry WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE programme_id = NEW.programme_id AND seq = NEW.seq) BEGIN SELECT raise(ABORT, 'ledger_entry is append-only'); END",
        "CREATE TRIGGER ledger_policy_no_update BEFORE UPDATE ON ledger_policy WHEN 1 BEGIN SELECT raise(ABORT, 'ledger_policy is append-only'); END",
        "CREATE TRIGGER ledger_policy_no_delete BEFORE DELETE ON ledger_policy WHEN 1 BEGIN SELECT raise(ABORT, 'ledger_policy is append-only'); END",
        "CREATE TRIGGER ledger_policy_no_replace BEFORE INSERT ON ledger_policy WHEN EXISTS (SELECT 1 FROM ledger_policy WHERE programme_id = NEW.programme_id AND version = NEW.version) BEGIN SELECT raise(ABORT, 'ledger_policy is append-only'); END",
        "CREATE TRIGGER ledger_head_no_update BEFORE UPDATE ON ledger_head WHEN 1 BEGIN SELECT raise(ABORT, 'ledger_head is append-only'); END",
        "CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head WHEN 1 BEGIN SELECT raise(ABORT, 'ledger_head is append-only'); END",
        "CREATE TRIGGER ledger_head_no_replace BEFORE INSERT ON ledger_head WHEN EXISTS (SELECT 1 FROM ledger_head WHERE programme_id = NEW.programme_id AND seq = NEW.seq) BEGIN SELECT raise(ABORT, 'ledger_head is append-only'); END",
        "CREATE TRIGGER ledger_entry_follows BEFORE INSERT ON ledger_entry WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger_entry WHERE programme_id = NEW.programme_id) OR NEW.prev IS NOT coalesce((SELECT hash FROM ledger_entry WHERE programme_id = NEW.programme_id AND seq = NEW.seq - 1), '0000000000000000000000000000000000000000000000000000000000000000') BEGIN SELECT raise(ABORT, 'ledger_entry: the new entry does not follow the last one'); END",
        "CREATE TRIGGER ledger_entry_once BEFORE INSERT ON ledger_entry WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE programme_id = NEW.programme_id AND kind = NEW.kind AND reference = NEW.reference) OR EXISTS (SELECT 1 FROM ledger_entry WHERE programme_id = NEW.programme_id AND settles = NEW.settles) BEGIN SELECT raise(ABORT, 'ledger_entry: counted before'); END",
        "CREATE TRIGGER ledger_account_guard BEFORE UPDATE ON ledger_account WHEN NEW.held + NEW.consumed > OLD.held + OLD.consumed AND NEW.available < 0 BEGIN SELECT raise(ABORT, 'ledger_account: more slots than credits'); END",
    ],
    "postgresql": [
        """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation'; END $$""",
        """CREATE FUNCTION ledger_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.held + NEW.consumed > OLD.held + OLD.consumed AND NEW.available < 0 THEN RAISE EXCEPTION USING MESSAGE = 'ledger_account: more slots than credits', ERRCODE = 'check_violation'; END IF;
  RETURN NEW;
END $$""",
        """CREATE FUNCTION ledger_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
  EXECUTE 'SELECT seq, hash FROM ' || quote_ident(TG_TABLE_SCHEMA) || '.ledger_entry WHERE programme_id = $1 '
    'ORDER BY seq DESC LIMIT 1' INTO last USING NEW.programme_id;
  IF NEW.seq <> coalesce(last.seq, 0) + 1 OR NEW.prev <> coalesce(last.hash, '0000000000000000000000000000000000000000000000000000000000000000') THEN
    RAISE EXCEPTION USING MESSAGE = 'ledger_entry: the new entry does not follow the last one', ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$""",
        "CREATE TRIGGER ledger_entry_no_change BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
        "CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
        "CREATE TRIGGER ledger_policy_no_change BEFORE UPDATE OR DELETE ON ledger_policy FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
        "CREATE TRIGGER ledger_policy_no_truncate BEFORE TRUNCATE ON ledger_policy FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
        "CREATE TRIGGER ledger_head_no_change BEFORE UPDATE OR DELETE ON ledger_head FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
        "CREATE TRIGGER ledger_head_no_truncate BEFORE TRUNCATE ON ledger_head FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
        "CREATE TRIGGER ledger_entry_follows BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_follows()",
        "CREATE TRIGGER ledger_account_guard BEFORE UPDATE ON ledger_account FOR EACH ROW EXECUTE FUNCTION ledger_guard()",
    ],
}


def upgrade() -> None:
    _ledger_account()
    _ledger_counted_person()
    _ledger_counting_company()
    _ledger_entry()
    _ledger_head()
    _ledger_policy()
    _ledger_slot()
    for statement in DDL[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def _ledger_account() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("programme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("outside", sa.Integer(), nullable=False),
        sa.Column("available", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("consumed", sa.Integer(), nullable=False),
        sa.Column("reversed", sa.Integer(), nullable=False),
        sa.Column("earned", sa.Integer(), nullable=False),
        sa.Column("slots_reserved", sa.Integer(), nullable=False),
        sa.Column("slots_used", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "held >= 0 AND consumed >= 0 AND reversed >= 0 AND earned >= 0", name=op.f("ck_ledger_account_not_negative")
        ),
        sa.CheckConstraint(
            "outside + available + held + consumed + reversed = 0", name=op.f("ck_ledger_account_sum_is_zero")
        ),
        sa.CheckConstraint(
            "slots_reserved >= 0 AND slots_used >= 0", name=op.f("ck_ledger_account_slots_not_negative")
        ),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_ledger_account")),
    )


def _ledger_counted_person() -> None:
    op.create_table(
        "ledger_counted_person",
        sa.Column("company_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mail_index", sa.String(length=80), nullable=False),
        sa.Column("person_ref", sa.String(length=16), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "mail_index", name=op.f("pk_ledger_counted_person")),
    )
    op.create_index("ix_ledger_counted_person_expires_at", "ledger_counted_person", ["expires_at"], unique=False)
    op.create_index(op.f("ix_ledger_counted_person_person_ref"), "ledger_counted_person", ["person_ref"], unique=False)


def _ledger_counting_company() -> None:
    op.create_table(
        "ledger_counting_company",
        sa.Column("company_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_ledger_counting_company")),
    )


def _ledger_entry() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("programme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("settles", sa.Integer(), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("programme_id", "seq", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint(
            "programme_id", "kind", "reference", name=op.f("uq_ledger_entry_programme_id_kind_reference")
        ),
        sa.UniqueConstraint("programme_id", "settles", name=op.f("uq_ledger_entry_programme_id_settles")),
    )


def _ledger_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("programme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("programme_id", "seq", name=op.f("pk_ledger_head")),
    )


def _ledger_policy() -> None:
    op.create_table(
        "ledger_policy",
        sa.Column("programme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("dispute_days", sa.Integer(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("programme_id", "version", name=op.f("pk_ledger_policy")),
    )


def _ledger_slot() -> None:
    op.create_table(
        "ledger_slot",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("requisition", sa.String(length=200), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_slot")),
    )
    op.create_index(op.f("ix_ledger_slot_programme_id"), "ledger_slot", ["programme_id"], unique=False)
