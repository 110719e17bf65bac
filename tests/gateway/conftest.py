"""What tests of the mail path share: a next hop, a gateway before it, a client of that, a certificate for loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.runtime import Runtime
from tests.gateway import certificates
from tests.gateway.raw import Raw
from tests.gateway.rig import Gateway, add_company
from tests.gateway.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files of a certificate for 127.0.0.1 and of its key."""
    return certificates.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def tls(pem: tuple[Path, Path]) -> dict[str, str]:
    """Settings that make a gateway offer STARTTLS."""
    return {"SMTP__TLS_CERT": str(pem[0]), "SMTP__TLS_KEY": str(pem[1])}


@pytest.fixture
def gateway(runtime: Runtime, sink: Sink) -> Iterator[Gateway]:
    """In front of `sink`; its only company's network is this machine."""
    add_company(runtime)
    with Gateway(runtime, sink.port) as gateway:
        yield gateway


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Raw]:
    """A client of `gateway` that has read the greeting."""
    raw = Raw(gateway.port)
    assert raw.reply() == "220 gateway.example.jp ESMTP"
    yield raw
    raw.close()
