"""Keys and what is done with them: sealed columns, blind indexes, message authentication, the ledger's signature.

The ring is one JSON file (mode 0600), made only for an empty database. A purpose may have several keys: the last active
one writes, every one reads. Index keys are never deleted, or nobody would be found any more.
"""

import base64
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Literal

import idna
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from core.errors import ConfigError, Permanent

PURPOSES = ("field", "index", "token", "trace", "session", "ledger-sign", "dkim")
_REQUIRED = PURPOSES[:-1]  # a ring without a key for DKIM seals those private keys as it seals fields
_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_PIECE_BYTES = 1_048_576


class SealBroken(Permanent):
    """A sealed column does not open: wrong key ring, moved between rows, or altered."""


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    secret: bytes
    active: bool = True


def canonical_address(address: str) -> str:
    """Lower case, domain in IDNA (RFC 5891); no plus or dot stripping: providers differ in what those mean."""
    local, at, domain = address.strip().rpartition("@")
    if not at:
        return address.strip().lower()
    if domain.isascii():  # nothing to map: IDNA leaves such a domain as it is, in lower case
        return f"{local}@{domain}".lower()
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        domain = domain.lower()
    return f"{local.lower()}@{domain.lower()}"


class KeyRing:
    """The installation's keys, by purpose."""

    def __init__(self, keys: Mapping[str, tuple[Key, ...]]) -> None:
        missing = [purpose for purpose in _REQUIRED if not any(key.active for key in keys.get(purpose, ()))]
        if missing:
            raise ConfigError(f"key ring: no active key for {', '.join(missing)}")
        self._keys = dict(keys)
        self._active = {
            purpose: [key for key in ring if key.active][-1]
            for purpose, ring in keys.items()
            if any(k.active for k in ring)
        }
        self._ciphers = {key.id: AESGCM(key.secret) for key in (*keys["field"], *keys["token"], *keys.get("dkim", ()))}

    @classmethod
    def generate(cls) -> "KeyRing":
        return cls({purpose: (Key(f"{purpose[0]}1", secrets.token_bytes(_KEY_BYTES)),) for purpose in PURPOSES})

    @classmethod
    def load(cls, path: Path) -> "KeyRing":
        """Read the ring.

        Raises:
            ConfigError: the file is missing, unreadable or not a key ring; says which.
        """
        try:
            ring = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                {
                    purpose: tuple(
                        Key(key["id"], base64.b64decode(key["key"], validate=True), key["active"]) for key in keys
                    )
                    for purpose, keys in ring["purposes"].items()
                }
            )
        except OSError as error:
            raise ConfigError(
                f"key ring {path}: {error.strerror}; set CAREERRELAY_KEYS__FILE or restore the file from its backup"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"key ring {path} is damaged ({type(error).__name__}); restore it from its backup"
            ) from error

    def save(self, path: Path) -> None:
        """Write the ring with mode 0600; never over an existing file."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {
            "schema": 1,
            "purposes": {
                purpose: [
                    {"id": key.id, "key": base64.b64encode(key.secret).decode(), "active": key.active} for key in keys
                ]
                for purpose, keys in self._keys.items()
            },
        }
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())

    def seal(self, aad: str, plain: bytes, purpose: Literal["field", "dkim"] = "field") -> bytes:
        """AES-256-GCM (NIST SP 800-38D); ``aad`` = "table.column:row": a value opens only where it was written."""
        key, nonce = self._active.get(purpose, self._active["field"]), os.urandom(_NONCE_BYTES)
        return _seal_head(key, nonce) + self._ciphers[key.id].encrypt(nonce, plain, aad.encode())

    def seal_pieces(self, aad: str, plain: bytes | mmap) -> Iterator[bytes]:
        """What `seal` gives, piece by piece: for what should not stand in memory as a whole."""
        key, nonce = self._active["field"], os.urandom(_NONCE_BYTES)
        encryptor = Cipher(AES(key.secret), GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(aad.encode())
        yield _seal_head(key, nonce)
        for start in range(0, len(plain), _PIECE_BYTES):
            yield encryptor.update(plain[start : start + _PIECE_BYTES])
        yield encryptor.finalize() + encryptor.tag

    def open(self, aad: str, sealed: bytes) -> bytes:
        """The plain bytes of ``sealed``.

        Raises:
            SealBroken: no such key in the ring, or the value was altered or moved.
        """
        length = sealed[1] if len(sealed) > 2 else 0
        name = sealed[2 : 2 + length].decode("ascii", "replace")
        cipher = self._ciphers.get(name)
        if sealed[:1] != _VERSION or cipher is None:
            raise SealBroken(f"{aad.partition(':')[0]}: sealed with a key that is not in the ring")
        start = 2 + length
        nonce, body = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, aad.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(
                f"{aad.partition(':')[0]}: the sealed value was altered or belongs to another row"
            ) from error

    def seal_text(self, aad: str, plain: str) -> bytes:
        return self.seal(aad, plain.encode("utf-8", "surrogateescape"))

    def open_text(self, aad: str, sealed: bytes) -> str:
        return self.open(aad, sealed).decode("utf-8", "surrogateescape")

    def index(self, company_id: int, address: str) -> str:
        """Blind index of a mail address inside one company: "KEYID:hex of HMAC-SHA-256"."""
        return _index(self._active["index"], company_id, address)

    def indexes(self, company_id: int, address: str) -> list[str]:
        """The same under every index key, newest first: what a look-up must ask for."""
        return [_index(key, company_id, address) for key in reversed(self._keys["index"])]

    def mac(self, purpose: str, data: bytes) -> str:
        """ "KEYID:hex", HMAC-SHA-256 cut to 128 bits (RFC 2104 5 allows the cut)."""
        key = self._active[purpose]
        return f"{key.id}:{hmac.digest(key.secret, data, 'sha256')[:16].hex()}"

    def verify_mac(self, purpose: str, data: bytes, mac: str) -> bool:
        name, _, digest = mac.partition(":")
        for key in self._keys[purpose]:
            if key.id == name:
                return hmac.compare_digest(hmac.digest(key.secret, data, "sha256")[:16].hex(), digest)
        return False

    def secret(self, purpose: str) -> bytes:
        return self._active[purpose].secret

    def signer(self) -> Ed25519PrivateKey:
        """Signs heads and exports of the ledger (RFC 8032)."""
        return Ed25519PrivateKey.from_private_bytes(self._active["ledger-sign"].secret)


def _seal_head(key: Key, nonce: bytes) -> bytes:
    name = key.id.encode()
    return _VERSION + bytes([len(name)]) + name + nonce


def _index(key: Key, company_id: int, address: str) -> str:
    data = f"{company_id}\n{canonical_address(address)}".encode("utf-8", "surrogateescape")
    return f"{key.id}:{hmac.digest(key.secret, data, 'sha256').hex()}"
