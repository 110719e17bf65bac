"""`careerrelay queue` beside a running `serve`: held mails are approved or released, waiting ones moved by hand."""

import smtplib
import time
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from careerrelay.demo.sink import Sink
from tests.careerrelay.command_line import Installation, add_agency
from tests.careerrelay.running import Running, eventually, serving
from tests.servers import free_port

TEXT = """{name} 様

このたびは弊社の選考にご応募いただき、誠にありがとうございました。
慎重に検討を重ねました結果、誠に残念ながら、今回は採用を見送らせていただくこととなりました。
末筆ながら、{name}様の今後のご活躍を心よりお祈り申し上げます。
"""


def rejection(recipient: str, name: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "hr@example.co.jp", recipient, "選考結果のご連絡"
    message.set_content(TEXT.format(name=name), cte="base64")
    return message.as_bytes()


def send(running: Running, recipient: str, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=20) as client:
        client.sendmail("hr@example.co.jp", [recipient], raw)


def installation_of(home: Path, sink: Sink) -> Installation:
    return Installation(home, RELAY__NEXT_HOP=f"smtp://127.0.0.1:{sink.port}", SMTP__HOSTNAME="gateway.example.jp")


def test_people_decide_about_mails_that_wait(tmp_path: Path) -> None:
    with serving(tmp_path / "home", RELAY__RETRY_S="3600") as (running, sink):
        installation = installation_of(tmp_path / "home", sink)
        _moved_by_hand(installation, running, sink)
        _held_until_answered(installation, running, sink, tmp_path)


def _held_until_answered(installation: Installation, running: Running, sink: Sink, tmp_path: Path) -> None:
    add_agency(installation, 1)
    installation.good("company", "set", "1", "--mode", "confirm", "--contact-mail", "duty@example.co.jp")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    rows = "".join(f"{name}@example.com,rejected,{today}T00:00Z\n" for name in ("taro", "jiro"))
    (tmp_path / "signals.csv").write_text(f"recipient,ats_status,changed_at\n{rows}")
    assert installation.json("signals", "import", "--company", "1", str(tmp_path / "signals.csv"))["imported"] == 2
    for recipient, name in (("taro@example.com", "山田"), ("jiro@example.com", "佐藤")):
        send(running, recipient, rejection(recipient, name))
    # A mail is held after it was stored.
    assert eventually(lambda: [line["state"] for line in installation.json("queue", "list")] == ["held", "held"])
    newest, oldest = installation.json("queue", "list")
    shown = installation.json("queue", "show", str(oldest["id"]))
    assert shown["decision"]["verdict"] == "inject"
    assert shown["deliveries"][0]["recipient"] == "taro@example.com"

    assert installation.json("queue", "approve", str(oldest["id"]))["result"] == "edited"
    installation.good("queue", "release", str(newest["id"]))
    assert sink.wait_for(lambda mail: mail.recipients == ("taro@example.com",) and mail.edited, 20)
    unchanged = sink.wait_for(lambda mail: mail.recipients == ("jiro@example.com",), 20)
    assert unchanged is not None
    assert unchanged.raw.endswith(rejection("jiro@example.com", "佐藤").partition(b"\r\n\r\n")[2])
    assert not unchanged.edited
    assert "is not held" in installation.refused("queue", "approve", str(oldest["id"]))[0]
    installation.good("queue", "report-wrong", str(oldest["id"]))
    assert installation.json("company", "list")[0]["mode"] == "observe"


def _moved_by_hand(installation: Installation, running: Running, sink: Sink) -> None:
    installation.good("company", "set", "1", "--next-hop", f"smtp://127.0.0.1:{free_port()}")
    running.send(1)
    running.send(2)
    assert eventually(lambda: _waiting_after(installation) == [1, 1])
    second, first = (str(line["id"]) for line in installation.json("queue", "list"))
    installation.good("queue", "retry", second)
    assert eventually(lambda: _waiting_after(installation) == [2, 1])
    installation.good("queue", "delete", second)
    installation.good("queue", "hold", first)
    installation.good("company", "set", "1", "--next-hop", f"smtp://127.0.0.1:{sink.port}")
    (line,) = installation.refused("queue", "retry", first)
    assert line == f"careerrelay: mail {first} has no delivery that is waiting"
    installation.good("queue", "release", first)
    assert eventually(lambda: _left(sink, installation, first), 60)
    assert eventually(lambda: installation.json("queue", "list") == [])
    assert [mail.subject for mail in sink.mails()] == ["hello 1"]
    assert installation.refused("queue", "show", "99") == ["careerrelay: no mail 99"]


def _left(sink: Sink, installation: Installation, mail_id: str) -> bool:
    """A busy machine may know its new next hop only after the first try: that one is said again."""
    if sink.wait_for(lambda mail: mail.subject == "hello 1", 2):
        return True
    installation.run("queue", "retry", mail_id)
    return False


def _waiting_after(installation: Installation) -> list[int]:
    """The tries of each mail that waits for its next one; a mail under way is not listed."""
    lines = installation.json("queue", "list")
    return [line["tries"] for line in lines if line["next_try_at"] is not None]
