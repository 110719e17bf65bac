"""A directory that proves itself: files, a manifest with their SHA-256, and a detached Ed25519 signature (RFC 8032).

Whoever has the directory and knows the fingerprint of the key from somewhere else can check it offline.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def write(
    directory: Path, files: Mapping[str, Iterable[bytes]], facts: Mapping[str, Any], signer: Ed25519PrivateKey
) -> str:
    """Write the files into ``directory`` (made if missing, else empty) and sign them; returns the fingerprint.

    ``files``: name, of one or more parts with "/", to its blocks; ``facts``: plain JSON values, signed with the hashes.

    Raises:
        ConfigError: the directory has something in it, or cannot be written.
    """
    public_key = signer.public_key().public_bytes_raw()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise ConfigError(f"{directory} is not empty: choose a new directory")
        hashes = {name: _write(directory / name, blocks) for name, blocks in files.items()}
        manifest: dict[str, Any] = {
            **facts,
            "files": hashes,
            "public_key": public_key.hex(),
            "fingerprint": fingerprint(public_key),
        }
        signed = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=True).encode("ascii") + b"\n"
        (directory / MANIFEST).write_bytes(signed)
        (directory / SIGNATURE).write_bytes(signer.sign(signed))
    except OSError as error:
        raise ConfigError(f"{directory} cannot be written: {error.strerror}") from error
    return fingerprint(public_key)


def check(directory: Path, expected_format: str, expected_fingerprint: str | None = None) -> Checked:
    """Check signature and every file. Without ``expected_fingerprint`` it only shows that all parts belong together."""
    try:
        signed, signature = _read(directory / MANIFEST), _read(directory / SIGNATURE)
        manifest: dict[str, Any] = json.loads(signed)
        key = bytes.fromhex(manifest["public_key"])
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
        hashes = {str(name): str(digest) for name, digest in manifest["files"].items()}
    except OSError as error:
        return Checked({}, "", (f"cannot be read: {error.strerror}",))
    except InvalidSignature:
        return Checked({}, "", ("the signature does not fit the manifest",))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Checked({}, "", ("the manifest cannot be read",))
    problems = []
    if manifest.get("format") != expected_format:
        problems.append(f"not of the format {expected_format}")
    if expected_fingerprint is not None and fingerprint(key) != expected_fingerprint.strip().lower():
        problems.append(f"signed with another key: {fingerprint(key)}")
    problems += _wrong_files(directory, hashes)
    return Checked(manifest, fingerprint(key), tuple(problems))


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of the 32 bytes of the key, in hex."""
    return hashlib.sha256(public_key).hexdigest()


def _wrong_files(directory: Path, hashes: Mapping[str, str]) -> list[str]:
    there = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()}
    problems = [f"{name}: is missing" for name in sorted(hashes.keys() - there)]
    problems += [f"{name}: not in the manifest" for name in sorted(there - hashes.keys() - {MANIFEST, SIGNATURE})]
    for name in sorted(hashes.keys() & there):
        with (directory / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != hashes[name]:
                problems.append(f"{name}: was altered")
    return problems


def _write(path: Path, blocks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("xb") as file:
        for block in blocks:
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MANIFEST_BYTES_MAX)
