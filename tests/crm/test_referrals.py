"""From the hand-over to the credit: ten accepted candidates make one slot, and nobody counts twice."""

import threading
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from core.errors import NotFound, Temporary
from core.runtime import Runtime
from crm.agency import agencies
from crm.candidate import registrations
from crm.candidate.registrations import CodeNeeded, Registered
from crm.consents import provisions
from crm.consents.consent_texts import by_hash
from crm.delivery import hand_overs, referrals
from crm.referral.referral_states import Answer, Reason, State
from ledger import book
from tests.crm.world import (
    AGENCY,
    answer,
    clock_of,
    credits_of,
    form,
    hand_over,
    links_in,
    mails,
    mails_to,
    offer,
    parties,
    referral_ids,
    register,
    shared,
    token_of,
)

DAY_S = 86_400


def test_ten_candidates_make_ten_credits_one_slot_ten_provision_records_a_step(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    for number in range(10):
        mail = f"person{number}@example.com"
        first = offer(any_runtime, made.company_id, mail, mail_id=number)
        register(any_runtime, first, mail, "profile", "contact", name=f"見本 {number}郎")
    hand_over(any_runtime)
    with any_runtime.read() as tx:
        inbox = [view for _, view in referrals.for_agency(tx, made.agency_id)]
    assert [view.state for view in inbox] == [State.SHARED] * 10
    for view in inbox:
        assert answer(any_runtime, made, view.id).credited
    with any_runtime.read() as tx:
        balance = book.balance(tx, made.programme_id)
        steps = [record.step for record in provisions.of_company(tx, made.company_id)]
    assert (balance.earned, balance.available, balance.slots_free) == (10, 10, 1)
    assert (steps.count("profile"), steps.count("contact")) == (10, 10)
    assert len({view.pseudonym for view in inbox}) == 10


def test_the_eleventh_registration_of_the_same_person_adds_nothing(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    _, first = shared(any_runtime, made, "contact")
    assert answer(any_runtime, made, first).credited
    # The same human being, invited under another address, proves the one that is known.
    token = token_of(offer(any_runtime, made.company_id, "second@example.org", mail_id=2).relay_url)
    with any_runtime.begin() as tx:
        filled = form(tx, token, "hanako.mihon@example.com", "profile", "contact")
        needed = registrations.submit(tx, token, filled)
    assert isinstance(needed, CodeNeeded)
    code = mails_to(any_runtime, "hanako.mihon@example.com")[-1].subject[-6:]
    with any_runtime.begin() as tx:
        done = registrations.confirm(tx, needed.confirm_token, code)
    assert isinstance(done, Registered)
    hand_over(any_runtime)
    [second] = referral_ids(any_runtime, done.registration_id)
    answered = answer(any_runtime, made, second)
    assert not answered.credited
    assert (answered.referral.state, answered.referral.reason) == (State.ACKNOWLEDGED, Reason.WINDOW)
    assert answered.referral.contact_released_at is not None
    assert credits_of(any_runtime, made) == 1


def test_the_same_person_counts_again_after_a_year(runtime: Runtime) -> None:
    made = parties(runtime)
    _, first = shared(runtime, made, "contact")
    answer(runtime, made, first)
    clock_of(runtime).advance(366 * DAY_S)
    _, second = shared(runtime, made, "contact", mail_id=2)
    assert answer(runtime, made, second).credited
    assert credits_of(runtime, made) == 2


def test_the_hand_over_job_run_by_two_shares_once(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    done = register(any_runtime, offer(any_runtime, made.company_id, "a@example.com"), "a@example.com", "profile")
    [referral_id] = referral_ids(any_runtime, done.registration_id)
    with pytest.raises(Temporary), any_runtime.begin() as tx:
        hand_overs.share(tx, referral_id)
    clock_of(any_runtime).advance(3600)
    barrier, results = threading.Barrier(2), []

    def run() -> None:
        barrier.wait()
        with any_runtime.begin() as tx:
            results.append(hand_overs.share(tx, referral_id))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, True]
    assert len(mails_to(any_runtime, AGENCY.mail)) == 1


def test_the_profile_mail_names_nobody_and_carries_the_answer_link(runtime: Runtime) -> None:
    made = parties(runtime)
    _, referral_id = shared(runtime, made, "contact")
    [mail] = mails_to(runtime, AGENCY.mail)
    with runtime.read() as tx:
        view = referrals.get(tx, made.agency_id, referral_id)
        [token] = links_in(mail.body, "/agency/l/")
        assert referrals.by_link(tx, token) == view
        assert referrals.by_link(tx, "x" * 22) is None
    assert mail.gate_ref == f"referral:{referral_id}:profile"
    assert view.pseudonym in mail.body
    assert "経理" in mail.body
    assert "東京都" in mail.body
    for secret in ("花子", "見本", "hanako", "090-0000-0000", "example.com/m/"):
        assert secret not in mail.body
        assert secret not in repr(view.profile)
    assert "匿名加工情報" not in mail.body


def test_the_provision_record_can_be_checked_against_what_left(runtime: Runtime) -> None:
    made = parties(runtime)
    _, referral_id = shared(runtime, made)
    with runtime.read() as tx:
        [record] = provisions.of_referral(tx, referral_id)
        view = referrals.get(tx, made.agency_id, referral_id)
        assert view.profile is not None
        assert record.payload_sha256 == provisions.payload_sha256(view.profile)
        assert (record.recipient_name, record.licence_no) == (AGENCY.name, AGENCY.licence_no)
        assert record.keep_until >= date(2029, 11, 21)
        assert "みほん人材紹介" in str(by_hash(tx, record.text_sha256))
        assert provisions.subject_of(tx, record.id) == {"mail": "hanako.mihon@example.com"}


def test_an_agency_sees_and_answers_only_its_own(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        other = agencies.add(tx, made.company_id, replace(AGENCY, name="Other", licence_no="27-ユ-300002")).agency
    token = token_of(offer(runtime, made.company_id, "a@example.com").relay_url)
    with runtime.begin() as tx:
        filled = form(tx, token, "a@example.com", "profile")
        only = {f"profile:{made.agency_id}": filled.boxes[f"profile:{made.agency_id}"]}
        done = registrations.submit(tx, token, replace(filled, boxes=only))
    assert isinstance(done, Registered)
    [referral_id] = referral_ids(runtime, done.registration_id)
    with pytest.raises(NotFound):  # not even its own before the hand-over
        answer(runtime, made, referral_id)
    hand_over(runtime)
    with runtime.read() as tx:
        assert [view.id for _, view in referrals.for_agency(tx, made.agency_id)] == [referral_id]
        assert referrals.for_agency(tx, other.id) == []
    for call in (
        lambda tx: referrals.get(tx, other.id, referral_id),
        lambda tx: referrals.answer(tx, other.id, referral_id, Answer.ACCEPTED),
        lambda tx: referrals.ask_to_talk(tx, other.id, referral_id),
        lambda tx: referrals.contact(tx, other.id, referral_id),
        lambda tx: referrals.acknowledge_recall(tx, other.id, referral_id),
        lambda tx: referrals.answer(tx, made.agency_id, "0" * 16, Answer.ACCEPTED),
    ):
        with pytest.raises(NotFound), runtime.begin() as tx:
            call(tx)


def test_two_agencies_get_two_pseudonyms(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        agencies.add(tx, made.company_id, replace(AGENCY, name="Other", licence_no="27-ユ-300002"))
    done = register(runtime, offer(runtime, made.company_id, "a@example.com"), "a@example.com", "profile")
    with runtime.read() as tx:
        views = referrals.of_registration(tx, done.registration_id)
    assert len({view.pseudonym for view in views}) == len(views) == 2


def test_the_feed_goes_on_behind_its_cursor(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    expected = []
    for number in range(5):
        if number != 2:  # two of them in the same second
            clock_of(any_runtime).advance(60)
        expected.append(shared(any_runtime, made, mail=f"p{number}@example.com", mail_id=number)[1])
    seen: list[str] = []
    with any_runtime.read() as tx:
        after = 0
        while page := referrals.for_agency(tx, made.agency_id, after=after, limit=2):
            seen += [view.id for _, view in page]
            after = page[-1][0]
    assert seen == expected


def test_the_feed_misses_nobody_whose_hand_over_began_earlier_and_ended_later(pg_runtime: Runtime) -> None:
    made = parties(pg_runtime)
    ids = []
    for number in range(2):
        mail = f"p{number}@example.com"
        done = register(pg_runtime, offer(pg_runtime, made.company_id, mail, number), mail, "profile")
        ids += referral_ids(pg_runtime, done.registration_id)
    clock_of(pg_runtime).advance(3601)
    with pg_runtime.begin() as slow:
        clock_of(pg_runtime).advance(60)
        with pg_runtime.begin() as quick:
            assert hand_overs.share(quick, ids[1])
        with pg_runtime.read() as tx:
            [(last, first_seen)] = referrals.for_agency(tx, made.agency_id)
        assert hand_overs.share(slow, ids[0])
    with pg_runtime.read() as tx:
        behind = [view for _, view in referrals.for_agency(tx, made.agency_id, after=last)]
    assert [first_seen.id, *(view.id for view in behind)] == [ids[1], ids[0]]
    assert behind[0].shared_at is not None
    assert first_seen.shared_at is not None
    assert behind[0].shared_at < first_seen.shared_at


def test_every_agency_mail_names_its_gate(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "contact")
    answer(runtime, made, referral_id)
    with runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token)
    assert all(mail.gate_ref for mail in mails(runtime))


def test_provision_records_cannot_be_rewritten(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    shared(any_runtime, made)
    with pytest.raises(DatabaseError, match="never changed"), any_runtime.begin() as tx:
        tx.session.execute(text("UPDATE provision SET items = '[]'"))
