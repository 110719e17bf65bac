"""The step that gave keys scopes and numbered what agencies are told: nothing of before is lost, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from careerrelay import migrate
from core.db import Database
from tests.servers import PostgresServer

DIALECTS = ("sqlite", "postgresql")
AT = "2026-11-01 00:00:00"


@pytest.fixture(params=DIALECTS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        db = Database(f"sqlite+pysqlite:///{tmp_path / 'before.sqlite3'}")
        yield db
        db.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"agency_{tmp_path.name.replace('-', '_')}".lower()[:60]
    server.create(name)
    db = Database(server.url(name))
    yield db
    db.close()
    server.drop(name)


def test_keys_and_referrals_of_before_are_kept_and_numbered(empty: Database) -> None:
    with empty.connection(write=True) as connection:
        config = migrate.alembic_config(connection)
        command.upgrade(config, "0011")
        for statement in _before():
            connection.execute(text(statement))
    with empty.connection(write=True) as connection:
        command.upgrade(migrate.alembic_config(connection), "0012")
    with empty.connection(write=False) as connection:
        rows = connection.execute(text("SELECT agency_id, seq, referral_id FROM agency_event ORDER BY agency_id, seq"))
        assert [tuple(row) for row in rows] == [(1, 1, "r2"), (1, 2, "r1"), (2, 1, "r3")]
        [key] = connection.execute(text("SELECT agency_id, prefix, scopes FROM api_key")).all()
        assert (key.agency_id, key.prefix) == (1, "crabcdef01")
        assert "contacts:read" in str(key.scopes)
        agencies = connection.execute(text("SELECT id, name, mails, event_seq FROM agency ORDER BY id")).all()
        assert [tuple(row) for row in agencies] == [(1, "A", "each", 2), (2, "B", "each", 1)]
        assert connection.execute(text("SELECT count(*) FROM programme")).scalar() == 2


def test_keys_of_before_open_the_one_company_that_there_was(empty: Database) -> None:
    """Who made them is not known; an agency of two companies has an admin of the whole installation for its keys."""
    with empty.connection(write=True) as connection:
        command.upgrade(migrate.alembic_config(connection), "0011")
        for statement in _before():
            connection.execute(text(statement))
    with empty.connection(write=True) as connection:
        command.upgrade(migrate.alembic_config(connection), "0017")
        columns = "name, mode, hold_minutes, bypass, locale, tone, keep_passed_days, timezone, created_at"
        programme = "INSERT INTO programme (id, company_id, agency_id, threshold, valid_from, created_at) VALUES "
        key = "INSERT INTO api_key (id, agency_id, prefix, key_sha256, scopes, created_at) "
        for statement in (
            f"INSERT INTO company (id, {columns}) SELECT 2, {columns} FROM company",
            f"{programme} (9, 2, 2, 10, '2026-11-01', '{AT}')",
            f"{key} SELECT 'k2', 2, 'crabcdef02', key_sha256, scopes, '{AT}' FROM api_key",
        ):
            connection.execute(text(statement))
    with empty.connection(write=True) as connection:
        command.upgrade(migrate.alembic_config(connection), "0018")
    with empty.connection(write=False) as connection:
        rows = connection.execute(text("SELECT prefix, reach_company_id FROM api_key ORDER BY prefix"))
        assert [tuple(row) for row in rows] == [("crabcdef01", 1), ("crabcdef02", None)]


def _before() -> list[str]:
    company = (
        "INSERT INTO company "
        "(id, name, mode, hold_minutes, bypass, locale, tone, keep_passed_days, timezone, created_at)"
        f" VALUES (1, 'C', 'observe', 60, false, 'ja', 'standard', 0, 'Asia/Tokyo', '{AT}')"
    )
    agency = (
        "INSERT INTO agency (id, name, licence_no, licence_expires_on, mail, locale, api_key_prefix, api_key_sha256, "
        "created_at) VALUES "
        f"({{0}}, '{{1}}', '{{0}}', '2029-03-31', 'desk@agency.example.jp', 'ja', {{2}}, {{3}}, '{AT}')"
    )
    programme = (
        "INSERT INTO programme (id, company_id, agency_id, threshold, valid_from, created_at) "
        f"VALUES ({{0}}, 1, {{0}}, 10, '2026-11-01', '{AT}')"
    )
    person = f"INSERT INTO person (id, company_id, created_at) VALUES ('p', 1, '{AT}')"
    notice = (
        "INSERT INTO rejection_notice (id, company_id, person_id, state, source, first_at) "
        f"VALUES ('n', 1, 'p', 'sent', 'mail', '{AT}')"
    )
    invitation = (
        "INSERT INTO invitation (id, company_id, notice_id, person_id, state, issued_at, expires_at) "
        f"VALUES ('i', 1, 'n', 'p', 'registered', '{AT}', '{AT}')"
    )
    registration = (
        "INSERT INTO registration "
        "(id, company_id, invitation_id, person_id, state, lang, mail_index, boxes, code_tries, created_at) "
        f"VALUES ('{{0}}', 1, 'i', 'p', 'submitted', 'ja', '', '[]', 0, '{AT}')"
    )
    referral = (
        "INSERT INTO referral (id, company_id, agency_id, programme_id, person_id, registration_id, pseudonym, state, "
        "created_at, shared_at) "
        f"VALUES ('{{0}}', 1, {{1}}, {{1}}, 'p', '{{2}}', 'CR', 'shared', '{AT}', '2026-11-0{{3}} 00:00:00')"
    )
    return [
        company,
        agency.format(1, "A", "'crabcdef01'", "'x'"),
        agency.format(2, "B", "NULL", "NULL"),
        programme.format(1),
        programme.format(2),
        person,
        notice,
        invitation,
        registration.format("a"),
        registration.format("b"),
        referral.format("r1", 1, "a", 3),
        referral.format("r2", 1, "b", 2),
        referral.format("r3", 2, "a", 3),
    ]
