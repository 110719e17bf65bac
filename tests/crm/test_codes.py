"""An address other than the token's own is proved by a code of six digits."""

import pytest

from core.runtime import Runtime
from crm import persons, suppression
from crm.candidate import code_page, registrations
from crm.candidate.registrations import CodeNeeded, Registered
from crm.errors import FormRefused, LinkGone, Refused, WrongCode, WrongState
from crm.profile import registration_data
from crm.tables import RegistrationRow
from tests.crm.world import (
    clock_of,
    dump,
    form,
    mails,
    offer,
    parties,
    token_of,
)

MAIL = "hanako.mihon@example.com"
OTHER = "private.mihon@example.org"


def submit_with_other_address(runtime: Runtime, mail: str = OTHER) -> tuple[CodeNeeded, str]:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    with runtime.begin() as tx:
        needed = registrations.submit(tx, token, form(tx, token, mail, "profile", "contact"))
    assert isinstance(needed, CodeNeeded)
    [code_mail] = mails(runtime)
    assert code_mail.recipient == mail
    return needed, code_mail.subject[-6:]


def test_another_address_is_proved_by_a_code(any_runtime: Runtime) -> None:
    needed, code = submit_with_other_address(any_runtime)
    assert dump(any_runtime)["consent"] == []
    with any_runtime.begin() as tx:
        done = registrations.confirm(tx, needed.confirm_token, f" {code[:3]} {code[3:]}")
    assert isinstance(done, Registered)
    with any_runtime.read() as tx:
        row = tx.session.get_one(RegistrationRow, done.registration_id)
        assert row.mail_proof == "code"
        assert set(persons.addresses(tx, row.person_id)) == {MAIL, OTHER}
    before = dump(any_runtime)
    with pytest.raises(WrongState), any_runtime.begin() as tx:  # the button pressed twice: it is registered, and once
        registrations.confirm(tx, needed.confirm_token, code)
    with any_runtime.begin() as tx:
        assert code_page.page(tx, needed.confirm_token) is None
    assert dump(any_runtime) == before


def test_a_code_can_be_tried_five_times(runtime: Runtime) -> None:
    needed, code = submit_with_other_address(runtime)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    answers = []
    for _ in range(6):
        with runtime.begin() as tx:
            answers.append(registrations.confirm(tx, needed.confirm_token, wrong))
    assert [answer.tries_left for answer in answers if isinstance(answer, WrongCode)] == [4, 3, 2, 1, 0, 0]
    with runtime.begin() as tx:
        assert registrations.confirm(tx, needed.confirm_token, code) == WrongCode("code_tries", 0)


@pytest.mark.parametrize(("seconds", "good"), [(599, True), (600, False)])
def test_a_code_lives_ten_minutes(runtime: Runtime, seconds: int, good: bool) -> None:
    needed, code = submit_with_other_address(runtime)
    clock_of(runtime).advance(seconds)
    with runtime.begin() as tx:
        done = registrations.confirm(tx, needed.confirm_token, code)
    assert isinstance(done, Registered) if good else done == WrongCode("code_expired", 0)


