"""A backup holds the database and the large mails at one moment, no keys unless asked; restoring it gives the same."""

import json
import sqlite3
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from careerrelay import opening
from careerrelay.backup import backup, restore
from core.errors import ConfigError
from core.runtime import Runtime
from core.settings import Settings
from gateway.letter.envelope import Arrival, Envelope, Recipient
from gateway.store.spool import NewMail, store
from gateway.tables import Origin, mail
from tests.careerrelay.command_line import Installation, add_company
from tests.conftest import make_settings

BODY = b"From: hr@example.co.jp\r\n\r\n" + b"x" * 1000 + b"\r\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = make_settings(tmp_path / "home")
    opening.migrated(made)
    return made


def put_mail(runtime: Runtime, number: int) -> None:
    """A mail that waits for delivery, its body in a file of the spool, as large mails are stored."""
    path = runtime.settings.home / "spool" / f"{number:016x}.eml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(BODY)
    now = runtime.clock.now()
    new = NewMail(
        queue_id=f"{number:016x}",
        origin=Origin.SMTP,
        company_id=1,
        may_judge=False,
        envelope=Envelope("hr@example.co.jp", (Recipient("taro@example.com"),)),
        arrival=Arrival("192.0.2.1", "client.example", "ESMTP", "", now),
        size=len(BODY),
        raw=None,
        body_path=path,
        leased_by=None,
        outgoing_id=None,
        gate_ref=None,
    )
    with runtime.begin() as tx:
        store(tx, [new])


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in tables}


def test_a_restored_installation_has_the_same_rows_and_mails(settings: Settings, tmp_path: Path) -> None:
    with opening.opened(settings) as runtime:
        for number in range(3):
            put_mail(runtime, number)
    contents = backup(settings, tmp_path / "b.tar.gz")
    assert (contents.mails, contents.with_keys) == (3, False)
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o777 == 0o600
    other = make_settings(tmp_path / "elsewhere")
    restore(other, tmp_path / "b.tar.gz")
    before, after = rows(settings.home / "careerrelay.sqlite3"), rows(other.home / "careerrelay.sqlite3")
    assert after.pop("mail") != before.pop("mail"), "the files lie elsewhere now"
    assert after == before
    other.keys_file.parent.mkdir()
    other.keys_file.write_bytes(settings.keys_file.read_bytes())
    with opening.opened(other) as runtime, runtime.read() as tx:
        for (path,) in tx.session.execute(mail.select().with_only_columns(mail.c.body_path)):
            assert Path(path).parent.resolve() == (other.home / "spool").resolve()
            assert Path(path).read_bytes() == BODY


def test_keys_go_in_only_when_asked_and_only_sealed(settings: Settings, tmp_path: Path) -> None:
    ring = settings.keys_file.read_bytes()
    secret = json.loads(ring)["purposes"]["field"][0]["key"].encode()
    backup(settings, tmp_path / "plain.tar.gz")
    backup(settings, tmp_path / "sealed.tar.gz", "correct horse")
    for name in ("plain.tar.gz", "sealed.tar.gz"):
        with tarfile.open(tmp_path / name) as archive:
            for member in archive:
                content = archive.extractfile(member)
                assert content is not None
                assert secret not in content.read()
    with pytest.raises(ConfigError, match="the passphrase does not open"):
        restore(make_settings(tmp_path / "wrong"), tmp_path / "sealed.tar.gz", "wrong horse")
    other = make_settings(tmp_path / "right")
    assert restore(other, tmp_path / "sealed.tar.gz", "correct horse").with_keys
    assert other.keys_file.read_bytes() == ring
    assert other.keys_file.stat().st_mode & 0o777 == 0o600
    with opening.opened(other):
        pass


def test_a_backup_under_load_is_complete(settings: Settings, tmp_path: Path) -> None:
    """Mails come and go while it is made: whatever the snapshot names, the file holds."""
    stop = threading.Event()

    def busy() -> None:
        number = 0
        with opening.opened(settings) as runtime:
            while not stop.is_set():
                put_mail(runtime, number)
                if number >= 5:  # delivered: row first, then file, as the gateway does
                    old = f"{number - 5:016x}"
                    with runtime.begin() as tx:
                        tx.session.execute(mail.delete().where(mail.c.queue_id == old))
                    (settings.home / "spool" / f"{old}.eml").unlink()
                number += 1

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for attempt in range(3):
            backup(settings, tmp_path / f"{attempt}.tar.gz")
    finally:
        stop.set()
        thread.join()
    for attempt in range(3):
        other = make_settings(tmp_path / f"restored-{attempt}")
        contents = restore(other, tmp_path / f"{attempt}.tar.gz")
        named = {row[0] for row in _paths(other)}
        assert len(named) == contents.mails
        assert all(Path(path).read_bytes() == BODY for path in named)


def _paths(settings: Settings) -> list[tuple[str]]:
    with closing(sqlite3.connect(settings.home / "careerrelay.sqlite3")) as connection:
        return connection.execute("SELECT body_path FROM mail WHERE body_path IS NOT NULL").fetchall()


def test_nothing_is_overwritten(settings: Settings, tmp_path: Path) -> None:
    backup(settings, tmp_path / "b.tar.gz")
    with pytest.raises(ConfigError, match="File exists"):
        backup(settings, tmp_path / "b.tar.gz")
    with pytest.raises(ConfigError, match="is not empty"):
        restore(settings, tmp_path / "b.tar.gz")


@pytest.mark.parametrize("name", ["../escaped.eml", "/tmp/escaped.eml", "spool/../../escaped.eml", "keys/ring.json"])
def test_an_archive_cannot_write_outside_its_place(settings: Settings, tmp_path: Path, name: str) -> None:
    backup(settings, tmp_path / "good.tar.gz")
    (tmp_path / "evil").write_bytes(b"evil")
    with tarfile.open(tmp_path / "good.tar.gz") as good, tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as bad:
        for member in good:
            bad.addfile(member, good.extractfile(member))
        bad.add(tmp_path / "evil", name)
    restore(make_settings(tmp_path / "deep" / "home"), tmp_path / "bad.tar.gz")
    written = {path.name for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"evil"}
    assert written == {"evil"}


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b broken"])
def test_a_file_that_is_no_backup_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.tar.gz").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        restore(make_settings(tmp_path / "home"), tmp_path / "b.tar.gz")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_cut_off_backup_leaves_nothing_behind(settings: Settings, tmp_path: Path, share: float) -> None:
    with opening.opened(settings) as runtime:
        put_mail(runtime, 1)
    backup(settings, tmp_path / "b.tar.gz")
    whole = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: int(len(whole) * share)])
    other = make_settings(tmp_path / "other")
    with pytest.raises(ConfigError, match="cut off"):
        restore(other, tmp_path / "cut.tar.gz")
    assert not other.home.exists() or not list(other.home.iterdir())


def test_by_command_line(tmp_path: Path) -> None:
    first = Installation(tmp_path / "first")
    add_company(first)
    file = str(tmp_path / "b.tar.gz")
    assert first.json("backup", file, "--with-keys", text="correct horse\n")["with_keys"] is True
    second = Installation(tmp_path / "second")
    second.good("restore", file, "--with-keys", text="correct horse\n")
    assert second.json("company", "list") == first.json("company", "list")


def test_on_postgresql_it_says_what_to_use_instead(pg_runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pg_dump"):
        backup(pg_runtime.settings, tmp_path / "b.tar.gz")
