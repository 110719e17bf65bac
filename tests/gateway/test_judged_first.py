"""A small mail is judged before its 250, so that its edit is stored with it; what stands in the way costs no mail."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.runtime import Runtime
from core.settings import Settings
from crm.tables import InvitationRow
from gateway.judgement import suspects
from gateway.judgement.suspects import Suspects, digest
from tests.gateway.rig import REJECTION, Gateway, message, rejecting_company, with_attachment
from tests.gateway.sink import Sink
from tests.gateway.test_doubt_at_commit import LosingAnswers
from tests.gateway.test_judging import LINK, count
from tests.gateway.test_relay import without_received


class FirstCommit:
    """How many invitations the commit holds that stores the first mail."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.invitations: int | None = None
        dialect: Any = runtime.db.engine.dialect
        commit = dialect.do_commit

        def do_commit(connection: Any) -> None:
            if self.invitations is None and connection.execute("SELECT count(*) FROM mail").fetchone()[0]:
                self.invitations = connection.execute("SELECT count(*) FROM invitation").fetchone()[0]
            commit(connection)

        monkeypatch.setattr(dialect, "do_commit", do_commit)


@pytest.mark.parametrize(("suspect", "invitations"), [(False, 1), (True, 0)])
def test_the_edit_is_stored_with_the_mail_unless_the_mail_is_suspect(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, suspect: bool, invitations: int
) -> None:
    rejecting_company(runtime)
    raw = message(REJECTION)
    if suspect:
        _left_by_a_dead_process(runtime.settings, raw)
    first = FirstCommit(runtime, monkeypatch)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert first.invitations == invitations
    assert len(LINK.findall(got.raw)) == 1


def test_a_large_mail_is_stored_before_anybody_looks(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    rejecting_company(runtime)
    first = FirstCommit(runtime, monkeypatch)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(with_attachment(message(REJECTION), bytes(70_000)))
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert first.invitations == 0
    assert len(LINK.findall(got.raw)) == 1


def test_an_edit_that_cannot_be_stored_costs_no_mail(runtime: Runtime) -> None:
    rejecting_company(runtime)
    with runtime.begin() as tx:
        tx.session.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON invitation BEGIN SELECT RAISE(ABORT, 'no more'); END")
        )
    raw = message(REJECTION)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert without_received(got.raw) == raw
    assert [row.note for row in gateway.mails()] == ["fault"]
    assert count(runtime, InvitationRow) == 0


def test_a_lost_answer_to_the_commit_makes_no_second_link(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    rejecting_company(runtime)
    answers = LosingAnswers(runtime, monkeypatch)
    with Sink() as sink, Gateway(runtime, sink.port) as gateway:
        answers.armed = True
        gateway.send(message(REJECTION))
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert not answers.armed
    assert len(LINK.findall(got.raw)) == len(gateway.mails()) == len(sink.got) == 1
    assert count(runtime, InvitationRow) == 1


def test_a_process_leaves_word_of_the_mail_it_died_over(runtime: Runtime) -> None:
    settings = runtime.settings
    mail, other = digest(b"one"), digest(b"two")
    dying = Suspects(settings, 1, alive=())
    found = dying.watch(mail, lambda: (mail in Suspects(settings, 2, alive=(1,)), mail in Suspects(settings, 3, ())))
    assert found == (True, True)
    assert mail not in Suspects(settings, 4, alive=(1, 2, 3)), "the step came to its end"
    with pytest.raises(ZeroDivisionError):
        dying.watch(mail, lambda: 1 // 0)
    assert mail not in Suspects(settings, 5, alive=(1, 2, 3, 4))
    _left_by_a_dead_process(settings, b"one")
    known = Suspects(settings, 6, alive=())
    assert mail in known
    assert other not in known
    known.close()
    assert mail in Suspects(settings, 7, alive=()), "the next start knows it, too"


def test_files_of_the_dead_do_not_pile_up(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = runtime.settings
    monkeypatch.setattr(suspects, "SUSPECTS_MAX", 2)
    for number in (11, 12, 13):
        _left_by_a_dead_process(settings, b"mail %d" % number, number)
    Suspects(settings, 14, alive=()).close()
    (settings.home / "judging" / "15.at").write_bytes(bytes(suspects.DIGEST_BYTES))
    last = Suspects(settings, 16, alive=())
    assert [digest(b"mail %d" % number) in last for number in (11, 12, 13)] == [False, True, True]
    assert sorted(path.name for path in (settings.home / "judging").iterdir()) == ["12.at", "13.at", "16.at"]


def _left_by_a_dead_process(settings: Settings, raw: bytes, process_id: int = 999) -> Path:
    path = settings.home / "judging" / f"{process_id}.at"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(digest(raw))
    return path
