"""How the rate holds on a disk whose every sync takes longer: many sessions against one.

    python -m benchmarks.slow_disk --sync-ms 10 --sessions 50 --messages 1000

A shared object, compiled by `cc` into a temporary folder and put before the C library (LD_PRELOAD), lets each fsync and
fdatasync of the gateway take so much longer. Needs root, as `benchmarks.mail_rate` does.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.mail_rate import gateway, message, run_once
from tests.servers import free_port

SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
static int slowly(const char *name, int fd) {
    usleep(SYNC_US);
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(fd);
}
int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
"""


def slow_syncs(folder: Path, sync_ms: int) -> Path:
    """Compile the shared object."""
    (folder / "slow.c").write_text(SOURCE)
    library = folder / "slow.so"
    command = ["cc", "-shared", "-fPIC", f"-DSYNC_US={sync_ms * 1000}", "-o", str(library), str(folder / "slow.c")]
    subprocess.run([*command, "-ldl"], check=True)
    return library


def measure(arguments: argparse.Namespace) -> None:
    folder = Path(tempfile.mkdtemp(prefix="cr-bench-"))
    folder.chmod(0o755)
    mail = folder / "mail.eml"
    mail.write_bytes(message("4k").replace(b"\r\n", b"\n"))
    sink_port = free_port()
    os.environ["LD_PRELOAD"] = str(slow_syncs(folder, arguments.sync_ms))
    with gateway(sink_port, folder) as target:
        del os.environ["LD_PRELOAD"]
        run_once(target, sink_port, mail, 100, arguments.sessions, 0)  # warms up
        ratios = []
        for number in range(arguments.rounds):
            alone, _ = run_once(target, sink_port, mail, arguments.messages // 10, 1, 10 * number + 1)
            together, _ = run_once(target, sink_port, mail, arguments.messages, arguments.sessions, 10 * number + 2)
            ratios.append(together / alone)
            print(
                f"+{arguments.sync_ms} ms a sync: 1 session {alone:.0f} msg/s, "
                f"{arguments.sessions} sessions {together:.0f} msg/s, {ratios[-1]:.1f}x",
                flush=True,
            )
        print(f"median {statistics.median(ratios):.1f}x")
    shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sync-ms", type=int, default=10)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    if os.geteuid() != 0:
        sys.exit("run as root: smtp-sink needs it")
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
