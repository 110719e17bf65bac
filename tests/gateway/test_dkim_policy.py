"""Which mail is signed, by which key, and whose signatures an edit may break."""

from contextlib import nullcontext
from typing import Literal

import pytest

from crm.registry.companies import CompanyView
from gateway.letter.doubt import Doubt
from gateway.letter.limits import Limits
from gateway.letter.parse import parse
from gateway.letter.protect import refuse_foreign_signature
from gateway.signature.dkim import Signer
from gateway.signature.dkim_policy import NO_SIGNING, Signing, aligned, author_domain, signing
from rules.model import Mode
from tests.gateway.dkim_world import ed25519, rsa

PARENT, CHILD, OTHER = rsa("example.co.jp"), rsa("saiyo.example.co.jp"), rsa("example.org")


def company(
    *domains: str, signed_mail: Literal["leave", "resign"] = "leave", dkim_sign: Literal["edited", "all"] = "edited"
) -> CompanyView:
    return CompanyView(
        id=1, name="Example", mode=Mode.AUTO, hold_minutes=60, sender_domains=domains or ("example.co.jp",),
        recruiting_senders=(), networks=(), next_hop=None, bypass=False, suspended=False, locale="ja", tone="neutral",
        mail_from=None, keep_passed_days=0, stamp=None, timezone="Asia/Tokyo", signed_mail=signed_mail,
        dkim_sign=dkim_sign,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("header", "domain"),
    [
        (b"From: hr@example.co.jp\r\n", "example.co.jp"),
        (b"To: a@example.com\r\nFROM : =?utf-8?B?5Lq65LqL?=\r\n\t<HR@Example.CO.JP>\r\n", "example.co.jp"),
        (b'From: "x@example.com" <hr@example.co.jp>\r\n', "example.co.jp"),
        (b"From: a@example.co.jp, b@example.co.jp\r\n", "example.co.jp"),
        ("From: hr@日本語.example\r\n".encode(), "xn--wgv71a119e.example"),
        (b"From: a@example.co.jp, b@example.com\r\n", ""),
        (b"From: a@example.co.jp\r\nFrom: a@example.co.jp\r\n", ""),
        (b"X-From: a@example.co.jp\r\n", ""),
        (b"From: nobody\r\n", ""),
        (b"", ""),
    ],
)
def test_the_author_is_one_domain_or_none(header: bytes, domain: str) -> None:
    assert author_domain(header) == domain


@pytest.mark.parametrize(
    ("author", "signers", "fitting"),
    [
        ("example.co.jp", (PARENT, CHILD), (PARENT,)),
        ("saiyo.example.co.jp", (PARENT, CHILD), (CHILD,)),
        ("saiyo.example.co.jp", (PARENT, OTHER), (PARENT,)),
        ("example.co.jp", (CHILD, OTHER), ()),
        ("notexample.co.jp", (PARENT,), ()),
        ("example.co.jp", (PARENT, ed25519("example.co.jp")), (PARENT, ed25519("example.co.jp"))),
        ("", (PARENT,), ()),
    ],
)
def test_the_nearest_domain_signs(author: str, signers: tuple[Signer, ...], fitting: tuple[Signer, ...]) -> None:
    assert aligned(signers, author) == fitting


@pytest.mark.parametrize(
    ("signed_mail", "dkim_sign", "expected"),
    [
        ("leave", "edited", Signing(frozenset(), (PARENT,), ())),
        ("leave", "all", Signing(frozenset(), (PARENT,), (PARENT,))),
        ("resign", "edited", Signing(frozenset({"example.co.jp"}), (PARENT,), ())),
        ("resign", "all", Signing(frozenset({"example.co.jp"}), (PARENT,), (PARENT,))),
    ],
)
def test_what_the_company_asked_for(
    signed_mail: Literal["leave", "resign"], dkim_sign: Literal["edited", "all"], expected: Signing
) -> None:
    one = company(signed_mail=signed_mail, dkim_sign=dkim_sign)
    assert signing(one, (PARENT,), "example.co.jp", own_sender=True) == expected
    for signers, author, own in [
        ((), "example.co.jp", True),
        ((OTHER,), "example.co.jp", True),
        ((PARENT,), "example.com", True),
        ((PARENT,), "", True),
        ((PARENT,), "example.co.jp", False),
    ]:
        assert signing(one, signers, author, own_sender=own) == NO_SIGNING


@pytest.mark.parametrize(
    ("signed_by", "domains", "may"),
    [
        ((), (), True),
        (("example.co.jp",), (), False),
        (("example.co.jp",), ("example.co.jp",), True),
        (("Example.CO.JP",), ("example.co.jp",), True),
        (("example.co.jp", "example.net"), ("example.co.jp",), False),
        (("saiyo.example.co.jp",), ("example.co.jp",), False),
        (("saiyo.example.co.jp",), (".example.co.jp",), True),
        (("example.co.jp",), (".example.co.jp",), False),
        (("notexample.co.jp",), (".example.co.jp",), False),
        (("notexample.co.jp",), ("example.co.jp",), False),
        (("",), ("", ".example.co.jp"), True),
    ],
)
def test_whose_signature_stops_an_edit(signed_by: tuple[str, ...], domains: tuple[str, ...], may: bool) -> None:
    fields = "".join(f"DKIM-Signature: v=1; s=x; d={one};\r\n\th=from; bh=x; b=y\r\n" for one in signed_by)
    parsed = parse(f"{fields}From: hr@example.co.jp\r\n\r\ntext\r\n".encode(), Limits())
    with nullcontext() if may else pytest.raises(Doubt, match=r"signed by .* \(DKIM\)"):
        refuse_foreign_signature(parsed, frozenset(domains))
