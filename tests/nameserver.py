"""A name server for tests: answers over UDP on loopback from a table, and says "no such name" about all others."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]


@dataclass
class NameServer:
    """``zone``: (name, type) -> records in zone file form; may be changed while it runs. ``asked``: every question."""

    zone: dict[tuple[str, str], Sequence[str]]
    address: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, octets: bytes) -> bytes:
        query = dns.message.from_wire(octets)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        records = self.zone.get((name, kind), ())
        if records:
            reply.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, list(records)))
        elif not any(known == name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()


def txt(text: str) -> str:
    """A TXT record in zone file form, cut into strings of at most 255 octets (RFC 1035 3.3)."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))


@contextmanager
def name_server(zone: Zone | None = None) -> Iterator[NameServer]:
    """Run one; its ``address`` is what ``DNS__NAMESERVERS`` takes."""
    server = NameServer(dict(zone or {}))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.1)
        server.address = f"127.0.0.1:{udp.getsockname()[1]}"
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                try:
                    octets, client = udp.recvfrom(4096)
                except TimeoutError:
                    continue
                udp.sendto(server.answer(octets), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            stopped.set()
            thread.join(5)
