"""What is found out before anything starts: ports, the data directory, its lock."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from careerrelay.home import locked_home, prepare_home
from careerrelay.sockets import open_listener
from core.endpoints import Listen
from core.errors import ConfigError
from tests.conftest import make_settings


@contextlib.contextmanager
def taken_port(*, shared: bool) -> Iterator[int]:
    with socket.socket() as other:
        if shared:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("shared", [False, True], ids=["plainly", "with SO_REUSEPORT"])
@pytest.mark.parametrize("processes", [1, 4])
def test_a_port_in_use_is_an_error_even_when_it_could_be_shared(shared: bool, processes: int) -> None:
    with taken_port(shared=shared) as port, pytest.raises(ConfigError) as caught:
        open_listener(Listen("127.0.0.1", port), processes, "CAREERRELAY_SMTP__LISTEN")
    assert caught.value.message == f"CAREERRELAY_SMTP__LISTEN: cannot listen on 127.0.0.1:{port}: the port is in use"


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(ConfigError, match="this machine has no such address"):
        open_listener(Listen("192.0.2.1", 0), 1, "CAREERRELAY_WEB__LISTEN")


def test_every_process_gets_a_socket_of_its_own_on_the_same_port() -> None:
    listener = open_listener(Listen("127.0.0.1", 0), 3, "x")
    ports = {sock.getsockname()[1] for sock in listener.sockets}
    assert ports == {listener.listen.port}
    assert listener.listen.port != 0
    assert len({sock.fileno() for sock in listener.sockets}) == 3
    assert listener.address == f"127.0.0.1:{listener.listen.port}"
    with socket.create_connection(("127.0.0.1", listener.listen.port), timeout=5):
        pass
    listener.close()


def test_home_is_made_private(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "deep" / "home")
    assert prepare_home(settings).stat().st_mode & 0o777 == 0o700


def test_a_home_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError) as caught:
        prepare_home(make_settings(tmp_path / "file" / "home"))
    assert caught.value.message.startswith("CAREERRELAY_HOME: cannot create ")


@pytest.mark.parametrize(
    ("held", "wanted", "allowed"),
    [(True, True, False), (True, False, False), (False, True, False), (False, False, True)],
)
def test_serve_is_alone_on_its_home_and_roles_share_it(tmp_path: Path, held: bool, wanted: bool, allowed: bool) -> None:
    settings = make_settings(tmp_path / "home")
    outcome = contextlib.nullcontext() if allowed else pytest.raises(ConfigError, match="another careerrelay runs")
    with locked_home(settings, exclusive=held), outcome, locked_home(settings, exclusive=wanted):
        pass


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "home")
    script = (
        "import sys, time; from pathlib import Path; from core.setting_sources import load;"
        "from careerrelay.home import locked_home;"
        "s = load(env={'CAREERRELAY_HOME': sys.argv[1]});"
        "c = locked_home(s, exclusive=True); c.__enter__(); print('held', flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script, str(settings.home)], stdout=subprocess.PIPE, cwd=root
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(ConfigError):
            locked_home(settings, exclusive=True).__enter__()
        child.kill()
        child.wait()
    with locked_home(settings, exclusive=True):
        pass
