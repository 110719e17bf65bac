"""An export proves itself on another machine; whoever changes a byte of it is found."""

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from core.bundle import MANIFEST, SIGNATURE, fingerprint
from core.clock import ManualClock
from core.crypto import KeyRing
from core.errors import ConfigError, NotFound
from core.runtime import Runtime, Tx
from ledger import book, manifest
from ledger.export import BookBroken, export, verify_dir
from ledger.manifest import CSV, JSONL, KEY, Manifest
from tests.ledger.books import earn_many, open_book
from tests.ledger.test_check import as_owner, forge, write_book

NAMES = {CSV, JSONL, KEY, MANIFEST, SIGNATURE}


@pytest.fixture
def exported(runtime: Runtime, clock: ManualClock, tmp_path: Path) -> Path:
    write_book(runtime, clock)
    open_book(runtime, 2)
    earn_many(runtime, 3, programme=2, company=2)
    open_book(runtime, 5)
    directory = tmp_path / "export"
    with runtime.begin() as tx:
        export(tx, [5, 2, 1], directory)
    return directory


def manifest_of(directory: Path) -> Manifest:
    return manifest.load((directory / MANIFEST).read_bytes())


def test_an_export_is_proved_without_the_database(exported: Path) -> None:
    assert {path.name for path in exported.iterdir()} == NAMES
    report = verify_dir(exported)
    assert (report.ok, report.entries, report.fingerprint_given) == (True, 27, False)
    assert verify_dir(exported, report.fingerprint.upper()).ok
    parts = manifest_of(exported).programmes
    assert [(part.programme_id, part.last_seq) for part in parts] == [(1, 24), (2, 3), (5, 0)]
    assert parts[0].balance["consumed"] == 10


