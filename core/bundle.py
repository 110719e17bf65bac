"""A directory that proves itself: files, a manifest with their SHA-256, and a detached Ed25519 signature (RFC 8032).

Whoever has the directory and knows the fingerprint of the key from somewhere else can check it offline.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.errors import ConfigError

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MANIFEST_BYTES_MAX = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found; ``facts`` is empty when the manifest cannot be trusted."""

    facts: Mapping[str, Any]
    fingerprint: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass
class HashedFile:
    """A file of a bundle while it is written."""

    _file: IO[bytes]
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Folder:
    """A bundle that is being written: its files, then one signature over all of them."""

    directory: Path
    _hashes: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def file(self, name: str) -> Iterator[HashedFile]:
        """Write a file; several may be open at once. ``name``: of one or more parts with "/"."""
        path = self.directory / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("xb") as file:
            made = HashedFile(file)
            yield made
        self._hashes[name] = made.sha256

    def sign(self, facts: Mapping[str, Any], signer: Ed25519PrivateKey) -> str:
        """Write the manifest (``facts``, plain JSON values, with the hashes) and its signature; the fingerprint."""
        public_key = signer.public_key().public_bytes_raw()
        manifest: dict[str, Any] = {
            **facts,
            "files": self._hashes,
            "public_key": public_key.hex(),
            "fingerprint": fingerprint(public_key),
        }
        signed = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=True).encode("ascii") + b"\n"
        (self.directory / MANIFEST).write_bytes(signed)
        (self.directory / SIGNATURE).write_bytes(signer.sign(signed))
        return fingerprint(public_key)


@contextmanager
def folder(directory: Path) -> Iterator[Folder]:
    """Begin a bundle in ``directory`` (made if missing, else empty). Without `Folder.sign` it proves nothing.

    Raises:
        ConfigError: the directory has something in it, or cannot be written.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise ConfigError(f"{directory} is not empty: choose a new directory")
        yield Folder(directory)
    except OSError as error:
        raise ConfigError(f"{directory} cannot be written: {error.strerror}") from error


def write(
    directory: Path, files: Mapping[str, Iterable[bytes]], facts: Mapping[str, Any], signer: Ed25519PrivateKey
) -> str:
    """Write the files into ``directory`` and sign them; returns the fingerprint. ``files``: name to its blocks.

    Raises:
        ConfigError: as in `folder`.
    """
    with folder(directory) as made:
        for name, blocks in files.items():
            with made.file(name) as file:
                for block in blocks:
                    file.write(block)
        return made.sign(facts, signer)


def check(directory: Path, expected_format: str, expected_fingerprint: str | None = None) -> Checked:
    """Check signature and every file. Without ``expected_fingerprint`` it only shows that all parts belong together."""
    try:
        signed, signature = _read(directory / MANIFEST), _read(directory / SIGNATURE)
        manifest: dict[str, Any] = json.loads(signed)
        key = bytes.fromhex(manifest["public_key"])
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
        hashes = {str(name): str(digest) for name, digest in manifest["files"].items()}
    except OSError as error:
        return Checked({}, "", (unreadable(error),))
    except InvalidSignature:
        return Checked({}, "", ("the signature does not fit the manifest",))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Checked({}, "", ("the manifest cannot be read",))
    problems = []
    if manifest.get("format") != expected_format:
        problems.append(f"not of the format {expected_format}")
    if expected_fingerprint is not None and fingerprint(key) != expected_fingerprint.strip().lower().replace(":", ""):
        problems.append(f"signed with another key: {fingerprint(key)}")
    problems += _wrong_files(directory, hashes)
    return Checked(manifest, fingerprint(key), tuple(problems))


def unreadable(error: OSError) -> str:
    """The line about a file of a bundle that cannot be opened, or be read to its end (then nobody knows which)."""
    file = f"{_shown(Path(error.filename).name)}: " if error.filename else ""
    return f"{file}cannot be read: {error.strerror}"


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of the 32 bytes of the key, in hex."""
    return hashlib.sha256(public_key).hexdigest()


def _wrong_files(directory: Path, hashes: Mapping[str, str]) -> list[str]:
    found = (path for path in directory.rglob("*") if path.is_symlink() or not path.is_dir())
    there = {path.relative_to(directory).as_posix() for path in found}
    problems = [f"{_shown(name)}: is missing" for name in sorted(hashes.keys() - there)]
    extra = sorted(there - hashes.keys() - {MANIFEST, SIGNATURE})
    problems += [f"{_shown(name)}: not in the manifest" for name in extra]
    for name in sorted(hashes.keys() & there):
        try:
            with (directory / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != hashes[name]:
                    problems.append(f"{_shown(name)}: was altered")
        except OSError as error:
            problems.append(f"{_shown(name)}: cannot be read: {error.strerror}")
    return problems


def _shown(name: str) -> str:
    """A stranger's file name on a line of its own: no line break and no control sequence of a terminal gets through."""
    return name if name.isprintable() else ascii(name)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MANIFEST_BYTES_MAX)
