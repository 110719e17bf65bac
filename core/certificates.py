"""A certificate chain and its private key as PEM files hold them: do they read, and do they belong together?"""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from core.errors import ConfigError

_SPKI = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read_pair(chain_pem: bytes, key_pem: bytes, *, chain_name: str, key_name: str) -> x509.Certificate:
    """The first certificate of the chain. The names stand before what is wrong.

    Raises:
        ConfigError: not PEM, a key with a passphrase, or they do not fit together.
    """
    try:
        leaf = x509.load_pem_x509_certificates(chain_pem)[0]
    except ValueError:
        raise ConfigError(f"{chain_name}: the file holds no PEM certificate") from None
    try:
        key = load_pem_private_key(key_pem, password=None)
    except TypeError:
        raise ConfigError(f"{key_name}: it has a passphrase; write it without one first (openssl pkey)") from None
    except ValueError:
        raise ConfigError(f"{key_name}: the file holds no PEM private key that can be read") from None
    if key.public_key().public_bytes(*_SPKI) != leaf.public_key().public_bytes(*_SPKI):
        raise ConfigError(f"{key_name}: it does not belong to the first certificate of the file")
    return leaf