def test_an_auditor_needs_neither_settings_nor_a_database(exported: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ledger.verify import verify_dir; "
        "assert 'sqlalchemy' not in sys.modules; sys.exit(not verify_dir(Path(sys.argv[1])).ok)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code, str(exported)], cwd=root, env={}, check=False).returncode == 0


def test_the_csv_is_for_excel_and_says_what_the_book_says(exported: Path, runtime: Runtime) -> None:
    stored = (exported / CSV).read_bytes()
    assert stored.startswith(b"\xef\xbb\xbf")
    records = list(csv.DictReader(io.StringIO(stored.decode("utf-8-sig"), newline="")))
    with runtime.read() as tx:
        entries = [*book.entries(tx, 1), *book.entries(tx, 2)]
    assert [(record["programme"], record["kind"], record["reference"]) for record in records] == [
        (str(entry.programme_id), entry.kind.value, entry.reference) for entry in entries
    ]
    bodies = (exported / JSONL).read_bytes().splitlines()
    assert bodies == [entry.body() for entry in entries]


def test_an_export_of_the_first_version_is_still_proved() -> None:
    """It lies beside this file as it was written then; without settings, database or key."""
    directory = Path(__file__).with_name("exported-by-0.1")
    report = verify_dir(directory, "1b21f6f552d6c773cf6ea31356e8caafa2fe23fa71988d6cb1e0fa921a6a7422")
    assert (report.problems, report.entries, report.exported_at) == ((), 13, "2026-11-21T03:00:00.000000Z")
    assert manifest_of(directory).programmes[0].balance["slots_reserved"] == 1


def test_the_manifest_is_written_as_it_was_in_the_first_version(exported: Path) -> None:
    """The same names in the same layout, so that what reads one reads the other."""
    stored = [(place / MANIFEST).read_bytes() for place in (Path(__file__).with_name("exported-by-0.1"), exported)]
    first, now = map(json.loads, stored)
    assert [json.dumps(one, indent=1, sort_keys=True).encode() + b"\n" for one in (first, now)] == stored
    assert (now.keys(), now["format"]) == (first.keys(), first["format"])
    assert now["programmes"][0].keys() == first["programmes"][0].keys()


def flip(directory: Path, name: str, place: int) -> None:
    stored = bytearray((directory / name).read_bytes())
    stored[place % len(stored)] ^= 1 << (place % 8)
    (directory / name).write_bytes(bytes(stored))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_flipped_byte_anywhere_is_found(exported: Path, tmp_path: Path, name: str) -> None:
    size = (exported / name).stat().st_size
    for place in range(0, size, max(size // 40, 1)):
        copy = tmp_path / "copy"
        shutil.copytree(exported, copy)
        flip(copy, name, place)
        assert not verify_dir(copy).ok, place
        shutil.rmtree(copy)


def rewrite_line(directory: Path, name: str, number: int, old: bytes, new: bytes) -> None:
    lines = (directory / name).read_bytes().splitlines(keepends=True)
    assert old in lines[number]
    lines[number] = lines[number].replace(old, new)
    (directory / name).write_bytes(b"".join(lines))


def drop_line(directory: Path, name: str, number: int) -> None:
    lines = (directory / name).read_bytes().splitlines(keepends=True)
    (directory / name).write_bytes(b"".join(lines[:number] + lines[number + 1 :]))


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda path: rewrite_line(path, JSONL, 3, b'"system"', b'"cli"'), "programme 1, entry 4:"),
        (lambda path: rewrite_line(path, JSONL, 25, b'"credits":1,', b'"credits":2,'), "programme 2, entry 2:"),
        (lambda path: rewrite_line(path, CSV, 4, b'"earn"', b'"born"'), "programme 1, entry 4:"),
        (lambda path: drop_line(path, JSONL, 6), "programme 1, entry 7:"),
        (lambda path: drop_line(path, JSONL, 26), "entry 3 is missing"),
        (lambda path: drop_line(path, CSV, 0), "header"),
        (lambda path: (path / JSONL).write_bytes((path / JSONL).read_bytes() + b"{}\n"), "more entries"),
        (lambda path: (path / CSV).unlink(), f"{CSV}: cannot be read"),
        (lambda path: (path / KEY).unlink(), "is missing"),
        (lambda path: (path / SIGNATURE).unlink(), f"{SIGNATURE}: cannot be read"),
        (lambda path: (path / MANIFEST).write_bytes(b"[]"), "manifest"),
        (lambda path: (path / MANIFEST).write_bytes(b"[" * 100_000), "manifest cannot be read"),
        (lambda path: (path / "more").symlink_to(path.parent), "more: not in the manifest"),
        (lambda path: (path / "a\nall is good").touch(), r"'a\nall is good': not in the manifest"),
        (lambda path: (path / MANIFEST).write_bytes(b'{"format": "careerrelay-ledger-export/1"}'), "manifest"),
        (shutil.rmtree, f"{MANIFEST}: cannot be read"),
    ],
)
def test_tampering_is_found_and_named(exported: Path, tamper: Callable[[Path], object], said: str) -> None:
    tamper(exported)
    report = verify_dir(exported)
    assert any(said in problem for problem in report.problems), report.problems


