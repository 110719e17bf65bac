"""A new connection to a next hop: its addresses one after the other, TLS as demanded, greeted and signed in."""

import asyncio
import os
import secrets
import socket
import ssl
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from core.endpoints import NextHop, Security
from core.errors import ConfigError
from core.settings import PREFIX, Settings
from crm.registry.hop_identity import HopIdentity
from gateway import outcome
from gateway.delivery.client import SmtpClient
from gateway.outcome import Reply
from gateway.wire.dialogue import Broken, Unavailable
from gateway.wire.wire import ClientGone, LineTooLong

#: RFC 5321 5.1: at least two addresses should be tried.
ADDRESSES_MAX = 4


def tls_context(settings: Settings, identity: HopIdentity) -> ssl.SSLContext:
    """TLS 1.2 or newer; the server's certificate is verified, ours is shown when there is one.

    Raises:
        ConfigError: RELAY__TLS_CA or the client certificate cannot be used.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.relay.tls_ca is not None:
        try:
            context.load_verify_locations(cafile=settings.relay.tls_ca)
        except ssl.SSLError:
            file = settings.relay.tls_ca
            raise ConfigError(f"{PREFIX}RELAY__TLS_CA: {file} holds no PEM certificate of a CA") from None
        except OSError as error:
            raise ConfigError(f"{PREFIX}RELAY__TLS_CA: cannot read {settings.relay.tls_ca}: {error.strerror}") from None
    if not settings.relay.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if identity.chain is not None and identity.key is not None:
        _show(context, identity.chain.encode(), identity.key)
    return context


def _show(context: ssl.SSLContext, chain: bytes, key: bytes) -> None:
    """Load a certificate. `ssl` takes files only: the key lies in one for a moment, under a passphrase of its own."""
    passphrase = secrets.token_bytes(32).hex().encode()
    try:
        sealed = load_pem_private_key(key, None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)
        )
        handle, name = tempfile.mkstemp(prefix="careerrelay-", suffix=".pem")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(chain + b"\n" + sealed)
            context.load_cert_chain(name, password=passphrase)
        finally:
            Path(name).unlink()
    except (OSError, ValueError) as error:
        raise ConfigError(f"client certificate: cannot be used: {type(error).__name__}") from error


class Dialler:
    """Opens connections to ``hop``.

    Raises:
        ConfigError: as `tls_context`.
    """

    def __init__(self, hop: NextHop, settings: Settings, identity: HopIdentity) -> None:
        self._hop = hop
        self._settings = settings
        self._tls = tls_context(settings, identity) if hop.security is not Security.PLAIN else None
        # The installation's password is for the installation's next hop; a company's own hop never gets to see it.
        own = hop == settings.relay.next_hop
        self._password = identity.password or (settings.relay.password.get_secret_value() if own else "")
        self._opened: weakref.WeakSet[SmtpClient] = weakref.WeakSet()

    async def open(self) -> SmtpClient:
        """A new connection, greeted and logged in.

        Raises:
            Unavailable: with the reason as a reply.
        """
        try:
            addresses = await self._addresses()
        except (OSError, TimeoutError, UnicodeError) as error:
            raise Unavailable(outcome.NO_ANSWER) from error
        return await self.open_at(addresses)

    async def open_at(self, addresses: Sequence[str]) -> SmtpClient:
        """A new connection to the first of ``addresses`` that answers; raises as `open`."""
        for address in addresses[:-1]:
            # One of several that does not answer must not use up the time of the others.
            try:
                return await self._open(address, self._settings.relay.connect_timeout_s / len(addresses))
            except Unavailable as unavailable:
                if unavailable.reply is not outcome.NO_ANSWER:
                    raise
        return await self._open(addresses[-1], self._settings.relay.connect_timeout_s)

    async def _addresses(self) -> list[str]:
        async with asyncio.timeout(self._settings.relay.connect_timeout_s):
            found = await asyncio.get_running_loop().getaddrinfo(
                self._hop.host, self._hop.port, type=socket.SOCK_STREAM
            )
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))[:ADDRESSES_MAX]

    async def _open(self, address: str, timeout_s: float) -> SmtpClient:
        client = SmtpClient(self._settings)
        self._opened.add(client)
        implicit = self._hop.security is Security.TLS
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: client,
                    address,
                    self._hop.port,
                    ssl=self._tls if implicit else None,
                    server_hostname=self._hop.host if implicit else None,
                )
                await client.greet(self._hop, self._password, self._tls)
        except Unavailable:
            client.abort()
            raise
        except Broken as error:
            client.abort()
            raise Unavailable(_reason(error, client)) from error
        except asyncio.CancelledError:
            client.abort()
            raise
        return client

    def abort(self) -> int:
        """Close every connection at once, whoever uses it; how many were left."""
        left = [client for client in self._opened if client.transport is not None]
        for client in left:
            client.abort()
        return len(left)


def _reason(error: BaseException, client: SmtpClient) -> Reply:
    # With TLS 1.3 a server refuses our certificate after the handshake: the connection then ends with the alert.
    failure = next((each for each in (error, client.lost) if isinstance(each, ssl.SSLError)), None)
    if failure is not None:
        return outcome.tls_failed(getattr(failure, "verify_message", "") or failure.reason or "handshake failed")
    if client.tls_is_new and isinstance(error, (ClientGone, ConnectionError)):
        return outcome.tls_failed("closed after the handshake; does the server want a client certificate?")
    if isinstance(error, (ValueError, LineTooLong)):
        return outcome.NOT_SMTP_GREETING
    return outcome.NO_ANSWER
