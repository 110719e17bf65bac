"""Asks a listener of ours, from outside, whether it answers: for `serve`'s ready line and for health checks."""

import http.client
import socket
import ssl

from core.endpoints import Listen

ANSWER_S = 2.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def mail_answers(listen: Listen) -> bool:
    """Does the address greet and leave like a mail server (RFC 5321 4.2: 220, 221)?"""
    try:
        with (
            socket.create_connection(_reachable(listen), timeout=ANSWER_S) as plain,
            _maybe_tls(plain, listen) as client,
        ):
            if not client.recv(512).startswith(b"220"):
                return False
            client.sendall(b"QUIT\r\n")
            return client.recv(512).startswith(b"221")
    except OSError:
        return False


def _maybe_tls(plain: socket.socket, listen: Listen) -> socket.socket:
    if not listen.tls:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # We talk to ourselves by address and say nothing but QUIT: the name in the certificate does not matter.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain)


def web_answers(listen: Listen, path: str = "/readyz") -> bool:
    host, port = _reachable(listen)
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(listen: Listen) -> tuple[str, int]:
    return _ANY.get(listen.host, listen.host), listen.port
