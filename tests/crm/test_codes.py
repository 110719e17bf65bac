"""An address other than the token's own is proved by a code of six digits."""

import pytest

from core.runtime import Runtime
from crm import persons
from crm.candidate import registrations
from crm.candidate.registrations import CodeNeeded, Registered
from crm.errors import LinkGone, Refused, WrongCode
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
    with pytest.raises(LinkGone), any_runtime.begin() as tx:
        registrations.confirm(tx, needed.confirm_token, code)


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
    with pytest.raises(Refused, match="too many codes"), runtime.begin() as tx:
        registrations.submit(tx, token, form(tx, token, "stranger3@example.org", "profile"))
    clock_of(runtime).advance(86_400)
    with runtime.begin() as tx:
        filled = form(tx, token, "stranger3@example.org", "profile")
        assert isinstance(registrations.submit(tx, token, filled), CodeNeeded)
