"""A résumé file as text, in a process of its own with hard limits: bytes on standard input, text on standard output.

Strangers send these files. Whatever a hostile one does ends with this process: it has little memory, little time, and
may write no file (RLIMIT_FSIZE 0). Metadata, comments, pictures and embedded files are not read.
"""

import io
import resource
import sys
import zipfile
from collections.abc import Iterator

CPU_S = 5
MEMORY_BYTES = 768 * 1024 * 1024
PAGES_MAX = 20
TEXT_CHARS_MAX = 20_000
#: A DOCX holds little but text and a photograph; more than that, unpacked, is a bomb.
UNPACKED_BYTES_MAX = 50 * 1024 * 1024
ENTRIES_MAX = 1_000
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class UnreadableResume(Exception):
    """Not a file that can be read; the word says why: ``kind``, ``locked``, ``pages``, ``size``, ``damaged``."""


def text_of(data: bytes) -> str:
    """Return the text of a PDF, DOCX or text file, at most ``TEXT_CHARS_MAX`` characters and a bit.

    Raises:
        UnreadableResume: with the word that says why.
    """
    if b"%PDF-" in data[:1024]:
        return _pdf(data)
    if data.startswith(b"PK\x03\x04"):
        return _docx(data)
    if data.startswith(_OLD_WORD) or b"\x00" in data.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")[:4096:2]:
        raise UnreadableResume("kind")
    return _plain(data)


def _plain(data: bytes) -> str:
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    for encoding in [*(name for mark, name in marks.items() if data.startswith(mark)), "utf-8", "cp932", "euc_jp"]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableResume("kind")


def _pdf(data: bytes) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableResume("locked")
        if len(reader.pages) > PAGES_MAX:
            raise UnreadableResume("pages")
        found: list[str] = []
        for page in reader.pages:
            found.append(page.extract_text())
            if sum(map(len, found)) > TEXT_CHARS_MAX:
                break
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableResume("damaged") from error
    return "\n".join(found)


def _docx(data: bytes) -> str:
    import docx
    from docx.opc.exceptions import OpcError

    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
        if len(entries) > ENTRIES_MAX or sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX:
            raise UnreadableResume("size")
        body = docx.Document(io.BytesIO(data)).element.body
    except (zipfile.BadZipFile, OpcError, SyntaxError, KeyError, ValueError, EOFError) as error:
        raise UnreadableResume("damaged") from error
    return "".join(_words(body))


def _words(body: object) -> Iterator[str]:
    """Text as it is read, cells and text boxes among it; deleted text has another tag (w:delText)."""
    length = 0
    for element in body.iter():  # type: ignore[attr-defined]  # an lxml element, which has no types
        word = ""
        if element.tag == f"{_WORD}t":
            word = element.text or ""
        elif element.tag in (f"{_WORD}p", f"{_WORD}br", f"{_WORD}tr"):
            word = "\n"
        elif element.tag in (f"{_WORD}tab", f"{_WORD}tc"):
            word = "\t"
        length += len(word)
        yield word
        if length > TEXT_CHARS_MAX:
            return


def main() -> int:
    """Exit status 0 with the text, or 1 with one word on standard output that says why not."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        text = text_of(sys.stdin.buffer.read())
    except (UnreadableResume, MemoryError) as error:
        sys.stdout.write(str(error) if isinstance(error, UnreadableResume) else "size")
        return 1
    sys.stdout.buffer.write(text[: TEXT_CHARS_MAX + 1].encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
