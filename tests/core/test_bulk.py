"""Statements that run straight on the driver do what SQLAlchemy would have done, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, column, func, insert, select, table, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.bulk import Bulk, Query, insert_ignoring
from core.outbox import Outgoing
from core.runtime import Runtime
from crm.tables import InvitationDayRow, SuppressionRow
from tests.core.compiling import compiled_in

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DAYS = insert(InvitationDayRow)


def days(runtime: Runtime) -> dict[str, int]:
    with runtime.read() as tx:
        rows = tx.session.execute(select(InvitationDayRow.day, InvitationDayRow.mails)).all()
    return {row.day: row.mails for row in rows}


def day(number: int, mails: int = 1) -> dict[str, object]:
    return {"company_id": 7, "day": f"2026-11-{number:02}", "mails": mails}


def waiting(number: int) -> dict[str, object]:
    """A row of the outbox."""
    mail = {"id": f"{number:016}", "key": f"k{number}", "kind": "dsn", "state": "waiting", "sender": ""}
    return mail | {"created_at": AT}


def test_rows_are_inserted_and_counted(any_runtime: Runtime) -> None:
    bulk = Bulk(DAYS)
    with any_runtime.begin() as tx:
        assert bulk.run(tx, [day(1), day(2, 5)]) == 2
        assert bulk.run(tx, [day(3)]) == 1
        assert bulk.run(tx, []) == 0
    assert days(any_runtime) == {"2026-11-01": 1, "2026-11-02": 5, "2026-11-03": 1}


def test_what_is_there_already_is_left_out_and_not_counted(any_runtime: Runtime) -> None:
    bulk = insert_ignoring(InvitationDayRow.__table__, "company_id", "day")  # type: ignore[arg-type]
    with any_runtime.begin() as tx:
        assert bulk.run(tx, [day(1, 1)]) == 1
        assert bulk.run(tx, [day(1, 9), day(2, 2), day(3, 3)]) == 2
        assert bulk.run(tx, [day(1, 9)]) == 0
    assert days(any_runtime) == {"2026-11-01": 1, "2026-11-02": 2, "2026-11-03": 3}


def test_an_update_takes_its_parameters_by_name_and_keeps_its_own_values(any_runtime: Runtime) -> None:
    wanted = InvitationDayRow.day == bindparam("which")
    bulk = Bulk(update(InvitationDayRow).where(wanted).values(mails=bindparam("new_mails"), company_id=8))
    with any_runtime.begin() as tx:
        Bulk(DAYS).run(tx, [day(1), day(2)])
        assert bulk.run(tx, [{"which": "2026-11-01", "new_mails": 4}, {"which": "2026-11-02", "new_mails": 6}]) == 2
        assert {row.company_id for row in tx.session.scalars(select(InvitationDayRow))} == {8}
    assert days(any_runtime) == {"2026-11-01": 4, "2026-11-02": 6}


def test_a_missing_parameter_is_an_error_and_no_null(any_runtime: Runtime) -> None:
    bulk = Bulk(update(InvitationDayRow).values(mails=bindparam("new_mails")))
    with pytest.raises(KeyError, match="new_mails"), any_runtime.begin() as tx:
        bulk.run(tx, [{"mails": 1}])


def test_values_are_converted_as_their_types_say(any_runtime: Runtime) -> None:
    row = {"id": "a" * 16, "company_id": None, "mail_index": "i1:x", "scope": "all", "source": "test", "created_at": AT}
    with pytest.raises(IntegrityError) as refused, any_runtime.begin() as tx:
        Bulk(insert(SuppressionRow)).run(tx, [row])
    assert refused.value.params is None, "what a row says about people is no part of the error"
    with any_runtime.begin() as tx:
        Bulk(insert(Outgoing)).run(tx, [waiting(1)])
    with any_runtime.read() as tx:
        assert tx.session.scalar(select(Outgoing.created_at)) == AT


def test_a_query_gives_rows_of_python_values_for_any_number_of_wanted_ones(any_runtime: Runtime) -> None:
    columns = Outgoing.id, Outgoing.created_at
    wanted = Outgoing.id.in_(bindparam("ids", expanding=True)), Outgoing.kind == "dsn"
    query = Query(select(*columns).where(*wanted, Outgoing.created_at <= bindparam("until")), many="ids")
    rows = [waiting(number) for number in range(5)]
    ids = [row["id"] for row in rows]
    with any_runtime.begin() as tx:
        Bulk(insert(Outgoing)).run(tx, rows)
        for count in (0, 1, 3, 5, 3):
            assert sorted(query.rows(tx, ids=ids[:count], until=AT)) == [(each, AT) for each in ids[:count]]
        assert query.rows(tx, ids=ids, until=AT - timedelta(seconds=1)) == []
        assert query.rows(tx, ids=["nobody's"], until=AT) == []
        assert Query(select(func.count()).select_from(Outgoing)).rows(tx) == [(5,)]


def test_an_error_of_a_query_does_not_hold_its_values(any_runtime: Runtime) -> None:
    query = Query(select(column("x")).select_from(table("not_there")).where(column("x") == bindparam("address")))
    with any_runtime.read() as tx, pytest.raises(DBAPIError) as refused:
        query.rows(tx, address="taro@example.org")
    assert "taro" not in str(refused.value)


def test_a_parameter_may_stand_in_several_places(any_runtime: Runtime) -> None:
    at = bindparam("at", type_=Outgoing.created_at.type)
    query = Query(select(Outgoing.key).where(Outgoing.created_at >= at, Outgoing.created_at <= at, Outgoing.key != ""))
    with any_runtime.begin() as tx:
        Bulk(insert(Outgoing)).run(tx, [waiting(1)])
        assert query.rows(tx, at=AT) == [("k1",)]
        assert [found.key for found in query.records(tx, at=AT)] == ["k1"]


def test_an_insert_may_give_back_what_the_database_made(any_runtime: Runtime) -> None:
    row: dict[str, Any] = {name: bindparam(name) for name in ("company_id", "day", "mails")}
    query = Query(DAYS.values(row).returning(InvitationDayRow.day, InvitationDayRow.mails))
    with any_runtime.begin() as tx:
        assert query.rows(tx, **day(4, 2)) == [("2026-11-04", 2)]
    assert days(any_runtime) == {"2026-11-04": 2}


def test_rows_of_other_columns_than_it_was_compiled_for_are_written_all_the_same(any_runtime: Runtime) -> None:
    """A table may have got a column that nobody told `without` of: mail is stored before statements are cheap."""
    bulk = Bulk(insert(Outgoing))
    bulk.prepare(any_runtime.db.engine.dialect)
    with any_runtime.begin() as tx:
        assert bulk.run(tx, [waiting(1)]) == 1
        assert tx.session.scalar(select(Outgoing.created_at)) == AT


def test_what_is_compiled_ahead_does_the_same_and_needs_no_compiler(any_runtime: Runtime) -> None:
    wanted = InvitationDayRow.day.in_(bindparam("days", expanding=True))
    statements = (
        insert_ignoring(InvitationDayRow.__table__, "company_id", "day"),  # type: ignore[arg-type]
        Bulk(insert(Outgoing), without=("company_id", "raw_sealed", "gate_ref", "settled_at", "recipient_sealed")),
        Bulk(update(InvitationDayRow).values(mails=bindparam("new_mails"), company_id=8)),
        Query(select(InvitationDayRow.mails).where(wanted, InvitationDayRow.company_id == 8).limit(2), many="days"),
    )
    for statement in statements:
        statement.prepare(any_runtime.db.engine.dialect)
    inserting, storing, updating, asking = statements

    def work() -> None:
        with any_runtime.begin() as tx:
            assert inserting.run(tx, [day(1), day(2)]) == 2
            assert storing.run(tx, [waiting(1)]) == 1
            assert updating.run(tx, [{"new_mails": 4}]) == 2
            assert asking.rows(tx, days=["2026-11-01", "2026-11-05", "2026-11-06"]) == [(4,)]

    assert not compiled_in(work)
