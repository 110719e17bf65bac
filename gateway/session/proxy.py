"""The header that a load balancer sends before SMTP begins: who the client behind it is. Pure.

PROXY protocol, versions 1 and 2, as HAProxy's specification "The PROXY protocol" sets them out (sections 2.1, 2.2).
Nobody may add to it or leave it out: a balancer is asked for a header on every connection, and whatever is not exactly
one is refused, since the address in it decides who may relay.
"""

import ipaddress
import struct

#: Length of the longest version 1 header, with its CRLF (2.1).
V1_BYTES_MAX = 107
V1_START = b"PROXY "
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
#: Octets of a version 2 header before the addresses.
V2_HEAD_BYTES = 16
#: Addresses and TLVs together; the specification's own examples stay far below.
V2_BODY_BYTES_MAX = 4096
#: So many octets tell the versions apart, and no header is shorter.
START_BYTES = len(SIGNATURE)

_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED, _TCP4, _TCP6 = 0x00, 0x11, 0x21
_ADDRESS_BYTES = {_TCP4: 4, _TCP6: 16}


class Malformed(Exception):
    """It is no PROXY header; the text says what is wrong with it, without any octet of it."""


def read_v1(line: bytes) -> str | None:
    """The client's address in a version 1 line, CRLF included; None: unknown, the balancer's own address counts.

    Raises:
        Malformed: with the reason.
    """
    if len(line) > V1_BYTES_MAX or not line.endswith(b"\r\n") or not line.isascii():
        raise Malformed("no end of line in time")
    words = line[:-2].decode("ascii").split(" ")
    if words[0] != "PROXY" or len(words) < 2:
        raise Malformed("not a PROXY line")
    if words[1] == "UNKNOWN":
        return None  # what follows must be ignored (2.1)
    if words[1] not in ("TCP4", "TCP6") or len(words) != 6:
        raise Malformed("neither TCP4, TCP6 nor UNKNOWN with four values")
    version = 4 if words[1] == "TCP4" else 6
    source, _ = (_address(word, version) for word in words[2:4])
    for word in words[4:]:
        _check_port(word)
    return source


def v2_body_bytes(head: bytes) -> int:
    """How many octets follow the first 16 of a version 2 header.

    Raises:
        Malformed: it is no such header, or announces too much.
    """
    if len(head) != V2_HEAD_BYTES or not head.startswith(SIGNATURE):
        raise Malformed("no version 2 signature")
    (count,) = struct.unpack_from("!H", head, 14)
    if count > V2_BODY_BYTES_MAX:
        raise Malformed("more than 4096 octets announced")
    return int(count)


def read_v2(head: bytes, body: bytes) -> str | None:
    """The client's address in a version 2 header; None: the balancer speaks for itself, or does not know.

    Raises:
        Malformed: with the reason.
    """
    if len(body) != v2_body_bytes(head):
        raise Malformed("cut off")
    command, family = head[12], head[13]
    if command == _LOCAL:
        return None  # a health check; the rest must be discarded (2.2)
    if command != _PROXY:
        raise Malformed("unknown version or command")
    if family == _UNSPECIFIED:
        return None
    if family not in _ADDRESS_BYTES:
        raise Malformed("not TCP over IPv4 or IPv6")
    width = _ADDRESS_BYTES[family]
    addresses = 2 * width + 4
    if len(body) < addresses:
        raise Malformed("addresses cut off")
    _check_tlvs(body[addresses:])
    return str(ipaddress.ip_address(body[:width]))


def _check_tlvs(octets: bytes) -> None:
    """Type, length, value (2.2.1): each must end inside the header. What they say is not asked for here."""
    at = 0
    while at < len(octets):
        if at + 3 > len(octets):
            raise Malformed("TLV cut off")
        (count,) = struct.unpack_from("!H", octets, at + 1)
        at += 3 + count
    if at != len(octets):
        raise Malformed("TLV longer than the header")


def _address(word: str, version: int) -> str:
    try:
        address = ipaddress.ip_address(word)
    except ValueError:
        raise Malformed("no address") from None
    if address.version != version or "%" in word:
        raise Malformed("address of the other family")
    return str(address)


def _check_port(word: str) -> None:
    if not word.isdigit() or len(word) > 5 or int(word) > 65_535 or (word[0] == "0" and word != "0"):
        raise Malformed("no port")
