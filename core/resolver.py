"""Asks the DNS what others read there about a domain. For checks of the set-up, never for the way of a mail."""

from typing import Any

import dns.exception
import dns.nameserver
import dns.resolver

from core.endpoints import nameserver
from core.errors import Temporary
from core.settings import Settings

#: After so many questions in a row without an answer nobody waits for another.
SILENCES_MAX = 4


class Resolver:
    """Answers of the name servers of `settings.dns`, or of the system's."""

    def __init__(self, settings: Settings) -> None:
        given = [nameserver(text) for text in settings.dns.nameservers]
        try:
            self._resolver = dns.resolver.Resolver(configure=not given)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.resolver.Resolver(configure=False)
        if given:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in given]
        self._silences = 0
        self._resolver.lifetime = settings.dns.timeout_s
        self._resolver.timeout = settings.dns.timeout_s / 2

    def txt(self, name: str) -> list[str]:
        """The TXT records of ``name``, each with its strings joined (RFC 7208 3.3); empty when there are none.

        Raises:
            Temporary: the DNS gives no answer.
        """
        found = []
        for record in self._ask(name, "TXT"):
            joined = b"".join(record.strings)
            found.append(joined.decode("ascii", "replace"))
        return found

    def addresses(self, name: str) -> list[str]:
        """The IPv4 and IPv6 addresses of ``name``; empty when it has none. Raises Temporary as `txt` does."""
        return [record.address for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def mail_exchangers(self, name: str) -> list[str]:
        """The host names of the MX records of ``name``, the preferred first. Raises Temporary as `txt` does."""
        records = sorted(self._ask(name, "MX"), key=lambda record: int(record.preference))
        return [record.exchange.to_text(omit_final_dot=True) for record in records]

    def _ask(self, name: str, kind: str) -> list[Any]:
        if self._silences >= SILENCES_MAX:
            raise Temporary(f"the DNS gives no answer; not asked about {name} any more")
        try:
            records = list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            records = []
        except (dns.exception.DNSException, OSError, ValueError) as error:
            self._silences += isinstance(error, dns.exception.Timeout)
            raise Temporary(f"the DNS gives no answer about {name}: {type(error).__name__}") from error
        self._silences = 0
        return records