def test_a_link_sends_three_codes_a_day(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    for number in range(3):
        with runtime.begin() as tx:
            filled = form(tx, token, f"stranger{number}@example.org", "profile")
            assert isinstance(registrations.submit(tx, token, filled), CodeNeeded)
    before = dump(runtime)
    for mail in ("stranger3@example.org", MAIL):  # nor does the answer tell which address is the right one
        with pytest.raises(Refused, match="too many codes"), runtime.begin() as tx:
            registrations.submit(tx, token, form(tx, token, mail, "profile"))
    assert dump(runtime) == before
    clock_of(runtime).advance(86_400)
    with runtime.begin() as tx:
        filled = form(tx, token, "stranger3@example.org", "profile")
        assert isinstance(registrations.submit(tx, token, filled), CodeNeeded)


def test_a_code_page_lives_a_day_however_often_a_code_is_sent(runtime: Runtime) -> None:
    """Codes are counted over a day: on an older row nobody could count them, nor the tries."""
    needed, _ = submit_with_other_address(runtime)
    clock_of(runtime).advance(23 * 3600)
    with runtime.begin() as tx:
        again = code_page.send_again(tx, needed.confirm_token)
    assert isinstance(again, CodeNeeded)
    clock_of(runtime).advance(3600 + 1)
    with pytest.raises(LinkGone), runtime.begin() as tx:
        code_page.send_again(tx, again.confirm_token)


def test_a_code_sent_again_ends_the_one_before_three_times_a_day(runtime: Runtime) -> None:
    needed, first = submit_with_other_address(runtime)
    clock_of(runtime).advance(601)  # too late for the first
    with runtime.read() as tx:
        beside = code_page.page(tx, needed.confirm_token)
    assert beside is not None
    assert (beside.mail, beside.until, beside.again) == ("p…@example.org", None, 2)
    with runtime.begin() as tx:
        again = code_page.send_again(tx, needed.confirm_token)
    assert isinstance(again, CodeNeeded)
    assert again.confirm_token == needed.confirm_token  # a button pressed twice leads to no dead end
    second = mails(runtime)[-1].subject[-6:]
    if first != second:
        with runtime.begin() as tx:
            assert registrations.confirm(tx, again.confirm_token, first) == WrongCode("code_wrong", 4)
    with runtime.begin() as tx:
        third = code_page.send_again(tx, again.confirm_token)
    assert isinstance(third, CodeNeeded)
    before = dump(runtime)
    for mail in ("", OTHER, MAIL):
        with pytest.raises(Refused, match="too many codes"), runtime.begin() as tx:
            code_page.send_again(tx, third.confirm_token, mail)
    assert dump(runtime) == before
    with runtime.begin() as tx:
        done = registrations.confirm(tx, third.confirm_token, mails(runtime)[-1].subject[-6:])
    assert isinstance(done, Registered)


def test_a_slip_in_the_address_is_corrected_beside_the_code(runtime: Runtime) -> None:
    needed, _ = submit_with_other_address(runtime, "private.mihon@example.orgg")
    with pytest.raises(FormRefused, match="mail_wrong"), runtime.begin() as tx:
        code_page.send_again(tx, needed.confirm_token, "private.mihon")
    with runtime.begin() as tx:
        again = code_page.send_again(tx, needed.confirm_token, f" {OTHER} ")
    assert isinstance(again, CodeNeeded)
    assert mails(runtime)[-1].recipient == OTHER
    with runtime.begin() as tx:
        done = registrations.confirm(tx, again.confirm_token, mails(runtime)[-1].subject[-6:])
    assert isinstance(done, Registered)
    assert mails(runtime)[-1].recipient == OTHER
    with runtime.read() as tx:
        row = tx.session.get_one(RegistrationRow, done.registration_id)
        assert set(persons.addresses(tx, row.person_id)) == {MAIL, OTHER}
        assert registration_data.contact(tx, row) == {"mail": OTHER, "name": "見本 花子", "phone": "090-0000-0000"}


def test_the_address_of_the_notice_typed_beside_the_code_needs_none(runtime: Runtime) -> None:
    needed, _ = submit_with_other_address(runtime)
    with runtime.begin() as tx:
        done = code_page.send_again(tx, needed.confirm_token, MAIL)
    assert isinstance(done, Registered)
    with runtime.read() as tx:
        assert tx.session.get_one(RegistrationRow, done.registration_id).mail_proof == "token"


def test_an_address_that_wants_no_mails_gets_no_code_and_the_page_does_not_say_so(runtime: Runtime) -> None:
    made = parties(runtime)
    token = token_of(offer(runtime, made.company_id, MAIL).relay_url)
    with runtime.begin() as tx:
        suppression.suppress(tx, made.company_id, OTHER)
    pages = []
    for number, mail in enumerate((OTHER, "plain.mihon@example.org")):
        with runtime.begin() as tx:
            needed = registrations.submit(tx, token, form(tx, token, mail, "profile"))
        assert isinstance(needed, CodeNeeded)
        with runtime.read() as tx:
            pages.append((needed.expires_at, code_page.page(tx, needed.confirm_token)))
        assert len(mails(runtime)) == number
        with runtime.begin() as tx:
            assert registrations.confirm(tx, needed.confirm_token, "000000") == WrongCode("code_wrong", 4)
    assert [(page.until == until, page.again) for until, page in pages if page] == [(True, 2), (True, 1)]
