"""The envelope of a mail (RFC 5321 2.3.1): who sends, who receives, and the parameters that travel with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Recipient:
    """``params``: ``NOTIFY`` and ``ORCPT`` as they were given (RFC 3461 4)."""

    address: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Envelope:
    """``sender`` is "" for the null sender ``<>``.

    ``params`` holds what the client said and the next hop should hear: ``BODY``, ``SMTPUTF8`` (empty value), ``RET``,
    ``ENVID``, spelled as they were given; SIZE is counted anew and AUTH ends here (RFC 4954 5).
    """

    sender: str
    recipients: tuple[Recipient, ...]
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(recipient.address for recipient in self.recipients)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where and how a mail came in: what the ``Received`` field tells (RFC 5321 4.4).

    ``protocol`` is ESMTP with S and A as in RFC 3848; ``tls`` names version and cipher, empty without TLS.
    """

    peer: str
    helo: str
    protocol: str
    tls: str
    at: datetime
