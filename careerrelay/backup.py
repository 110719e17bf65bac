"""One file with everything of an installation on SQLite: a snapshot of the database and the mails that lie beside it.

Keys are not in it unless asked for, and then only sealed with a passphrase: who steals the backup reads no sealed
column. Works beside a running `serve`. On PostgreSQL use its own tools.
"""

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from careerrelay import __version__
from core.crypto import KeyRing
from core.db import Database
from core.errors import ConfigError
from core.settings import Settings

DATABASE, MANIFEST, KEYS, SPOOL = "careerrelay.sqlite3", "manifest.json", "keys.sealed", "spool"
FORMAT = "careerrelay-backup/1"
_SPOOL_NAME = re.compile(r"spool/[0-9a-z]{1,64}\.[a-z]{1,8}\Z")
#: Columns that name a file in the spool: rewritten when the backup is restored into another directory.
_PATHS = (("mail", "body_path"), ("mail_copy", "path"))
#: RFC 7914: 64 MiB of memory a guess.
_SCRYPT = {"n": 2**16, "r": 8, "p": 1, "maxmem": 2**27, "dklen": 32}
_SNAPSHOT_TRIES = 5


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds: ``mails`` are files of large mails, small ones stand in the database."""

    version: str
    mails: int
    with_keys: bool


def backup(settings: Settings, file: Path, passphrase: str | None = None) -> Contents:
    """Write ``file`` (mode 0600, never over an existing one); with a passphrase the key ring goes in too, sealed.

    Raises:
        ConfigError: not an SQLite installation, nothing to back up, or the file cannot be written.
    """
    database = _sqlite_file(settings)
    if not database.exists():
        raise ConfigError(f"{database}: no database to back up")
    sealed = None if passphrase is None else _seal(settings.keys_file, passphrase)
    with tempfile.TemporaryDirectory(dir=settings.home, prefix="backup-") as directory:
        mails = _snapshot(database, settings.home / SPOOL, Path(directory))
        contents = Contents(__version__, len(mails), sealed is not None)
        with _new_file(file) as out, tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
            _add(archive, MANIFEST, json.dumps({"format": FORMAT, **_plain(contents)}).encode())
            if sealed is not None:
                _add(archive, KEYS, sealed)
            archive.add(Path(directory) / DATABASE, DATABASE)
            for mail in mails:
                archive.add(mail, f"{SPOOL}/{mail.name}")
    return contents


def restore(settings: Settings, file: Path, passphrase: str | None = None) -> Contents:
    """Unpack ``file`` into an empty HOME.

    Raises:
        ConfigError: HOME is not empty, the file is not a backup, or the passphrase does not fit.
    """
    database = _sqlite_file(settings)
    home, ring = settings.home, settings.keys_file
    if database.exists() or (home.exists() and any(path.suffix != ".lock" for path in home.iterdir())):
        raise ConfigError(f"CAREERRELAY_HOME: {home} is not empty; restore into an empty directory")
    try:
        with tarfile.open(file) as archive:
            contents = _contents(archive, file)
            keys = _open_sealed(_bytes_of(archive, KEYS, file), passphrase or "") if contents.with_keys else None
            _fill(archive, home, database, contents)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise ConfigError(f"{file}: {getattr(error, 'strerror', None) or 'not a backup, or cut off'}") from None
    if keys is not None:
        ring.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_private(ring, keys)
        KeyRing.load(ring)
    return contents


def _fill(archive: tarfile.TarFile, home: Path, database: Path, contents: Contents) -> None:
    """Unpack into HOME, all of it or nothing."""
    spool = home / SPOOL
    spool.mkdir(mode=0o700, parents=True)
    home.chmod(0o700)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, spool)
        undo.callback(database.unlink, missing_ok=True)
        _unpack(archive, database, spool)
        if not database.exists() or len(list(spool.iterdir())) != contents.mails:
            raise EOFError("a member is missing")
        _adopt(database, spool)
        undo.pop_all()


def _sqlite_file(settings: Settings) -> Path:
    db = Database(settings.effective_database_url)
    db.close()
    if db.sqlite_file is None:
        raise ConfigError("this installation is on PostgreSQL: back it up with pg_dump, and HOME/spool with it")
    return db.sqlite_file


def _snapshot(database: Path, spool: Path, directory: Path) -> list[Path]:
    """A consistent copy of the database, and links to every spool file that it names.

    Mails come and go meanwhile: files are linked before and after the copy, and when one that the copy names was
    missed all the same, the whole is done again.
    """
    links = directory / SPOOL
    links.mkdir()
    for _ in range(_SNAPSHOT_TRIES):
        copy = directory / DATABASE
        copy.unlink(missing_ok=True)
        _link_all(spool, links)
        with closing(sqlite3.connect(database)) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
        _link_all(spool, links)
        named = _named_files(copy)
        if all((links / name).exists() for name in named):
            return sorted(links / name for name in named)
    raise ConfigError("mail moves too fast for a consistent backup; try again in a quieter moment")


def _link_all(spool: Path, links: Path) -> None:
    for path in spool.glob("*") if spool.is_dir() else ():
        if not (links / path.name).exists():
            try:
                os.link(path, links / path.name)
            except FileNotFoundError:  # delivered and removed just now
                continue


def _named_files(copy: Path) -> set[str]:
    with closing(sqlite3.connect(copy)) as connection:
        return {
            Path(path).name
            for table, column in _PATHS
            for (path,) in connection.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")  # noqa: S608 - the names above
        }


def _adopt(database: Path, spool: Path) -> None:
    """Let the restored rows name the files where they are now, and check the database."""
    with closing(sqlite3.connect(database)) as connection:
        if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise ConfigError(f"{database}: the backup's database is damaged")
        for table, column in _PATHS:
            rows = connection.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()  # noqa: S608 - the names above
            for (old,) in rows:
                new = str(spool / Path(old).name) if "/" in old else old
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, old))  # noqa: S608
        connection.commit()


def _contents(archive: tarfile.TarFile, file: Path) -> Contents:
    try:
        stored = json.loads(_bytes_of(archive, MANIFEST, file))
        if stored.pop("format") != FORMAT:
            raise ValueError("another format")
        return Contents(**stored)
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{file}: not a backup of this program") from None


def _bytes_of(archive: tarfile.TarFile, name: str, file: Path) -> bytes:
    try:
        member = archive.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise ConfigError(f"{file}: not a backup of this program ({name} is missing)")
    return member.read()


def _unpack(archive: tarfile.TarFile, database: Path, spool: Path) -> None:
    """Only names that we write ourselves, so that no archive can write anywhere else."""
    for member in archive:
        if member.name == DATABASE:
            target = database
        elif _SPOOL_NAME.match(member.name):
            target = spool / Path(member.name).name
        else:
            continue
        source = archive.extractfile(member)
        if source is not None:
            with source, _new_file(target) as out:
                while block := source.read(1 << 20):
                    out.write(block)


def _seal(ring: Path, passphrase: str) -> bytes:
    try:
        plain = ring.read_bytes()
    except OSError as error:
        raise ConfigError(f"key ring {ring}: {error.strerror}") from None
    salt, nonce = os.urandom(16), os.urandom(12)
    return salt + nonce + AESGCM(_stretched(passphrase, salt)).encrypt(nonce, plain, FORMAT.encode())


def _open_sealed(sealed: bytes, passphrase: str) -> bytes:
    salt, nonce, body = sealed[:16], sealed[16:28], sealed[28:]
    try:
        return AESGCM(_stretched(passphrase, salt)).decrypt(nonce, body, FORMAT.encode())
    except (InvalidTag, ValueError):
        raise ConfigError("the passphrase does not open the keys of this backup") from None


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, **_SCRYPT)


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    archive.addfile(member, io.BytesIO(data))


def _plain(contents: Contents) -> dict[str, object]:
    return {"version": contents.version, "mails": contents.mails, "with_keys": contents.with_keys}


def _write_private(path: Path, data: bytes) -> None:
    with _new_file(path) as out:
        out.write(data)


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())
