"""What the running roles need beyond well-formed settings; asked before anything starts, and by `check-config`."""

from core.crypto import KeyRing
from core.errors import ConfigError
from core.setting_sources import Reading
from core.settings import Settings


def require_next_hop(settings: Settings) -> None:
    """Raises ConfigError when there is nowhere to relay to."""
    if settings.relay.next_hop is None:
        raise ConfigError(
            "CAREERRELAY_RELAY__NEXT_HOP: not set; name the server that takes the mail, for example smtp://127.0.0.1:25"
        )


def problems(reading: Reading) -> list[str]:
    """Everything that can be known without a connection, a line each: what does not read, next hop, TLS certificate,
    key ring. What hangs on a setting that is wrong itself is left out."""
    found: list[str] = []
    for ask in (require_next_hop, _require_certificate, _require_authority, _require_readable_ring):
        try:
            ask(reading.settings)
        except ConfigError as error:
            found += error.problems
    return [*reading.problems, *(line for line in found if not any(name in line for name in reading.wrong))]


def check(settings: Settings) -> None:
    """The same for those who cannot go on with any. Raises ConfigError, one line a problem."""
    found = problems(Reading(settings))
    if found:
        raise ConfigError(*found)


def _require_certificate(settings: Settings) -> None:
    if settings.smtp.tls_cert is not None:
        from gateway.certificate import tls_context

        tls_context(settings)


def _require_authority(settings: Settings) -> None:
    if settings.relay.tls_ca is not None:
        from crm.registry.hop_identity import HopIdentity
        from gateway.delivery.dial import tls_context

        tls_context(settings, HopIdentity())


def _require_readable_ring(settings: Settings) -> None:
    """A ring that is not there yet is fine: a new installation makes one."""
    try:
        exists = settings.keys_file.exists()
    except OSError as error:
        raise ConfigError(f"CAREERRELAY_KEYS__FILE: {settings.keys_file}: {error.strerror}") from None
    if exists:
        KeyRing.load(settings.keys_file)
