"""A statement that was handed out binds the book: in the database, and in an export without one."""

from pathlib import Path

import pytest
from sqlalchemy import text

from core.bundle import fingerprint
from core.runtime import Runtime
from ledger import paper
from ledger.chain import GENESIS, entry_hash
from ledger.csvfile import BOM, line
from ledger.export import export
from ledger.heads import sign_at
from tests.ledger.books import earn_many, open_book


@pytest.fixture
def statement(runtime: Runtime, tmp_path: Path) -> Path:
    """Of a book of five entries, signed at its third."""
    open_book(runtime)
    earn_many(runtime, 5)
    with runtime.read() as tx:
        head = tx.session.execute(text("SELECT hash FROM ledger_entry WHERE seq = 3")).scalar_one()
        signed = sign_at(tx, 1, 3, head, tx.now)
    values = {"programme": 1, "last_seq": 3, "head": head, "head_at": signed.at}
    values |= {"public_key": signed.public_key, "signature": signed.signature.hex()}
    path = tmp_path / "statement.csv"
    path.write_bytes(BOM + b"".join(line((key, "", value)) for key, value in values.items()))
    return path


def rewrite_the_book(runtime: Runtime) -> None:
    """Somebody who owns the database changes entry 2 and writes the whole chain anew."""
    with runtime.begin() as tx:
        tx.session.execute(text("DROP TRIGGER ledger_entry_no_update"))
        rows = tx.session.execute(text("SELECT seq, body FROM ledger_entry ORDER BY seq")).all()
        head = GENESIS
        for seq, stored in rows:
            body = stored.replace(b'"actor":"system"', b'"actor":"nobody"') if seq == 2 else stored
            prev, head = head, entry_hash(head, body)
            tx.session.execute(
                text("UPDATE ledger_entry SET body = :body, prev = :prev, hash = :head WHERE seq = :seq"),
                {"body": body, "prev": prev, "head": head, "seq": seq},
            )
        tx.session.execute(text("UPDATE ledger_account SET head = :head"), {"head": head})


def test_a_statement_fits_its_book_and_no_rewritten_one(runtime: Runtime, statement: Path, tmp_path: Path) -> None:
    with runtime.read() as tx:
        report = paper.check_in_book(tx, statement)
        export(tx, [1], tmp_path / "good")
    assert (report.ok, report.programme_id, report.seq) == (True, 1, 3)
    assert paper.check_in_export(tmp_path / "good", statement, report.fingerprint).ok
    rewrite_the_book(runtime)
    with runtime.read() as tx:
        assert paper.check_in_book(tx, statement).problems == (
            "programme 1, entry 3 or one before it was changed since the statement",
        )
        export(tx, [1], tmp_path / "rewritten")  # the chain itself is whole again
    assert not paper.check_in_export(tmp_path / "rewritten", statement).ok


def test_an_entry_that_is_gone_is_missed(runtime: Runtime, statement: Path, tmp_path: Path) -> None:
    with runtime.begin() as tx:
        tx.session.execute(text("DROP TRIGGER ledger_entry_no_delete"))
        tx.session.execute(text("DELETE FROM ledger_entry"))
        assert "has no entry 3" in paper.check_in_book(tx, statement).problems[0]
    assert "cannot be read" in paper.check_in_export(tmp_path, statement).problems[0]


def test_every_changed_value_of_a_statement_is_found(runtime: Runtime, statement: Path) -> None:
    good = statement.read_bytes()
    with runtime.read() as tx:
        key = paper.check_in_book(tx, statement).fingerprint
        assert key == fingerprint(tx.keys.signer().public_key().public_bytes_raw())
        for row in good.removeprefix(BOM).splitlines():
            changed = row[:-2] + (b"1" if row[-2:-1] != b"1" else b"2") + row[-1:]
            statement.write_bytes(good.replace(row, changed))
            assert not paper.check_in_book(tx, statement, key).ok, row
        for odd in (b"", b"no csv\x00", good[:-20], BOM):
            statement.write_bytes(odd)
            assert not paper.check_in_book(tx, statement).ok
        statement.write_bytes(good)
        assert "another key" in paper.check_in_book(tx, statement, "0" * 64).problems[0]
