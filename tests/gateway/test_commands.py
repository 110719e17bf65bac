"""Arguments of MAIL and RCPT: taken as real mail writes them, refused with a clear code otherwise."""

import pytest

from gateway.replies import Refusal
from gateway.session.commands import parse_mail, parse_rcpt
from tests.gateway.raw import is_well_formed


@pytest.mark.parametrize(
    ("argument", "sender", "params", "size"),
    [
        ("FROM:<hr@example.jp>", "hr@example.jp", {}, 0),
        ("from: <hr@example.jp>", "hr@example.jp", {}, 0),
        ("FROM:hr@example.jp", "hr@example.jp", {}, 0),
        ("FROM:<>", "", {}, 0),
        ("FROM:<> SIZE=10", "", {}, 10),
        ("FROM:<@relay.example:hr@example.jp>", "hr@example.jp", {}, 0),
        ('FROM:<"a b>c"@example.jp> BODY=8bitmime', '"a b>c"@example.jp', {"BODY": "8bitmime"}, 0),
        ("FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]", {}, 0),
        ("FROM:<あ@example.jp> SMTPUTF8", "あ@example.jp", {"SMTPUTF8": ""}, 0),
        ("FROM:<a@x.example> RET=HDRS ENVID=AbC+3D1", "a@x.example", {"RET": "HDRS", "ENVID": "AbC+3D1"}, 0),
        ("FROM:<a@x.example> auth=<>", "a@x.example", {}, 0),  # ends here: nobody behind us trusts it (RFC 4954 5)
        ("FROM:<a@x.example> AUTH=e+3Dmc2@example.com", "a@x.example", {}, 0),
        ("FROM:<a@x.example> ENVID=" + "x" * 100, "a@x.example", {"ENVID": "x" * 100}, 0),
        ("FROM:<" + "a" * 309 + "@example.jp>", "a" * 309 + "@example.jp", {}, 0),  # 320 octets
        ("FROM:<@a.example,@b.example:hr@example.jp>", "hr@example.jp", {}, 0),
        ("FROM:<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", {}, 0),
        ("FROM:<a@x.example>  BODY=7BIT  ", "a@x.example", {"BODY": "7BIT"}, 0),
    ],
)
def test_senders(argument: str, sender: str, params: dict[str, str], size: int) -> None:
    command = parse_mail(argument)
    assert (command.sender, command.params, command.size_bytes) == (sender, params, size)


@pytest.mark.parametrize(
    "address",
    [
        "taro@example.com",
        "taro..y@docomo.example",
        "taro.@ezweb.example",
        ".taro@docomo.example",
        '"a..b"@docomo.example',
        "o'neil+tag/x=y@example.com",
        '"taro yamada"@docomo.example',
        r'"a\"b\\c"@docomo.example',
        "taro@[192.0.2.1]",
        "taro@[IPv6:2001:db8::1]",
        "user%example.org@example.com",
        "postmaster",
        "Postmaster",
    ],
)
def test_addresses_that_candidates_really_have(address: str) -> None:
    assert parse_rcpt(f"TO:<{address}>", smtputf8=False).address == address


