"""The TLS certificate of the installation, as a context for listeners. Apart from the server: `check-config` asks."""

import ssl

from core.errors import ConfigError
from core.settings import Settings


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the installation's certificate; None when it has none.

    Raises:
        ConfigError: certificate and key cannot be used.
    """
    if settings.smtp.tls_cert is None or settings.smtp.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.smtp.tls_cert, settings.smtp.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"SMTP__TLS_CERT, SMTP__TLS_KEY: cannot be used: {error.strerror or error}") from error
    return context
