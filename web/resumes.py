"""A résumé that a candidate pastes or uploads: read in memory, shown beside its de-identified form, never kept."""

import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import BinaryIO

from flask import Flask, Request, request

from anonymizer.engine import anonymise
from anonymizer.model import Anonymised, Identity
from core.lang import Lang
from crm.profile import resume_fields
from crm.profile.forms import ProfileForm
from web import resume_child
from web.i18n import gettext
from web.problems import Problem
from web.resume_child import TEXT_CHARS_MAX

RESUME_BYTES_MAX = 3 * 1024 * 1024
READ_S = 10
READERS_MAX = 2
#: Who waits holds a thread of the whole site: files that read slowly, sent on purpose, must not fill them all.
WAIT_S = 0.5
ENDPOINT = "public.resume"
_readers = BoundedSemaphore(READERS_MAX)
_CJK = "぀-ヿ㐀-鿿豈-﫿々〆〇！-～"
# Extracted PDF text has a space wherever the typesetter moved the pen: in a line that is full of them none is meant.
_PEN_MOVES = re.compile(rf"(?<=[{_CJK}])[ \u00a0](?=[{_CJK}])")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text. ``kind`` is empty where nothing changed; ``put`` is what stands there afterwards.

    ``why`` names the rule of the decision trace, ``recogniser`` whose it is.
    """

    text: str
    put: str
    kind: str = ""
    recogniser: str = ""
    why: str = ""

    @property
    def ground(self) -> str:
        """What the decision rests on, in the words of the person it is about."""
        if self.recogniser == "identity":
            return gettext("登録に使うメールアドレスと一致")
        if self.recogniser == "propagation":
            return gettext("文中の別の箇所で名前と判断")
        if self.recogniser.startswith("person"):
            return gettext("名前の辞書、見出し、前後の言葉")
        if self.recogniser == "special":
            return gettext("選考で尋ねてはならない事柄の言葉")
        return gettext("書き方の形、桁、見出し")


@dataclass(frozen=True, slots=True)
class ReadResume:
    """The text in pieces, original and de-identified alike; ``profile``: what of the form could be read from it."""

    pieces: tuple[Piece, ...]
    profile: ProfileForm
    cut: bool

    @property
    def taken(self) -> tuple[Piece, ...]:
        """What was taken out, a piece each, in the order of the text."""
        return tuple(piece for piece in self.pieces if piece.kind)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What was taken out, each kind once, in the order of the text."""
        return tuple(dict.fromkeys(piece.kind for piece in self.taken))


class InMemoryRequest(Request):
    """Uploads stay in memory: Werkzeug would put larger ones into a temporary file."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> BinaryIO:
        from io import BytesIO

        return BytesIO()


def read_request(mail: str, lang: Lang) -> ReadResume | Problem:
    """Read what came with this request: a pasted text, else an uploaded file."""
    text = request.form.get("resume", "").strip()
    upload = request.files.get("file")
    if not text and upload is not None and upload.filename:
        extracted = text_of_file(upload.stream.read(RESUME_BYTES_MAX + 1))
        if isinstance(extracted, Problem):
            return extracted
        text = extracted
    text = _tidy(text)
    if not text:
        return Problem(
            "resume", gettext("文章を貼り付けるか、ファイルを選んでください。画像だけのPDFは読み取れません。")
        )
    shown = text[:TEXT_CHARS_MAX]
    stripped = anonymise(shown, (Identity(email=mail),), "ja" if re.search(f"[{_CJK}]", shown) else lang)
    if stripped.alert:
        return Problem(
            "resume", gettext("マイナンバーと思われる番号があります。番号を消してください。保存はしていません。")
        )
    profile = resume_fields.fill(shown, stripped, lang)
    return ReadResume(tuple(_pieces(shown, stripped)), profile, cut=len(text) > len(shown))


def text_of_file(data: bytes) -> str | Problem:
    """Have a child process read a file; it has seconds and little memory, and ends with what it reads."""
    if not _readers.acquire(timeout=WAIT_S):
        return Problem("file", gettext("ただいま混み合っています。少し待つか、文章を貼り付けてください。"))
    try:
        done = subprocess.run(  # noqa: S603 - our own file, no shell
            [sys.executable, "-I", resume_child.__file__],
            input=data,
            capture_output=True,
            timeout=READ_S,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        return _unreadable("damaged")
    finally:
        _readers.release()
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace")
    return _unreadable(done.stdout.decode("utf-8", "replace"))


def install(app: Flask) -> None:
    """Before anything else looks at the form: this one page may send more than the others."""
    app.request_class = InMemoryRequest

    @app.before_request
    def allow_a_file() -> None:
        if request.endpoint == ENDPOINT:
            request.max_content_length = RESUME_BYTES_MAX


def _unreadable(why: str) -> Problem:
    return Problem(
        "file",
        {
            "kind": gettext(
                "読み取れるのは、PDF、Word(.docx)、テキストのファイルです。文章を貼り付けることもできます。"
            ),
            "locked": gettext(
                "パスワードの付いたファイルは読み取れません。外して保存し直すか、文章を貼り付けてください。"
            ),
            "pages": gettext("20ページまでのファイルを読み取れます。必要な部分だけを貼り付けてください。"),
            "size": gettext("ファイルの中身が大きすぎます。文章を貼り付けてください。"),
        }.get(why, gettext("このファイルは読み取れませんでした。文章を貼り付けてください。")),
    )


def _tidy(text: str) -> str:
    """One kind of line end, no control characters, no runs of blank lines, no pen moves."""
    lines = ("".join(c for c in line if c == "\t" or unicodedata.category(c)[0] != "C") for line in text.splitlines())
    joined = "\n".join(_without_pen_moves(line).rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", joined).strip()


def _without_pen_moves(line: str) -> str:
    letters = len(re.findall(f"[{_CJK}]", line))
    return _PEN_MOVES.sub("", line) if len(_PEN_MOVES.findall(line)) * 2 > letters else line


def _pieces(text: str, stripped: Anonymised) -> list[Piece]:
    found, at = [], 0
    for one in stripped.findings:
        if one.start > at:
            found.append(Piece(text[at : one.start], text[at : one.start]))
        found.append(Piece(text[one.start : one.end], one.replacement, one.type, one.recogniser, one.why))
        at = one.end
    if at < len(text):
        found.append(Piece(text[at:], text[at:]))
    return found
