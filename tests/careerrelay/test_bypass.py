"""`careerrelay bypass` beside a running `serve`: in force when it ends, bytes as they came, nothing looked at.

And `/metrics` of the same installation, after it has done everything there is to count.
"""

import re
import smtplib
import urllib.request
from pathlib import Path

from careerrelay.demo.sink import Delivered, Sink
from core.metrics import _SECONDS
from tests.careerrelay.command_line import Installation, add_agency
from tests.careerrelay.running import Running, eventually, serving
from tests.core.test_metrics import exposed

_RECEIVED = re.compile(rb"\AReceived:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")
REJECTION = (
    "From: hr@example.co.jp\r\nTo: {to}\r\nSubject: =?utf-8?B?6YG46ICD57WQ5p6c?=\r\nMIME-Version: 1.0\r\n"
    "X-CareerRelay: rejection\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    "{to} 様\r\n\r\nこのたびは弊社の選考にご応募いただき、誠にありがとうございました。\r\n"
    "慎重に検討を重ねました結果、誠に残念ながら、今回は採用を見送らせていただくこととなりました。\r\n"
)


class World:
    def __init__(self, installation: Installation, running: Running, sink: Sink) -> None:
        self.installation, self.running, self.sink = installation, running, sink
        self.count = 0

    def sent(self) -> tuple[bytes, Delivered]:
        """Send a sure rejection to somebody new; its bytes, and what arrived."""
        self.count += 1
        to = f"taro{self.count}@example.com"
        raw = REJECTION.format(to=to).encode()
        with smtplib.SMTP("127.0.0.1", self.running.smtp_port, timeout=20) as client:
            client.sendmail("hr@example.co.jp", [to], raw, mail_options=["BODY=8BITMIME"])
        arrived = self.sink.wait_for(lambda delivered: to in delivered.recipients, 20)
        assert arrived is not None
        return raw, arrived

    def switch(self, *words: str) -> None:
        self.installation.good("bypass", *words)

    def is_untouched(self, times: int) -> None:
        for _ in range(times):  # each connection goes to a process of the kernel's choice
            raw, arrived = self.sent()
            assert _RECEIVED.sub(b"", arrived.raw, count=1) == raw
            newest = self.installation.json("queue", "list", "--all")[0]
            assert (newest["judged"], newest["verdict"], newest["note"]) == (False, None, "")

    def is_edited(self) -> None:
        _, arrived = self.sent()
        assert arrived.edited


def test_a_switch_lets_everything_through_unread(tmp_path: Path) -> None:
    with serving(tmp_path / "home", processes=2) as (running, sink):
        settings = {"SPOOL__FREE_BYTES_MIN": "0", "RELAY__NEXT_HOP": f"smtp://127.0.0.1:{sink.port}"}
        installation = Installation(tmp_path / "home", **settings)
        add_agency(installation, 1)
        installation.good("company", "set", "1", "--mode", "auto")
        world = World(installation, running, sink)
        world.is_edited()
        world.switch("on")
        world.is_untouched(times=6)
        world.switch("off")
        world.is_edited()
        world.switch("on", "--company", "1")
        world.is_untouched(times=6)
        world.switch("off", "--company", "1")
        world.is_edited()
        _everything_is_counted(running)


def _everything_is_counted(running: Running) -> None:
    def text() -> str:
        with urllib.request.urlopen(f"{running.web_url}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    lines = (
        'careerrelay_mails_received_total{company="1"} 15.0',
        'careerrelay_mails_decided_total{company="1",verdict="inject"} 3.0',
        'careerrelay_mails_edited_total{company="1"} 3.0',
        'careerrelay_deliveries_total{result="sent"} 15.0',
        "careerrelay_accept_seconds_count 15.0",
        "careerrelay_judge_seconds_count 3.0",
        "careerrelay_edit_seconds_count 3.0",
        'careerrelay_jobs_open{state="dead"} 0.0',
        'careerrelay_queue_state_oldest_seconds{state="ready"} 0.0',
        "careerrelay_spool_bytes 0.0",
    )
    assert eventually(lambda: all(line in text() for line in lines)), [line for line in lines if line not in text()]
    shown = text()
    without_labels = {name for name, (_, labels) in exposed().items() if not labels}
    assert [name for name in without_labels if f"\n# TYPE {name} " not in shown] == []
    assert float(_value(shown, "careerrelay_relay_seconds_count")) > 0, "not all: some are taken from the queue"
    assert f'careerrelay_accept_seconds_bucket{{le="{_SECONDS[-1]}"}} 15.0' in shown
    commits, operations = (
        float(_value(shown, f"careerrelay_commit_{name}")) for name in ("seconds_count", "batch_ops_sum")
    )
    assert 0 < commits <= operations


def _value(shown: str, name: str) -> str:
    found = re.search(rf"^{name} (\S+)$", shown, re.MULTILINE)
    assert found is not None, name
    return found[1]
