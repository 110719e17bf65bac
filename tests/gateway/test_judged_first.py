"""A small mail is judged before its 250, so that its edit is stored with it; what stands in the way costs no mail."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.clock import ManualClock
from core.runtime import Runtime
from core.settings import Settings
from crm.tables import InvitationRow
from gateway.backlog import leases
from gateway.judgement import judge, suspects
from gateway.judgement.edit import Unedited
from gateway.judgement.suspects import Suspects, digest
from gateway.tables import mail_copy
from rules.model import Mode
from tests.gateway import rig
from tests.gateway.sink import Sink
from tests.gateway.test_doubt_at_commit import LosingAnswers
from tests.gateway.test_judging import count
from tests.gateway.test_leases import accepted


class FirstCommit:
    """What the commit holds that stores the first mail: its row, and how many invitations and sealed copies."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.row: tuple[Any, ...] | None = None
        self.invitations = self.copies = 0
        dialect: Any = runtime.db.engine.dialect
        commit = dialect.do_commit

        def do_commit(connection: Any) -> None:
            if self.row is None:
                self.row = connection.execute("SELECT state, judged, verdict, note FROM mail").fetchone()
                self.invitations = connection.execute("SELECT count(*) FROM invitation").fetchone()[0]
                self.copies = connection.execute("SELECT count(*) FROM mail_copy").fetchone()[0]
            commit(connection)

        monkeypatch.setattr(dialect, "do_commit", do_commit)


@pytest.mark.parametrize(("suspect", "invitations"), [(False, 1), (True, 0)])
def test_the_edit_is_stored_with_the_mail_unless_the_mail_is_suspect(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, suspect: bool, invitations: int
) -> None:
    rig.rejecting_company(runtime)
    raw = rig.message(rig.REJECTION)
    if suspect:
        _left_by_a_dead_process(runtime.settings, raw)
    first = FirstCommit(runtime, monkeypatch)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert first.invitations == invitations
    assert len(rig.LINK.findall(got.raw)) == 1


@pytest.mark.parametrize(
    ("case", "row", "copies"),
    [
        ("observed", ("ready", True, "inject", "observe"), 1),
        ("no agency", ("ready", True, "inject", "no_licensed_agency"), 1),
        ("no signal", ("ready", True, "review", ""), 1),
        ("passed", ("ready", True, "pass", ""), 0),
        ("not recruiting", ("ready", False, None, ""), 0),
        ("fault", ("ready", False, None, "fault"), 0),
        ("held", ("received", False, None, ""), 0),
    ],
)
def test_the_decision_to_change_nothing_is_stored_with_the_mail(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, case: str, row: tuple[Any, ...], copies: int
) -> None:
    mode = {"observed": Mode.OBSERVE, "held": Mode.CONFIRM}.get(case, Mode.AUTO)
    company = rig.add_company(runtime, mode=mode)
    if case != "no agency":
        rig.add_agency(runtime, company.id)
    if case not in ("no signal", "passed"):
        rig.ats_says(runtime, company.id)
    if case == "fault":
        monkeypatch.setattr(judge, "read", broken)
    raw = rig.message("こんにちは\r\n" if case == "passed" else rig.REJECTION)
    if case == "not recruiting":
        raw = raw.replace(rig.HR.encode(), b"sales@kigyo.example.jp")
    first = FirstCommit(runtime, monkeypatch)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        if case != "held":
            (got,) = sink.wait(1)
            gateway.wait_until_finished()
            assert rig.without_received(got.raw) == raw
    assert first.row is not None
    assert (first.row[0], bool(first.row[1]), *first.row[2:]) == row
    assert first.copies == copies
    assert count(runtime, mail_copy) == (1 if case == "held" else copies)


def broken(*_: object) -> None:
    raise ZeroDivisionError


def test_a_mail_that_may_have_left_unchanged_never_leaves_edited(any_runtime: Runtime, clock: ManualClock) -> None:
    company = rig.add_company(any_runtime)
    raw = rig.message(rig.REJECTION)
    dead = accepted(any_runtime, raw, rig.CANDIDATE, judged=Unedited(None, "no_licensed_agency", None))
    rig.add_agency(any_runtime, company.id)
    rig.ats_says(any_runtime, company.id)
    with any_runtime.begin() as tx:
        leases.free(tx, dead)
    clock.advance(3)
    with Sink() as sink, rig.Gateway(any_runtime, sink.port) as gateway:
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert rig.without_received(got.raw) == raw
    (mail,) = gateway.mails()
    assert (mail.state, mail.note) == ("done", "no_licensed_agency")


def test_a_large_mail_is_stored_before_anybody_looks(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.rejecting_company(runtime)
    first = FirstCommit(runtime, monkeypatch)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        gateway.send(rig.with_attachment(rig.message(rig.REJECTION), bytes(70_000)))
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert first.invitations == 0
    assert len(rig.LINK.findall(got.raw)) == 1


def test_an_edit_that_cannot_be_stored_costs_no_mail(runtime: Runtime) -> None:
    rig.rejecting_company(runtime)
    with runtime.begin() as tx:
        tx.session.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON invitation BEGIN SELECT RAISE(ABORT, 'no more'); END")
        )
    raw = rig.message(rig.REJECTION)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        gateway.send(raw)
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert rig.without_received(got.raw) == raw
    assert [row.note for row in gateway.mails()] == ["fault"]
    assert count(runtime, InvitationRow) == 0


def test_a_lost_answer_to_the_commit_makes_no_second_link(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.rejecting_company(runtime)
    answers = LosingAnswers(runtime, monkeypatch)
    with Sink() as sink, rig.Gateway(runtime, sink.port) as gateway:
        answers.armed = True
        gateway.send(rig.message(rig.REJECTION))
        (got,) = sink.wait(1)
        gateway.wait_until_finished()
    assert not answers.armed
    assert len(rig.LINK.findall(got.raw)) == len(gateway.mails()) == len(sink.got) == 1
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
