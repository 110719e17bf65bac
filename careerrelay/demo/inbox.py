"""The demo's mailbox page: every mail that reached the internet, as its reader sees it, with links that work.

Three columns by who reads: applicants, the agency, the company. Mail is shown in a sandboxed frame without scripts
and without remote content; a link in it opens in a new tab.
"""

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parseaddr

from flask import Flask, Response, abort, render_template
from markupsafe import Markup, escape
from waitress.server import create_server
from waitress.wasyncore import close_all
from waitress.wasyncore import loop as poll_loop

from careerrelay.demo.sink import Delivered, Sink
from core.clock import JST

POLL_S = 0.2
_LINK = re.compile(r"https?://[^\s<>\"']+")
#: Whatever a mail says, its page runs nothing and loads nothing (the same policy that the console's frames have).
FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
)
PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'self'"


@dataclass(slots=True)
class Place:
    """Who reads where. ``sign_in``: makes a fresh one-time link when asked. ``played``: whose mails up to number
    ``played_until`` belong to the part that the demo plays itself; they are folded away."""

    company: str
    agency_mail: str
    company_domains: tuple[str, ...]
    sign_in: Callable[[], str]
    played: frozenset[str] = frozenset()
    played_until: int = 0


@dataclass(slots=True)
class Column:
    """One reader's mails, newest first: those to look at, and those of the played part."""

    rows: list["Row"] = field(default_factory=list)
    played: list["Row"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    time: str
    recipient: str
    sender: str
    subject: str
    edited: bool


def create_app(sink: Sink, place: Place) -> Flask:
    app = Flask("careerrelay.demo", template_folder="templates", static_folder="static")

    @app.get("/")
    def index() -> str:
        columns = {"applicant": Column(), "agency": Column(), "company": Column()}
        for mail in reversed(sink.mails()):
            column = columns[_reader(mail, place)]
            was_played = mail.number <= place.played_until and place.played.issuperset(mail.recipients)
            (column.played if was_played else column.rows).append(_row(mail))
        return render_template("inbox.html", columns=columns, place=place)

    @app.get("/mail/<int:number>")
    def mail_page(number: int) -> str:
        mail = _find(sink, number)
        fields = [(name, str(mail.parsed()[name] or "")) for name in ("From", "To", "Subject", "Date")]
        return render_template(
            "mail.html",
            row=_row(mail),
            fields=fields,
            text=_linked(mail.text("plain")),
            has_html=bool(mail.text("html")),
        )

    @app.get("/mail/<int:number>/html")
    def mail_html(number: int) -> Response:
        html = '<!doctype html><meta charset="utf-8"><base target="_blank">' + _find(sink, number).text("html")
        return _framed(Response(html, mimetype="text/html"))

    @app.get("/mail/<int:number>/raw")
    def mail_raw(number: int) -> Response:
        return _framed(Response(_find(sink, number).raw, mimetype="text/plain"))

    @app.get("/sign-in")
    def sign_in() -> Response:
        return Response(status=303, headers={"Location": place.sign_in()})

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app


class InboxServer:
    """The page on a port of its own, in a thread."""

    def __init__(self, app: Flask, port: int) -> None:
        self._stop = threading.Event()
        self._channels: dict[int, socket.socket] = {}
        self._server = create_server(app, map=self._channels, host="127.0.0.1", port=port, threads=4, ident=None)
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            poll_loop(timeout=POLL_S, use_poll=True, map=self._channels, count=1)
        self._server.task_dispatcher.shutdown()
        self._server.close()
        close_all(map=self._channels, ignore_all=True)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def _framed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    return response


def _find(sink: Sink, number: int) -> Delivered:
    mails = sink.mails()
    if not 1 <= number <= len(mails):
        abort(404)
    return mails[number - 1]


def _reader(mail: Delivered, place: Place) -> str:
    recipient = mail.recipients[0].lower()
    if recipient == place.agency_mail:
        return "agency"
    return "company" if recipient.rpartition("@")[2] in place.company_domains else "applicant"


def _row(mail: Delivered) -> Row:
    name, address = parseaddr(str(mail.parsed()["From"] or mail.sender))
    when = mail.at.astimezone(JST).strftime("%H:%M:%S")
    return Row(mail.number, when, ", ".join(mail.recipients), name or address, mail.subject, mail.edited)


def _linked(text: str) -> Markup:
    """Plain text as HTML, its addresses as links."""
    parts, last = [], 0
    for found in _LINK.finditer(text):
        url = escape(found.group())
        parts += [
            escape(text[last : found.start()]),
            Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>').format(url),
        ]
        last = found.end()
    return Markup("").join([*parts, escape(text[last:])])
