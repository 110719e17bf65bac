"""Invented mails in every charset, encoding and structure, and a reader of the result that is no part of the product.

The reader is Python's ``email`` package: the rewriter never uses it, so that it can bear witness.
"""

import email
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import date
from email.message import Message
from pathlib import Path

from hypothesis import HealthCheck, settings

from gateway.letter import blocks
from gateway.letter.block import Block
from gateway.letter.limits import Limits
from gateway.letter.rewrite import Rewritten, rewrite
from gateway.letter.transfer import to_base64

LIMITS = Limits()


def property_of(examples: int) -> settings:
    """Hypothesis without clocks: a busy machine is no failure."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


RELAY = "https://relay.example.jp/r/AbCdEfGhIjKlMnOpQrStUv"
OPTOUT = "https://relay.example.jp/u/ZyXwVuTsRqPoNmLkJiHgFe"
REJECTIONS = sorted((Path(__file__).parent.parent / "data" / "rejection-mails").glob("*.eml"))


def ja_block(agency: str = "株式会社あおば人材", tone: str = "polite") -> Block:
    return blocks.block(
        "ja",
        tone,
        agency=agency,
        licence_no="13-ユ-000000",
        relay_url=RELAY,
        optout_url=OPTOUT,
        expires_on=date(2027, 2, 19),
    )


def en_block() -> Block:
    return blocks.block(
        "en",
        "polite",
        agency="Aoba Careers",
        licence_no="13-U-000000",
        relay_url=RELAY,
        optout_url=OPTOUT,
        expires_on=date(2027, 2, 19),
    )


JA = ja_block()
EN = en_block()

TEXT_JA = (
    "山田 花子 様\r\n\r\nこの度はご応募いただき、ありがとうございました。\r\n"
    "選考の結果、残念ながら採用を見送らせていただくこととなりました。\r\n\r\n-- \r\n株式会社あおぞら 採用担当\r\n"
)
TEXT_EN = (
    "Dear Ms Yamada,\r\n\r\nThank you for applying. We regret that you were not selected.\r\n\r\n"
    "Best regards,\r\nJane Doe\r\n"
)
# Letters of Western Europe that ASCII lacks.
TEXT_FR = "Chère Mme Yamada,\r\n\r\nNous regrettons de ne pas donner suite à votre candidature.\r\n\r\nJérôme\r\n"


# Names as Japanese companies write them: NEC's row 13 and the letters IBM added, which JIS X 0208 lacks.
TEXT_VENDOR = TEXT_JA.replace("株式会社", "㈱").replace("山田 花子", "髙山 﨑子").replace("選考", "①選考Ⅲ")


def _rows_and_cells() -> dict[str, bytes]:
    """Every character of cp932 by its JIS pair, the vendors' rows included."""
    found: dict[str, bytes] = {}
    for row in range(0x21, 0x7F):
        for cell in range(0x21, 0x7F):
            lead = (row + 1) // 2 + (0x70 if row <= 0x5E else 0xB0)
            trail = cell + (0x7E if row % 2 == 0 else 0x20 if cell >= 0x60 else 0x1F)
            letter = bytes((lead, trail)).decode("cp932", "ignore")
            if letter:
                found.setdefault(letter, bytes((row, cell)))
    return found


_PAIRS = _rows_and_cells()


def vendor_jis(text: str) -> bytes:
    """ISO-2022-JP as Windows programmes write it."""
    octets = b""
    double = False
    for letter in text:
        if letter.isascii() == double:
            octets, double = octets + (b"\x1b(B" if double else b"\x1b$B"), not double
        octets += letter.encode() if letter.isascii() else _PAIRS[letter]
    return octets + (b"\x1b(B" if double else b"")


def vendor_euc(text: str) -> bytes:
    """EUC-JP (eucjp-ms) as Windows programmes write it."""
    return b"".join(
        letter.encode() if letter.isascii() else bytes(octet | 0x80 for octet in _PAIRS[letter]) for letter in text
    )


def as_html(text: str) -> str:
    body = "\r\n".join(f"<p>{line}</p>" for line in text.split("\r\n") if line)
    return f"<html><head><style>p {{margin:0}}</style></head><body>\r\n{body}\r\n</body></html>\r\n"


def encoded(octets: bytes, encoding: str, width: int = 76) -> bytes:
    if encoding == "base64":
        return to_base64(octets, width) + b"\r\n"
    if encoding == "quoted-printable":
        return b2a_qp(b"\r\n" + octets, istext=True)[2:]
    return octets


def part(text: str | bytes, charset: str, encoding: str, kind: str = "plain", codec: str = "", **params: str) -> bytes:
    """A text part with its header fields; ``codec`` is Python's name for ``charset`` where they differ."""
    octets = text if isinstance(text, bytes) else text.encode(codec or charset)
    more = "".join(f"; {name}={value}" for name, value in params.items())
    fields = f"Content-Type: text/{kind}; charset={charset}{more}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return fields.encode() + encoded(octets, encoding)


