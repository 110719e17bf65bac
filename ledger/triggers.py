"""Triggers that keep the book append-only whoever writes to the database. SQL for both, nothing else.

SQLite: REPLACE deletes the row in its way without asking delete triggers, unless ``recursive_triggers`` is on
(sqlite.org/lang_conflict.html). `core/db.py` turns it on; for every other connection the insert triggers look for
the row that would be replaced.
"""

from ledger.chain import GENESIS

#: Tables whose rows are only ever added, each with its primary key.
APPEND_ONLY = {
    "ledger_entry": ("programme_id", "seq"),
    "ledger_policy": ("programme_id", "version"),
    "ledger_head": ("programme_id", "seq"),
}

_OVERDRAWN = "NEW.held + NEW.consumed > OLD.held + OLD.consumed AND NEW.available < 0"
_GUARD = "ledger_account: more slots than credits"
_FOLLOWS = "ledger_entry: the new entry does not follow the last one"


def _sqlite_trigger(name: str, event: str, table: str, refuse: str, when: str = "1") -> str:
    return f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT raise(ABORT, '{refuse}'); END"


def _sqlite() -> list[str]:
    statements = []
    for table, keys in APPEND_ONLY.items():
        refuse = f"{table} is append-only"
        same = " AND ".join(f"{key} = NEW.{key}" for key in keys)
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - the names above
        statements += [
            _sqlite_trigger(f"{table}_no_update", "UPDATE", table, refuse),
            _sqlite_trigger(f"{table}_no_delete", "DELETE", table, refuse),
            _sqlite_trigger(f"{table}_no_replace", "INSERT", table, refuse, exists),
        ]
    mine = "SELECT {} FROM ledger_entry WHERE programme_id = NEW.programme_id"
    breaks_chain = (
        f"NEW.seq IS NOT ({mine.format('coalesce(max(seq), 0) + 1')}) "
        f"OR NEW.prev IS NOT coalesce(({mine.format('hash')} AND seq = NEW.seq - 1), '{GENESIS}')"
    )
    repeats = (
        f"EXISTS ({mine.format('1')} AND kind = NEW.kind AND reference = NEW.reference) "
        f"OR EXISTS ({mine.format('1')} AND settles = NEW.settles)"
    )
    return [
        *statements,
        _sqlite_trigger("ledger_entry_follows", "INSERT", "ledger_entry", _FOLLOWS, breaks_chain),
        _sqlite_trigger("ledger_entry_once", "INSERT", "ledger_entry", "ledger_entry: counted before", repeats),
        _sqlite_trigger("ledger_account_guard", "UPDATE", "ledger_account", _GUARD, _OVERDRAWN),
    ]


_REFUSE_FUNCTION = """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation'; END $$"""

_GUARD_FUNCTION = f"""CREATE FUNCTION ledger_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {_OVERDRAWN} THEN RAISE EXCEPTION USING MESSAGE = '{_GUARD}', ERRCODE = 'check_violation'; END IF;
  RETURN NEW;
END $$"""

_FOLLOWS_FUNCTION = f"""CREATE FUNCTION ledger_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
  EXECUTE 'SELECT seq, hash FROM ' || quote_ident(TG_TABLE_SCHEMA) || '.ledger_entry WHERE programme_id = $1 '
    'ORDER BY seq DESC LIMIT 1' INTO last USING NEW.programme_id;
  IF NEW.seq <> coalesce(last.seq, 0) + 1 OR NEW.prev <> coalesce(last.hash, '{GENESIS}') THEN
    RAISE EXCEPTION USING MESSAGE = '{_FOLLOWS}', ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$"""  # noqa: S608 - constants


def _postgresql_trigger(name: str, event: str, table: str, function: str, each: str = "ROW") -> str:
    return f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"


def _postgresql() -> list[str]:
    statements = [_REFUSE_FUNCTION, _GUARD_FUNCTION, _FOLLOWS_FUNCTION]
    for table in APPEND_ONLY:
        statements += [
            _postgresql_trigger(f"{table}_no_change", "UPDATE OR DELETE", table, "ledger_refuse"),
            _postgresql_trigger(f"{table}_no_truncate", "TRUNCATE", table, "ledger_refuse", "STATEMENT"),
        ]
    return [
        *statements,
        _postgresql_trigger("ledger_entry_follows", "INSERT", "ledger_entry", "ledger_follows"),
        _postgresql_trigger("ledger_account_guard", "UPDATE", "ledger_account", "ledger_guard"),
    ]


#: What SQLAlchemy cannot express; run once after the tables are made, by the migration and by the test fixtures.
DDL: dict[str, list[str]] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
