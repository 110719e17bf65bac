"""The manifest of an export: what was exported, and the numbers it has to add up to. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from ledger.policy import Policy

FORMAT = "careerrelay-ledger-export/1"
#: Files named by the manifest, with their hashes.
CSV, JSONL, KEY = "entries.csv", "entries.jsonl", "public_key.pem"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"


class ManifestError(ValueError):
    """Not a manifest of this format."""


@dataclass(frozen=True, slots=True)
class ProgrammePart:
    """One programme's entries 1 to ``last_seq``, ending at ``head``; ``balance`` as `ledger.slots.Balance` has it."""

    programme_id: int
    last_seq: int
    head: str
    policies: tuple[Policy, ...]
    balance: dict[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """``files``: name -> SHA-256 in hex. ``public_key``: Ed25519, 64 hex digits."""

    exported_at: str
    public_key: str
    programmes: tuple[ProgrammePart, ...]
    files: dict[str, str]

    @property
    def fingerprint(self) -> str:
        return fingerprint(bytes.fromhex(self.public_key))

    def to_json(self) -> bytes:
        """What is signed: indented, for people."""
        plain: dict[str, Any] = {"format": FORMAT, **asdict(self), "fingerprint": self.fingerprint}
        return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=True).encode("ascii") + b"\n"


def read(stored: bytes) -> Manifest:
    """Raises ManifestError."""
    try:
        plain = json.loads(stored)
        if plain["format"] != FORMAT:
            raise ManifestError(f"not a manifest of format {FORMAT}")
        parts = tuple(
            ProgrammePart(
                programme_id=int(part["programme_id"]),
                last_seq=int(part["last_seq"]),
                head=str(part["head"]),
                policies=tuple(Policy(**policy) for policy in part["policies"]),
                balance={str(name): int(value) for name, value in part["balance"].items()},
            )
            for part in plain["programmes"]
        )
        files = {str(name): str(value) for name, value in plain["files"].items()}
        manifest = Manifest(str(plain["exported_at"]), str(plain["public_key"]), parts, files)
        if len(bytes.fromhex(manifest.public_key)) != 32:
            raise ManifestError("the public key is not one of Ed25519")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ManifestError(f"the manifest cannot be read: {error}") from error
    return manifest


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of the 32 bytes of the key, in hex: what the operator tells the auditor on another way."""
    return hashlib.sha256(public_key).hexdigest()
