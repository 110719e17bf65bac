"""A text part decoded without any doubt: once a mail, shared by those who read it and those who write into it."""

from typing import NamedTuple

from gateway.letter.charset import Charset


class DecodedText(NamedTuple):
    """``encoded`` as it stands in the mail, ``octets`` without the transfer encoding, ``text`` in characters."""

    encoded: bytes
    octets: bytes
    charset: Charset
    text: str
