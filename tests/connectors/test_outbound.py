"""Where a call may lead: the open internet by https, and inside only what the setting names."""

import contextlib
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors import outbound
from core.settings import Settings
from tests.conftest import make_settings
from tests.gateway import certificates
from tests.nameserver import name_server

INSIDE = (
    "127.0.0.1",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "192.0.2.7",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2001:db8::1",
    "fec0::1",
    "64:ff9b:1::a00:1",
    "::7f00:1",
    "5f00::1",
)
OUTSIDE = ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_none_of_the_open_internet(address: str) -> None:
    assert not outbound.is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_one_in_whatever_form(address: str) -> None:
    assert outbound.is_public(ip_address(address))


def settings(home: Path, **env: str) -> Settings:
    return make_settings(home, **env)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://127.0.0.1/", "address not public"),
        ("https://localhost/", "address not public"),
        ("https://[::1]/", "address not public"),
        ("https://169.254.169.254/latest/meta-data", "address not public"),
        ("https://[::ffff:10.0.0.1]/", "address not public"),
        ("http://8.8.8.8/", "not https"),
        ("https://8.8.8.8:22/", "port not allowed"),
        ("https://2130706433/", "name unknown"),
        ("https://0x7f.1/", "name unknown"),
    ],
)
def test_an_address_that_is_not_allowed_is_refused_before_anything_is_sent(home: Path, url: str, problem: str) -> None:
    with name_server() as server, pytest.raises(outbound.Refused, match=problem):
        outbound.allowed(settings(home, DNS__NAMESERVERS=server.address), urlsplit(url))


def test_a_name_that_leads_inside_is_refused_also_when_it_leads_outside_too(home: Path) -> None:
    zone = {
        ("inside.example.com", "A"): ["10.1.2.3"],
        ("both.example.com", "A"): ["8.8.8.8", "127.0.0.1"],
        ("six.example.com", "AAAA"): ["fd00::1"],
        ("outside.example.com", "A"): ["8.8.8.8"],
    }
    with name_server(zone) as server:
        given = settings(home, DNS__NAMESERVERS=server.address)
        for name in ("inside", "both", "six"):
            with pytest.raises(outbound.Refused, match="address not public"):
                outbound.allowed(given, urlsplit(f"https://{name}.example.com/"))
        assert outbound.allowed(given, urlsplit("https://outside.example.com/")) == [ip_address("8.8.8.8")]
        with pytest.raises(outbound.Refused, match="name unknown"):
            outbound.allowed(given, urlsplit("https://nobody.example.com/"))


def test_the_name_is_asked_once_a_call(home: Path) -> None:
    """A DNS that answers otherwise the second time finds no second time."""
    with name_server({("desk.example.com", "A"): ["127.0.0.1"]}) as server:
        given = settings(home, DNS__NAMESERVERS=server.address, WEBHOOK__ALLOW_NETWORKS="127.0.0.0/8")
        answer = outbound.post(given, "http://desk.example.com:9/", {}, b"{}")
        assert answer.problem == "no connection"
        assert server.asked == [("desk.example.com", "A"), ("desk.example.com", "AAAA")]


def test_a_network_that_the_setting_names_is_allowed_with_http_and_any_port(home: Path) -> None:
    given = settings(home, WEBHOOK__ALLOW_NETWORKS="10.1.0.0/16,fd00::/8")
    assert given.webhook.allow_networks == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert outbound.allowed(given, urlsplit("http://10.1.2.3:8080/")) == [ip_address("10.1.2.3")]
    with pytest.raises(outbound.Refused):
        outbound.allowed(given, urlsplit("http://10.2.2.3:8080/"))


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    certificate, key = certificates.make(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """A test prints nothing."""

    class Quiet(HTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A handshake that the other side broke off."""

    server = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    given = settings(home, WEBHOOK__ALLOW_NETWORKS="127.0.0.0/8")
    answer = outbound.post(given, f"https://127.0.0.1:{server.server_address[1]}/", {}, b"{}")
    thread.join()
    server.server_close()
    assert (answer.status, answer.problem) == ((200, "HTTP 200") if trusted else (0, "TLS failed"))


@pytest.mark.parametrize("while_", ["handshake", "answer"])
def test_a_server_that_drips_under_tls_is_cut_too(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, while_: str
) -> None:
    """Each byte comes in time; the whole never would."""
    certificate, key = certificates.make(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    given = settings(home, WEBHOOK__ALLOW_NETWORKS="127.0.0.0/8", WEBHOOK__TIMEOUT_S="0.4")
    ended = threading.Event()

    def drip(taken: socket.socket, first: bytes) -> None:
        with taken, contextlib.suppress(OSError):  # cut off, as it should be
            taken.sendall(first)
            while not ended.wait(0.05):
                taken.sendall(b"X")

    def serve() -> None:
        taken, _ = listening.accept()
        if while_ == "handshake":
            drip(taken, b"\x16\x03\x03\x40\x00")  # a record of 16 KiB is to come
        else:
            inside = certificates.server_context(certificate, key).wrap_socket(taken, server_side=True)
            inside.recv(4096)
            drip(inside, b"HTTP/1.1 2")

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(2) as pool:
        served = pool.submit(serve)
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        called = pool.submit(outbound.post, given, url, {}, b"{}")
        waited = wait([called], timeout=5)
        ended.set()
        served.result()
    assert not waited.not_done
    assert called.result().problem == "time over"