PDF = (
    b'Content-Type: application/pdf; name="guide.pdf"\r\nContent-Disposition: attachment; filename="guide.pdf"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + to_base64(bytes(range(256)) * 3) + b"\r\n"
)
PNG = (
    b"Content-ID: <logo@example.jp>\r\nContent-Transfer-Encoding: base64\r\nContent-Type: image/png\r\n"
    b"Content-Disposition: inline\r\n\r\n" + to_base64(b"\x89PNG" + bytes(range(200))) + b"\r\n"
)


def multipart(kind: str, *parts: bytes, boundary: str = "", preamble: bytes = b"") -> bytes:
    boundary = boundary or f"=_{kind}_{len(parts)}"
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\r\n" + one + b"\r\n" for one in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + preamble + body + mark + b"--\r\n"


TOP = (
    b"Received: from ats.example.jp (ats.example.jp [192.0.2.7]) by mx.example.jp; Sat, 21 Nov 2026 12:00:00 +0900\r\n"
    b"From: =?utf-8?B?5o6h55So5ouF5b2T?= <saiyo@example.jp>\r\nTo: Hanako Yamada <hanako@example.com>\r\n"
    b"Subject: =?iso-2022-jp?B?GyRCQSo5TTdrMkwbKEI=?=\r\nDate: Sat, 21 Nov 2026 12:00:00 +0900\r\n"
    b"Message-ID: <20261121.1@example.jp>\r\nX-Odd:  two  spaces\r\n\tand a fold\r\nMIME-Version: 1.0\r\n"
)


def mail(body: bytes, top: bytes = TOP) -> bytes:
    return top + body


def edited(raw: bytes, block: Block = JA) -> bytes:
    """Rewrite, expecting success; the result is checked by ``assert_only_block_added``."""
    result = rewrite(raw, block, LIMITS)
    assert isinstance(result, Rewritten), result
    assert_only_block_added(raw, result.apply(raw), result.parts)
    return result.apply(raw)


_CODECS = {
    "iso-2022-jp": "iso2022_jp_ext",
    "shift_jis": "cp932",
    "windows-31j": "cp932",
    "x-sjis": "cp932",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "x-gbk": "gbk",
    "x-euc-jp": "euc_jp",
    "eucjp-ms": "euc_jp",
}


@dataclass(frozen=True)
class Shown:
    """A leaf as the witness sees it."""

    kind: str
    header: tuple[tuple[str, str], ...]
    payload: bytes
    octets: bytes
    text: str | None


def leaves(raw: bytes) -> list[Shown]:
    return [_shown(one) for one in email.message_from_bytes(raw).walk() if not one.is_multipart()]


def texts(raw: bytes, kind: str = "") -> list[str]:
    found = [leaf.text for leaf in leaves(raw) if leaf.text is not None and leaf.kind.endswith(kind)]
    return [text for text in found if text]


def _shown(one: Message) -> Shown:
    octets = one.get_payload(decode=True)
    assert isinstance(octets, bytes)
    text = None
    if one.get_content_maintype() == "text" and one.get_content_disposition() != "attachment":
        label = str(one.get_content_charset() or "us-ascii")
        if one.get_content_charset() is None and not octets.isascii():
            label = "utf-8"
        codec = "iso2022_jp_ext" if label == "us-ascii" and b"\x1b$" in octets else _CODECS.get(label, label)
        # Vendor characters show as their octets: the witness knows no tables but Python's.
        text = octets.decode(codec, "backslashreplace" if codec in ("iso2022_jp_ext", "euc_jp") else "strict")
    raw = one.get_payload()
    header = tuple((name.lower(), str(value)) for name, value in one.items())
    return Shown(one.get_content_type(), header, str(raw).encode("utf-8", "surrogateescape"), octets, text)


_MIME = {"content-type", "content-transfer-encoding", "mime-version"}


def assert_only_block_added(old: bytes, new: bytes, parts: int) -> None:
    """The new mail is the old one with one stretch of text added to each of ``parts`` text leaves."""
    before, after = leaves(old), leaves(new)
    assert [leaf.kind for leaf in before] == [leaf.kind for leaf in after]
    changed = 0
    for one, two in zip(before, after, strict=True):
        if one == two:
            continue
        changed += 1
        assert one.text is not None
        assert two.text is not None
        assert [f for f in one.header if f[0] not in _MIME] == [f for f in two.header if f[0] not in _MIME]
        common = common_start(one.text, two.text)
        assert two.text.endswith(one.text[common:]), "something beside the block changed"
        assert two.text.count(RELAY) == 1 + one.text.count(RELAY)
        assert two.text.count(OPTOUT) == 1 + one.text.count(OPTOUT)
        encoding = dict(two.header).get("content-transfer-encoding", "7bit").lower()
        if encoding == "7bit" and one.payload.isascii():
            assert two.payload.isascii(), "8-bit octets under 7bit"
        assert_lines_fit(one.payload, two.payload, 76 if encoding == "quoted-printable" else 998)
    assert changed == parts


def common_start(one: str, two: str) -> int:
    length = min(len(one), len(two))
    return next((i for i in range(length) if one[i] != two[i]), length)


def assert_lines_fit(old: bytes, new: bytes, octets_max: int) -> None:
    longest_before = max(map(len, old.split(b"\n")))
    assert max(len(line.rstrip(b"\r")) for line in new.split(b"\n")) <= max(octets_max, longest_before)
