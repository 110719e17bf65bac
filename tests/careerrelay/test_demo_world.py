"""The demo's internet and its inbox page: real mails in, pages out that run nothing a mail says."""

import smtplib
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from careerrelay.demo.browser import Browser, DemoBroken, Page
from careerrelay.demo.inbox import InboxServer, Place, create_app
from careerrelay.demo.server import MARKER, emptied, free_port, settings_of
from careerrelay.demo.sink import Sink
from careerrelay.demo.world import exports
from careerrelay.sockets import open_listener
from core.endpoints import Listen
from core.errors import ConfigError


def place(**more: Any) -> Place:
    link = "http://127.0.0.1:1/sign-in/x"
    return Place("例示株式会社", "desk@agency.example.org", ("example.co.jp",), lambda: link, **more)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with Sink(tmp_path / "inbox") as started:
        yield started


@pytest.fixture
def pages(sink: Sink) -> FlaskClient:
    return create_app(sink, place()).test_client()


def send(sink: Sink, recipient: str, *, text: str = "hello", html: str = "", edited: bool = False) -> None:
    message = EmailMessage()
    message["From"] = "採用 <hr@example.co.jp>"
    message["To"] = recipient
    message["Subject"] = f"to {recipient}"
    if edited:
        message["X-CareerRelay-Trace"] = "t1:00"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.send_message(message)


def test_the_sink_keeps_what_it_took_byte_for_byte(sink: Sink, tmp_path: Path) -> None:
    raw = b"From: a@example.com\r\nTo: b@example.com\r\n\r\n" + b"\x1b$B" + b"y" * 5000 + b"\r\n.dot\r\n"
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail("a@example.com", ["b@example.com", "c@example.com"], raw)
    mail = sink.wait_for(lambda mail: True, 5)
    assert mail is not None
    assert (mail.raw, mail.sender, mail.recipients) == (raw, "a@example.com", ("b@example.com", "c@example.com"))
    assert (tmp_path / "inbox" / "0001.eml").read_bytes() == raw
    assert sink.wait_for(lambda mail: mail.number == 2, 0) is None


def test_each_reader_has_a_column(sink: Sink, pages: FlaskClient) -> None:
    for recipient in ("taro@example.com", "desk@agency.example.org", "jinji@example.co.jp"):
        send(sink, recipient, edited=recipient.startswith("taro"))
    sections = pages.get("/").text.split("<section>")[1:]
    for section, recipient in zip(sections, ("taro@", "desk@", "jinji@"), strict=True):
        assert section.count("<li>") == 1
        assert recipient in section
    assert "リンクを追加</span>" not in sections[1]
    assert 'class="mark"' in sections[0]


def test_what_the_demo_played_is_folded_away(sink: Sink) -> None:
    for recipient in ("sato@example.com", "taro@example.com", "sato@example.com"):
        send(sink, recipient)
    pages = create_app(sink, place(played=frozenset({"sato@example.com"}), played_until=2)).test_client()
    shown, folded = pages.get("/").text.split("<details>")
    assert (shown.count("<li>"), folded.count("<li>")) == (2, 1), "later mail to the same person is new"


HOSTILE = (
    '<script>alert(1)</script><img src="https://tracker.example/x.gif"><a href="https://relay.example/r/abc">go</a>'
)


def test_a_mail_is_shown_but_runs_and_loads_nothing(sink: Sink, pages: FlaskClient) -> None:
    send(sink, "taro@example.com", text=f"see https://relay.example/r/abc {HOSTILE}", html=HOSTILE)
    page = pages.get("/mail/1").text
    assert '<a href="https://relay.example/r/abc" target="_blank" rel="noreferrer">' in page
    assert "<script>" not in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    frame = pages.get("/mail/1/html")
    policy = frame.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert pages.get("/mail/1/raw").data == sink.mails()[0].raw
    assert pages.get("/mail/2").status_code == 404


def test_the_console_button_makes_a_fresh_link(pages: FlaskClient) -> None:
    answer = pages.get("/sign-in")
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://127.0.0.1:1/sign-in/x")


def test_the_inbox_answers_on_its_port(sink: Sink) -> None:
    port = free_port(0)
    server = InboxServer(create_app(sink, place()), port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/static/inbox.css", timeout=10) as response:
        assert response.status == 200
    server.close()


FORM = """<form method="post" action="/r/x/confirm"><input type="hidden" name="csrf" value="c">
<input type="checkbox" name="box.profile:1" value="sha"><input type="checkbox" name="kept" value="k" checked>
<select name="prefecture"><option value=""></option><option value="13" selected>東京都</option></select>
<textarea name="skills">a, b</textarea><button name="go" value="1">ok</button></form>"""


def test_the_demo_browser_reads_forms_as_a_browser_does() -> None:
    form = Page("http://127.0.0.1/r/x", 200, FORM).form("/confirm", csrf="c")
    assert form.fields == {"csrf": "c", "kept": "k", "prefecture": "13", "skills": "a, b"}
    assert form.boxes == {"box.profile:1": ["sha"]}
    assert form.buttons == [("go", "1")]
    with pytest.raises(DemoBroken, match="no form /answer"):
        Page("http://127.0.0.1/r/x", 200, FORM).form("/answer")


def test_the_demo_browser_says_when_nobody_answers() -> None:
    with pytest.raises(DemoBroken):
        Browser().get(f"http://127.0.0.1:{free_port(0)}/r/x")


def test_one_line_for_the_shell_sets_what_the_demo_runs_with(tmp_path: Path) -> None:
    environment = settings_of(tmp_path / "my demo's", 2525, 8080, 2626)
    done = subprocess.run(
        ["sh", "-c", f"{exports(environment)}\nenv"], env={}, capture_output=True, text=True, check=True
    )
    assert {line for line in done.stdout.splitlines() if line.startswith("CAREERRELAY_")} == {
        f"{name}={value}" for name, value in environment.items()
    }


def test_a_default_port_that_is_taken_is_replaced() -> None:
    listener = open_listener(Listen("127.0.0.1", 0), 1, "x")
    wanted = listener.listen.port
    assert free_port(wanted) != wanted
    listener.close()
    assert free_port(wanted) == wanted


def test_only_a_directory_of_an_earlier_demo_is_emptied(tmp_path: Path) -> None:
    home = emptied(tmp_path / "var" / "demo")
    assert [folder.stat().st_mode & 0o777 for folder in (home.parent, home)] == [0o700, 0o700]
    (home / "old").write_text("x")
    assert [path.name for path in emptied(home).iterdir()] == [MARKER]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis").write_text("years of work")
    with pytest.raises(ConfigError, match="not of an earlier demo"):
        emptied(mine)
    assert (mine / "thesis").exists()
