"""`careerrelay queue list` and `show`: every mail says what was done to it, or why nothing was."""

from pathlib import Path

import pytest

from careerrelay import opening
from core.setting_sources import load
from gateway.letter.envelope import Arrival, Envelope, Recipient
from gateway.store.spool import NewMail, store
from gateway.tables import MailState, Origin, mail
from tests.careerrelay.command_line import Installation, add_company

RAW = b"From: pr@example.co.jp\r\n\r\nHello.\r\n"


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "home")
    add_company(made)
    return made


def put_mail(installation: Installation, origin: Origin, **values: object) -> int:
    """A mail of a sender that nobody looks at, or one of ours; its row as ``values`` say. Its id."""
    with opening.opened(load(env=installation.env)) as runtime, runtime.begin() as tx:
        (mail_id,) = store(
            tx,
            [
                NewMail(
                    queue_id="1nip99vg4leiismg",
                    origin=origin,
                    company_id=1,
                    may_judge=False,
                    envelope=Envelope("pr@example.co.jp", (Recipient("taro@example.com"),)),
                    arrival=Arrival("192.0.2.1", "client.example", "ESMTP", "", tx.now),
                    size=len(RAW),
                    raw=RAW,
                    body_path=None,
                    leased_by=None,
                    outgoing_id=None,
                    gate_ref=None,
                )
            ],
        )
        tx.session.execute(mail.update().where(mail.c.id == mail_id).values(**values))
        return mail_id


@pytest.mark.parametrize(
    ("origin", "values", "english", "japanese"),
    [
        (Origin.OWN, {}, "own mail", "ゲートウェイ自身のメール"),
        (Origin.SMTP, {}, "not looked at", "中を見ていないメール"),
        (Origin.SMTP, {"note": "fault"}, "fault", "fault"),
        (Origin.SMTP, {"judged": True}, "", ""),
    ],
)
def test_a_mail_without_a_verdict_says_why(
    installation: Installation, origin: Origin, values: dict[str, object], english: str, japanese: str
) -> None:
    mail_id = str(put_mail(installation, origin, state=MailState.DONE.value, **values))
    heading, line = installation.good("queue", "list", "--all").splitlines()
    assert line[heading.index("note") :] == english
    for lang, word in (("en", english), ("ja", japanese)):
        shown = installation.good("queue", "show", mail_id, "--lang", lang)
        assert shown.splitlines()[0].endswith(f"{MailState.DONE.value} {word}".rstrip())


@pytest.mark.parametrize(("may_judge", "said"), [(True, False), (False, True)])
def test_of_a_mail_that_waits_it_is_said_when_nobody_will_look(
    installation: Installation, may_judge: bool, said: bool
) -> None:
    put_mail(installation, Origin.SMTP, may_judge=may_judge)
    assert ("not looked at" in installation.good("queue", "list")) is said
