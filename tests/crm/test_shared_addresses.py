"""Two people of one company and one mailbox: nobody merges them, and what ends one never touches the other."""

from collections.abc import Callable

import pytest

from core.runtime import Runtime, Tx
from crm import links, persons, suppression
from crm.candidate import address_proofs, registrations
from crm.candidate.address_proofs import Proved
from crm.candidate.registrations import Registered
from crm.consents import consent
from crm.delivery import hand_overs
from crm.links import LinkKind
from crm.profile import registration_data
from crm.referral.referral_states import State
from crm.rights import person_file, retention, withdrawals
from crm.tables import ReferralRow, RegistrationRow
from tests.crm.world import (
    Parties,
    answer,
    clock_of,
    credits_of,
    hand_over,
    leaves,
    mails_to,
    offer,
    parties,
    referral_ids,
    register,
)

FIRST, SECOND = "hanako.mihon@example.com", "mihon.family@example.org"
DAY_S = 86_400


def moved(runtime: Runtime, made: Parties, *boxes: str) -> tuple[Registered, str, str]:
    """Somebody registers, and takes an address that the company knows as another applicant's. Both ids."""
    offer(runtime, made.company_id, SECOND, mail_id=2)
    done = register(runtime, offer(runtime, made.company_id, FIRST), FIRST, *(boxes or ("profile",)))
    with runtime.begin() as tx:
        token = address_proofs.ask_change(tx, done.manage_token, SECOND, sure=False)
    code = next(sent.subject for sent in reversed(mails_to(runtime, SECOND)) if "コード" in sent.subject)[-6:]
    with runtime.begin() as tx:
        proved = address_proofs.check(tx, token, code)
        assert isinstance(proved, Proved)
        mine, others = persons.find(tx, made.company_id, FIRST), persons.find(tx, made.company_id, SECOND)
    assert mine is not None
    assert others is not None
    assert mine != others
    return done, mine, others


def manage_token(tx: Tx, done: Registered) -> str:
    link = links.of(tx, LinkKind.MANAGE, done.registration_id)
    assert link is not None
    return links.reveal(tx, link)


@pytest.mark.parametrize("end_it", [withdrawals.erase_person, withdrawals.stop_use])
def test_who_ends_his_own_data_leaves_the_registration_of_the_other(
    any_runtime: Runtime, end_it: Callable[..., object]
) -> None:
    made = parties(any_runtime)
    done, _, others = moved(any_runtime, made)
    with any_runtime.begin() as tx:
        end_it(tx, others, actor="user:1")
    hand_over(any_runtime)
    [referral_id] = referral_ids(any_runtime, done.registration_id)
    with any_runtime.begin() as tx:
        row = tx.session.get_one(ReferralRow, referral_id)
        assert row.state == State.SHARED
        assert hand_overs.sheet(tx, row) is not None
        registration = tx.session.get_one(RegistrationRow, done.registration_id)
        assert (registration_data.contact(tx, registration) or {})["mail"] == SECOND
        # That address wants nothing more, whoever it is written to about.
        assert not consent.may_leave(tx, f"talk:{referral_id}")


def test_a_person_s_file_and_end_hold_nothing_of_the_other(runtime: Runtime) -> None:
    made = parties(runtime)
    done, mine, others = moved(runtime, made)
    with runtime.read() as tx:
        assert "registration" not in person_file.file_of(tx, others)["tables"]
        assert "registration" in person_file.file_of(tx, mine)["tables"]
    with runtime.begin() as tx:
        withdrawals.erase_person(tx, others, actor="user:1")
        while retention.purge(tx):
            pass
        assert tx.session.get_one(RegistrationRow, done.registration_id).contact_sealed is not None


@pytest.mark.parametrize("end_it", [withdrawals.erase_person, withdrawals.stop_use])
def test_who_leaves_is_not_written_to_at_the_shared_address_either(
    runtime: Runtime, end_it: Callable[..., object]
) -> None:
    made = parties(runtime)
    _, mine, others = moved(runtime, made)
    with runtime.begin() as tx:
        end_it(tx, mine, actor="user:1")
        for address in (FIRST, SECOND):
            assert suppression.is_suppressed(tx, made.company_id, address)
        assert persons.addresses(tx, others) == [SECOND]


def test_no_more_mails_to_the_shared_address_holds_for_both(runtime: Runtime) -> None:
    made = parties(runtime)
    done, _, _ = moved(runtime, made)
    hand_over(runtime)
    [referral_id] = referral_ids(runtime, done.registration_id)
    assert leaves(runtime, f"silence:{referral_id}:candidate")
    with runtime.begin() as tx:
        suppression.suppress(tx, made.company_id, SECOND)
    assert not leaves(runtime, f"silence:{referral_id}:candidate")
    assert leaves(runtime, f"ended:{done.registration_id}")


def test_two_registrations_behind_one_mailbox_count_once(runtime: Runtime) -> None:
    made = parties(runtime)
    done, _, _ = moved(runtime, made, "profile", "contact")
    other = register(runtime, offer(runtime, made.company_id, SECOND, mail_id=2), SECOND, "profile", "contact")
    hand_over(runtime)
    for registration_id in (done.registration_id, other.registration_id):
        [referral_id] = referral_ids(runtime, registration_id)
        answer(runtime, made, referral_id)
    assert credits_of(runtime, made) == 1


def test_an_address_may_go_there_and_back(runtime: Runtime) -> None:
    made = parties(runtime)
    done, mine, others = moved(runtime, made)
    clock_of(runtime).advance(DAY_S + 1)

    with runtime.begin() as tx:
        token = address_proofs.ask_change(tx, manage_token(tx, done), FIRST, sure=False)
    code = next(sent.subject for sent in reversed(mails_to(runtime, FIRST)) if "コード" in sent.subject)[-6:]
    with runtime.begin() as tx:
        assert isinstance(address_proofs.check(tx, token, code), Proved)
        assert persons.addresses(tx, mine) == [FIRST]
        assert persons.addresses(tx, others) == [SECOND]
        view = registrations.manage(tx, manage_token(tx, done))
    assert view is not None
    assert (view.contact or {})["mail"] == FIRST
