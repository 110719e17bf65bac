"""Statements that run straight on the driver do what SQLAlchemy would have done, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import bindparam, column, func, insert, select, table, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.bulk import Bulk, Query, insert_ignoring
from core.outbox import Outgoing
from core.runtime import Runtime
from crm.tables import InvitationDayRow, SuppressionRow

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DAYS = insert(InvitationDayRow)


def days(runtime: Runtime) -> dict[str, int]:
    with runtime.read() as tx:
        rows = tx.session.execute(select(InvitationDayRow.day, InvitationDayRow.mails)).all()
    return {row.day: row.mails for row in rows}


def day(number: int, mails: int = 1) -> dict[str, object]:
    return {"company_id": 7, "day": f"2026-11-{number:02}", "mails": mails}


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
    sent = {"id": "b" * 16, "key": "k", "kind": "dsn", "state": "waiting", "sender": "", "created_at": AT}
    with any_runtime.begin() as tx:
        Bulk(insert(Outgoing)).run(tx, [sent])
    with any_runtime.read() as tx:
        assert tx.session.scalar(select(Outgoing.created_at)) == AT


def test_a_query_gives_rows_of_python_values_for_any_number_of_wanted_ones(any_runtime: Runtime) -> None:
    columns = Outgoing.id, Outgoing.created_at
    wanted = Outgoing.id.in_(bindparam("ids", expanding=True)), Outgoing.kind == "dsn"
    query = Query(select(*columns).where(*wanted, Outgoing.created_at <= bindparam("until")), many="ids")
    ids = [f"{number:016}" for number in range(5)]
    rows = [
        {"id": each, "key": each, "kind": "dsn", "state": "waiting", "sender": "", "created_at": AT} for each in ids
    ]
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
