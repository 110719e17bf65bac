"""The manifest of an export: what was exported, and the numbers it has to add up to. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ledger.policy import Policy

FORMAT = "careerrelay-ledger-export/1"
#: The files of an export.
CSV, JSONL, KEY = "entries.csv", "entries.jsonl", "public_key.pem"


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
    """What an export says of itself beside the hashes of its files (`core/bundle.py` signs both)."""

    exported_at: str
    fingerprint: str
    programmes: tuple[ProgrammePart, ...]


def facts(exported_at: str, programmes: Sequence[ProgrammePart]) -> dict[str, Any]:
    """What goes into the signed manifest, as plain JSON values."""
    return {"format": FORMAT, "exported_at": exported_at, "programmes": [asdict(part) for part in programmes]}


def load(stored: bytes) -> Manifest:
    """Raises ManifestError. The signature is somebody else's to check."""
    try:
        found: Mapping[str, Any] = json.loads(stored)
    except ValueError as error:
        raise ManifestError(f"the manifest cannot be read: {error}") from error
    return read(found)


def read(stored: Mapping[str, Any]) -> Manifest:
    """Raises ManifestError. ``stored``: the JSON of the manifest."""
    try:
        parts = tuple(
            ProgrammePart(
                programme_id=int(part["programme_id"]),
                last_seq=int(part["last_seq"]),
                head=str(part["head"]),
                policies=tuple(Policy(**policy) for policy in part["policies"]),
                balance={str(name): int(value) for name, value in part["balance"].items()},
            )
            for part in stored["programmes"]
        )
        datetime.fromisoformat(stored["exported_at"])  # it is printed: nothing but a time
        return Manifest(str(stored["exported_at"]), str(stored["fingerprint"]), parts)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ManifestError(f"the manifest cannot be read: {error}") from error
