"""A real Postfix with its own configuration, queue and port; everything it accepts goes to one relay host.

Found on the machine, else installed with apt as root. It is ended by the pid of its own master.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import ServerMissing, free_port, wait_for_port

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
{more}pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = {name}
mydestination =
myorigin = $myhostname
alias_maps =
alias_database =
local_recipient_maps =
local_header_rewrite_clients =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
smtp_host_lookup = native
relayhost = [127.0.0.1]:{relay_port}
message_size_limit = 52428800
# A relay must not convert: 8-bit mail stays 8-bit whatever the next hop says.
disable_mime_output_conversion = yes
biff = no
"""


def _installed() -> bool:
    if shutil.which("postfix"):
        return True
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postfix"],
    ):
        subprocess.run(command, env=environment, check=False, capture_output=True)
    return shutil.which("postfix") is not None


@dataclass(frozen=True)
class Running:
    port: int
    master_pid: int


@contextmanager
def postfix(name: str, relay_port: int, extra: Callable[[Path], tuple[str, str]] | None = None) -> Iterator[Running]:
    """Run a Postfix called ``name`` that relays everything to 127.0.0.1:``relay_port``.

    ``extra`` gets the instance's folder and gives lines to add to main.cf and master.cf; in the latter, options of the
    SMTP server (`-o …`) may come first.
    """
    if not _installed():
        raise ServerMissing("no Postfix: install it (apt-get install postfix) or run the tests as root")
    # Not below pytest's own folder: that one is closed to the user `postfix`.
    folder = Path(tempfile.mkdtemp(prefix="cr-postfix-"))
    folder.chmod(0o755)
    port = free_port()
    for part in ("etc", "queue", "data", "log"):
        (folder / part).mkdir()
    shutil.chown(folder / "data", "postfix")
    main, master_lines = extra(folder) if extra else ("", "")
    (folder / "etc" / "main.cf").write_text(MAIN_CF.format(folder=folder, name=name, relay_port=relay_port) + main)
    (folder / "etc" / "master.cf").write_text(MASTER_CF.format(port=port, more=master_lines))
    subprocess.run(["postfix", "-c", str(folder / "etc"), "start"], check=True, capture_output=True)
    master = int((folder / "queue" / "pid" / "master.pid").read_text())
    try:
        wait_for_port(port)
        yield Running(port, master)
    finally:
        os.kill(master, signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)
