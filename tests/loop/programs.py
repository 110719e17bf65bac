"""Mail programs that people use, for tests: found on the machine, else installed with apt as root, else a failure."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.servers import ServerMissing

NODEMAILER = "nodemailer@7.0.11"
SWAKS = ("swaks", "libnet-ssleay-perl")
INSTALL_S = 300
#: Another test may be installing something just now.
LOCK_S = 120


def program(name: str, *packages: str) -> str:
    """Path of a command; ``packages``: what brings it on Debian, by default a package of its own name.

    Raises:
        ServerMissing: it is not here and cannot be installed.
    """
    found = shutil.which(name)
    if found is None:
        apt(*(packages or (name,)))
        found = shutil.which(name)
    if found is None:
        raise ServerMissing(f"no {name}: install it (apt-get install {' '.join(packages or (name,))})")
    return found


def apt(*packages: str) -> None:
    """Install Debian packages, as far as that is possible here; whoever needs them looks again."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        options = ["-o", f"DPkg::Lock::Timeout={LOCK_S}"]
        subprocess.run(
            ["apt-get", *options, *command], env=environment, check=False, capture_output=True, timeout=INSTALL_S
        )


def swaks() -> str:
    """Path of swaks, which needs a module of Perl for TLS."""
    found = program("swaks", *SWAKS)
    if subprocess.run(["perl", "-MNet::SSLeay", "-e1"], check=False, capture_output=True).returncode != 0:
        apt(*SWAKS)
    return found


def sasl_plugins() -> Path:
    """The folder of Cyrus SASL's mechanisms, which Postfix as a client needs for AUTH PLAIN and LOGIN."""
    for again in (False, True):
        found = sorted(Path("/usr/lib").glob("*/sasl2/libplain.so*"))
        if found:
            return found[0].parent
        if not again:
            apt("libsasl2-modules")
    raise ServerMissing("no SASL mechanisms: install them (apt-get install libsasl2-modules)")


def nodemailer(folder: Path) -> str:
    """Path of node, with nodemailer installed into ``folder`` by npm."""
    node, npm = program("node", "nodejs"), program("npm")
    words = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), NODEMAILER]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=INSTALL_S)
    if done.returncode != 0:
        raise ServerMissing(f"npm cannot install {NODEMAILER}: {done.stderr[-300:]}")
    return node