def resign(directory: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change the manifest and sign it with a key of one's own: what a forger without ours can do."""
    signer = KeyRing.generate().signer()
    plain = json.loads((directory / MANIFEST).read_bytes())
    change(plain)
    plain["public_key"] = signer.public_key().public_bytes_raw().hex()
    stored = json.dumps(plain).encode()
    (directory / MANIFEST).write_bytes(stored)
    (directory / SIGNATURE).write_bytes(signer.sign(stored))


def test_another_key_is_seen_when_the_right_one_is_named(exported: Path) -> None:
    right = verify_dir(exported).fingerprint
    resign(exported, lambda plain: None)
    assert verify_dir(exported).ok
    assert verify_dir(exported).fingerprint != right
    assert "another key" in verify_dir(exported, right).problems[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda plain: plain["programmes"][0]["balance"].update(available=19), "balance"),
        (lambda plain: plain["programmes"][0]["balance"].pop("price"), "at least one credit"),
        (lambda plain: plain["programmes"][0].update(head="0" * 64), "signed head"),
        (lambda plain: plain["programmes"][0].update(last_seq=23), "programme 1: the entries do not end"),
        (lambda plain: plain["programmes"][0].update(policies=[]), "no terms"),
        (lambda plain: plain["programmes"].pop(), ""),
        (lambda plain: plain["programmes"].pop(0), "programme 2, entry 1: is entry 1 of programme 1"),
        (lambda plain: plain["files"].clear(), "not in the manifest"),
        (lambda plain: plain.update(programmes={}), "more entries"),
        (lambda plain: plain.update(files=[]), "manifest cannot be read"),
        (lambda plain: plain["programmes"][0].update(last_seq=float("inf")), "manifest cannot be read"),
        (lambda plain: plain.update(exported_at="\x1b[2Jgood"), "manifest cannot be read"),
    ],
)
def test_a_manifest_signed_by_somebody_must_still_add_up(
    exported: Path, change: Callable[[dict[str, object]], object], said: str
) -> None:
    resign(exported, change)
    problems = verify_dir(exported).problems
    assert any(said in problem for problem in problems) if said else not problems


def test_a_broken_book_is_not_signed(runtime: Runtime, clock: ManualClock, tmp_path: Path) -> None:
    write_book(runtime, clock)
    as_owner(runtime, "UPDATE ledger_entry SET reference = 'x', body = replace(body, 'a', 'b') WHERE seq = 5")
    with runtime.begin() as tx, pytest.raises(BookBroken, match="programme 1, entry 5"):
        export(tx, [1], tmp_path / "out")
    assert not (tmp_path / "out" / MANIFEST).exists()


def test_a_book_cut_at_its_end_is_not_signed(runtime: Runtime, clock: ManualClock, tmp_path: Path) -> None:
    write_book(runtime, clock)
    as_owner(runtime, "DELETE FROM ledger_entry WHERE seq = 24")
    with runtime.begin() as tx, pytest.raises(BookBroken, match="ends at entry 24"):
        export(tx, [1], tmp_path / "out")


def test_two_exports_of_a_rewritten_book_do_not_agree(runtime: Runtime, clock: ManualClock, tmp_path: Path) -> None:
    write_book(runtime, clock)

    def heads(name: str) -> str:
        with runtime.begin() as tx:
            return export(tx, [1], tmp_path / name).programmes[0].head

    first = heads("first")
    forge(runtime)
    assert heads("second") != first


def test_an_export_does_not_mix_with_other_files(runtime: Runtime, tmp_path: Path) -> None:
    open_book(runtime)

    def into(tx: Tx, *names: str, programme: int = 1) -> None:
        export(tx, [programme], tmp_path.joinpath(*names))

    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "a").write_text("mine")
    with runtime.begin() as tx:
        with pytest.raises(ConfigError, match="not empty"):
            into(tx, "used")
        with pytest.raises(ConfigError, match="cannot be written"):
            into(tx, "used", "a", "b")
        with pytest.raises(NotFound):
            into(tx, "new", programme=9)


def test_the_signature_is_plain_ed25519_over_the_manifest(exported: Path) -> None:
    # What `openssl pkeyutl -verify -pubin -inkey public_key.pem -rawin -in manifest.json -sigfile manifest.sig` does.
    key = load_pem_public_key((exported / KEY).read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    key.verify((exported / SIGNATURE).read_bytes(), (exported / MANIFEST).read_bytes())
    assert fingerprint(key.public_bytes_raw()) == manifest_of(exported).fingerprint


def test_books_on_postgresql_export_alike(pg_runtime: Runtime, clock: ManualClock, tmp_path: Path) -> None:
    write_book(pg_runtime, clock)
    with pg_runtime.begin() as tx:
        export(tx, [1], tmp_path / "out")
    assert verify_dir(tmp_path / "out").entries == 24
