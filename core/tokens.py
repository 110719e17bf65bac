"""Tokens that stand in links: 128 random bits, stored as a hash for look-up."""

import hashlib
import secrets


def new_token() -> str:
    """22 characters of base64url (RFC 4648 5), 128 bits from the operating system."""
    return secrets.token_urlsafe(16)


def token_sha256(token: str) -> bytes:
    """What the database looks for; a stolen table opens no page."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
