"""What tests of the mail path share: a next hop, a gateway before it, a client of that, a certificate for loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from core.runtime import Runtime
from crm.registry import smtp_users
from gateway import config, server, sweep
from tests.gateway import certificates
from tests.gateway.raw import Raw
from tests.gateway.rig import Gateway, add_company
from tests.gateway.sink import Sink

#: One hash of production takes 0.24 s of CPU; what they are is asserted in `tests/crm/test_companies.py`.
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The periods of a gateway process, shorter: most tests wait for the next look at something."""
    monkeypatch.setattr(sweep, "SWEEP_S", 0.2)
    monkeypatch.setattr(config, "LOOK_S", 0.1)
    monkeypatch.setattr(server, "LOOK_FOR_STOP_S", 0.02)
    monkeypatch.setattr(smtp_users, "_hasher", lambda: _CHEAP)
    smtp_users._nobody.cache_clear()


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
