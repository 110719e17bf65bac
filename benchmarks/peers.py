"""What the gateway is measured against: Postfix alone, and Postfix with the classical alterMIME disclaimer filter."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.loop.postfix import Running, postfix

SCRIPT = """#!/bin/sh
# The recipe of the Postfix FILTER_README: copy to a file, edit it, give it back through sendmail.
input=$(mktemp -p {folder}/filter)
trap 'rm -f "$input"' 0
cat > "$input" || exit 75
/usr/bin/altermime --input="$input" --disclaimer={folder}/text --disclaimer-html={folder}/html || exit 75
MAIL_CONFIG={folder}/etc /usr/sbin/sendmail -G -i "$@" < "$input"
"""


def _with_filter(folder: Path) -> tuple[str, str]:
    (folder / "filter").mkdir(mode=0o777)
    (folder / "filter").chmod(0o777)
    (folder / "text").write_text("---\nhttps://relay.example.jp/r/AAAAAAAAAAAAAAAAAAAAAA\n")
    (folder / "html").write_text('<p><a href="https://relay.example.jp/r/AAAAAAAAAAAAAAAAAAAAAA">relay</a></p>\n')
    script = folder / "disclaimer"
    script.write_text(SCRIPT.format(folder=folder))
    script.chmod(0o755)
    # sendmail runs unprivileged and reads another instance's configuration only when the machine's own allows it.
    subprocess.run(["postconf", "-e", f"alternate_config_directories={folder}/etc"], check=True)
    command = f"flags=Rq user=nobody argv={script} -f ${{sender}} -- ${{recipient}}"
    return "", f"    -o content_filter=filter:dummy\nfilter unix - n n - 10 pipe {command}\n"


@contextmanager
def plain_postfix(sink_port: int) -> Iterator[Running]:
    with postfix("plain.example.jp", sink_port) as running:
        yield running


def _find_altermime() -> None:
    if shutil.which("altermime") is None:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "altermime"]
        subprocess.run(command, env=environment, check=True, capture_output=True)


@contextmanager
def altermime_postfix(sink_port: int) -> Iterator[Running]:
    _find_altermime()
    with postfix("filter.example.jp", sink_port, _with_filter) as running:
        yield running
