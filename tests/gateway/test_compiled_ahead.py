"""What a gateway asks its database is compiled in the process that forks it, on both databases."""

from datetime import date, datetime

from core import bulk, processes
from core.runtime import Runtime
from crm.agency import agencies
from crm.registry import companies
from crm.registry.companies import NewCompany
from gateway import figures, sweep
from gateway.config import read_snapshot
from gateway.letter.envelope import Arrival, Envelope, Recipient
from gateway.store import retention
from gateway.store.spool import NewMail, store
from gateway.tables import Origin
from tests.core.compiling import compiled_in


def _mail(now: datetime) -> NewMail:
    return NewMail(
        queue_id="q" * 16,
        origin=Origin.SMTP,
        company_id=None,
        may_judge=False,
        envelope=Envelope("hr@example.co.jp", (Recipient("taro@example.org"),)),
        arrival=Arrival(peer="192.0.2.1", helo="mx.example.jp", protocol="ESMTP", tls="", at=now),
        size=3,
        raw=b"x\r\n",
        body_path=None,
        leased_by=None,
    )


def test_a_gateway_that_stores_and_looks_needs_no_compiler_of_statements(any_runtime: Runtime) -> None:
    with any_runtime.begin() as tx:
        new = NewCompany("例示", ("example.co.jp",), ("hr@example.co.jp",), ("192.0.2.0/24",))
        company = companies.add(tx, new)
        agency = agencies.NewAgency("例示キャリア", "13-ユ-300001", date(2030, 3, 31), "desk@agency.example.jp")
        agencies.add(tx, company.id, agency)
    bulk.compile_all(any_runtime.db.engine.dialect)

    def work() -> None:
        with any_runtime.begin() as tx:
            process_id = processes.register(tx, "gateway")
            assert processes.beat(tx, process_id, follows=1)
            store(tx, [_mail(tx.now)])
        with any_runtime.read() as tx:
            snapshot = read_snapshot(tx)
            found = sweep.look(tx)
            assert figures.backlog(tx).total == 1
            assert retention.old_strangers(tx) == []
        assert [each.name for each in snapshot.companies] == ["例示"]
        assert [each.name for each in snapshot.agencies[company.id]] == ["例示キャリア"]
        assert found.due
        assert process_id in found.beats

    assert not compiled_in(work)