def test_delivery_wishes_keep_their_spelling() -> None:
    command = parse_rcpt("TO:<a@example.com> NOTIFY=Success,DELAY ORCPT=rfc822;A+2Bb@example.com", smtputf8=False)
    assert command.params == {"NOTIFY": "Success,DELAY", "ORCPT": "rfc822;A+2Bb@example.com"}


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("", "501 5.5.4"),
        ("<hr@example.jp>", "501 5.5.4"),
        ("FROM:", "501 5.1.7"),
        ("FROM:<hr@example.jp", "501 5.1.7"),
        ("FROM:<hr@example.jp>x", "501 5.1.7"),
        ("FROM:<hr>", "501 5.1.7"),
        ("FROM:<h\x00r@example.jp>", "501 5.1.7"),
        ("FROM:<h\rr@example.jp>", "501 5.1.7"),
        ("FROM:<h\udce9@example.jp>", "501 5.1.7"),
        ("FROM:<" + "a" * 310 + "@example.jp>", "501 5.1.3"),  # 321 octets
        ("FROM:<" + "あ" * 104 + "@example.jp> SMTPUTF8", "501 5.1.3"),
        ("FROM:<@example.jp>", "501 5.1.7"),
        ("FROM:<hr@>", "501 5.1.7"),
        ("FROM:<あ@example.jp>", "553 5.6.7"),
        ("FROM:<a@x.example> SIZE=", "501 5.5.4"),
        ("FROM:<a@x.example> SIZE=-1", "501 5.5.4"),
        ("FROM:<a@x.example> SIZE=1 SIZE=2", "501 5.5.4"),
        ("FROM:<a@x.example> SMTPUTF8=yes", "501 5.5.4"),
        ("FROM:<a@x.example> BODY=BINARYMIME", "501 5.5.4"),
        ("FROM:<a@x.example> RET=ALL", "501 5.5.4"),
        ("FROM:<a@x.example> RET=FULL ret=FULL", "501 5.5.4"),
        ("FROM:<a@x.example> RET", "501 5.5.4"),
        ("FROM:<a@x.example> ENVID=" + "x" * 101, "501 5.5.4"),
        ("FROM:<a@x.example> ENVID=", "501 5.5.4"),
        ("FROM:<a@x.example> ENVID=a+b", "501 5.5.4"),
        ("FROM:<a@x.example> ENVID=a+4", "501 5.5.4"),
        ("FROM:<a@x.example> ENVID=あ", "501 5.5.4"),
        ("FROM:<a@x.example> AUTH=", "501 5.5.4"),
        ("FROM:<a@x.example> AUTH=a+b", "501 5.5.4"),
        ("FROM:<a@x.example> SIZE=1x", "501 5.5.4"),
        ("FROM:<a@x.example> SIZE=" + "1" * 21, "501 5.5.4"),
        ("FROM:<a@x.example> =x", "501 5.5.4"),
        ("FROM:<a@x.example> BODY=7BIT=8BITMIME", "501 5.5.4"),
        ("FROM:<a@x.example> NOTIFY=NEVER", "555 5.5.4"),  # belongs to RCPT
        ("FROM:<a@x.example> REQUIRETLS", "555 5.5.4"),
        ("FROM:<a@x.example> X=1", "555 5.5.4"),
    ],
)
def test_what_is_no_mail_command_is_refused(argument: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_mail(argument)
    assert caught.value.reply.startswith(code)
    assert is_well_formed(caught.value.reply)


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("TO:<>", "501 5.1.3"),
        ("TO:<taro>", "501 5.1.3"),
        ("TO:<a b@example.com>", "501 5.1.3"),
        ("TO:<太郎@example.com>", "553 5.6.7"),
        ("TO:<a@example.com> NOTIFY=NEVER,DELAY", "501 5.5.4"),
        ("TO:<a@example.com> NOTIFY=", "501 5.5.4"),
        ("TO:<a@example.com> ORCPT=nosemicolon", "501 5.5.4"),
        ("TO:<a@example.com> ORCPT=rfc822;", "501 5.5.4"),
        ("TO:<a@example.com> ORCPT=rfc822;a+b@example.com", "501 5.5.4"),
        ("TO:<a@example.com> ORCPT=rfc822;" + "a" * 494, "501 5.5.4"),
        ("TO:<a@example.com> ORCPT=utf-8;太郎@example.com", "501 5.5.4"),
        ("TO:<a@example.com> NOTIFY=NEVER NOTIFY=NEVER", "501 5.5.4"),
        ("TO:<a@example.com> NOTIFY=SUCCESS,FAILURE,DELAY,DELAY", "501 5.5.4"),
        ("TO:<a@example.com> RET=FULL", "555 5.5.4"),
        ("TO:<@example.com>", "501 5.1.3"),
        ("TO:<a@example.com", "501 5.1.3"),
        ("TO:<a@example.com> <b@example.com>", "501 5.5.4"),
        ("TO:<a@example.com>,<b@example.com>", "501 5.1.3"),
        ("TO:<a@example.com\rRCPT TO:<b@example.com>", "501 5.1.3"),
        ("TO:<a@example.com> SIZE=1", "555 5.5.4"),
    ],
)
def test_what_is_no_rcpt_command_is_refused(argument: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_rcpt(argument, smtputf8=False)
    assert caught.value.reply.startswith(code)


def test_an_internationalised_original_recipient_is_kept() -> None:
    command = parse_rcpt("TO:<太郎@example.com> ORCPT=utf-8;太郎@example.com", smtputf8=True)
    assert command.params == {"ORCPT": "utf-8;太郎@example.com"}  # RFC 6533 3
