"""The TLS certificate of the installation, as a context for listeners. Apart from the server: `check-config` asks."""

import ssl

from core.certificates import read_pair
from core.errors import ConfigError
from core.settings import PREFIX, Settings

_CERT, _KEY = f"{PREFIX}SMTP__TLS_CERT", f"{PREFIX}SMTP__TLS_KEY"


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the installation's certificate; None when it has none.

    Raises:
        ConfigError: certificate and key cannot be used.
    """
    if settings.smtp.tls_cert is None or settings.smtp.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    cert, key = settings.smtp.tls_cert, settings.smtp.tls_key
    try:
        read_pair(cert.read_bytes(), key.read_bytes(), chain_name=_CERT, key_name=_KEY)
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:  # of a kind that OpenSSL's policy does not take
        raise ConfigError(f"{_CERT}, {_KEY}: cannot be used: {error.reason or error}") from error
    except OSError as error:
        raise ConfigError(f"{_CERT}, {_KEY}: cannot read {error.filename}: {error.strerror}") from error
    return context
