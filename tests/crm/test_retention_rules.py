"""The purge deletes exactly what has ended: rows of random age against a model of the rules."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.clock import JST
from core.db import new_id
from core.runtime import Runtime, Tx
from crm.rights import retention
from crm.tables import (
    AtsSignalRow,
    InvitationRow,
    LinkRow,
    NoticeRow,
    PersonMailRow,
    PersonRow,
    ProvisionRow,
    RegistrationRow,
    SubjectRequestRow,
)
from tests.crm.world import Parties, parties

AGE_DAYS = st.sampled_from((0, 1, 29, 31, 179, 181, 364, 366, 1095, 1097, 1500))


@dataclass(frozen=True)
class Made:
    """A person of some age; ``registration``: its state and age, ``provision``: the age of the hand-over."""

    age: int
    registration: tuple[str, int] | None
    provision: int | None
    erased: bool


MADE = st.builds(
    Made,
    age=AGE_DAYS,
    registration=st.none() | st.tuples(st.sampled_from(("started", "submitted", "withdrawn")), AGE_DAYS),
    provision=st.none() | AGE_DAYS,
    erased=st.booleans(),
)


def _write(tx: Tx, made: Parties, one: Made, number: int) -> dict[str, str]:
    at = tx.now - timedelta(days=one.age)
    ids = {name: new_id() for name in ("person", "mail", "notice", "invitation", "registration", "provision")}
    company = made.company_id
    tx.session.add(PersonRow(id=ids["person"], company_id=company, created_at=at, erased_at=at if one.erased else None))
    tx.session.flush()
    if not one.erased:
        sealed = tx.keys.seal_text(f"person_mail.sealed:{ids['mail']}", f"p{number}@example.com")
        tx.session.add(
            PersonMailRow(id=ids["mail"], person_id=ids["person"], company_id=company, mail_index=f"i1:{ids['mail']}",
                          sealed=sealed, created_at=at)
        )  # fmt: skip
    tx.session.add(
        NoticeRow(
            id=ids["notice"], company_id=company, person_id=ids["person"], state="sent", source="mail", first_at=at
        )
    )
    tx.session.flush()
    tx.session.add(
        InvitationRow(id=ids["invitation"], company_id=company, notice_id=ids["notice"], person_id=ids["person"],
                      state="issued", issued_at=at, expires_at=at + timedelta(days=90))
    )  # fmt: skip
    tx.session.flush()
    if one.registration is not None:
        state, age = one.registration
        since = tx.now - timedelta(days=age)
        tx.session.add(
            RegistrationRow(id=ids["registration"], company_id=company, invitation_id=ids["invitation"],
                            person_id=ids["person"], state=state, lang="ja", mail_index="", boxes=[], code_tries=0,
                            created_at=since, submitted_at=None if state == "started" else since)
        )  # fmt: skip
    if one.provision is not None:
        given_at = tx.now - timedelta(days=one.provision)
        tx.session.add(_provision(made, ids, given_at))
    tx.session.flush()
    return ids


def _provision(made: Parties, ids: dict[str, str], at: datetime) -> ProvisionRow:
    return ProvisionRow(
        id=ids["provision"],
        company_id=made.company_id,
        agency_id=made.agency_id,
        referral_id=ids["provision"],
        person_id=ids["person"],
        step="profile",
        subject_sealed=b"x",
        recipient_name="x",
        licence_no="x",
        items=[],
        consent_id="x",
        text_sha256="x",
        payload_sha256="x",
        provided_at=at,
        keep_until=at.astimezone(JST).date() + timedelta(days=retention.PROOF_DAYS),
    )


def _should_be_left(one: Made) -> set[str]:
    """The rules of domain 3.6 once more, in other words: which of a person's rows outlive the purge."""
    left: set[str] = set()
    live = False
    if one.registration is not None:
        state, age = one.registration
        # Without a live consent a registration ends after 365 days; one never confirmed after a day.
        live = (state == "started" and age <= 1) or (state == "submitted" and age <= 365)
        if not (state == "started" and age > 1):
            left.add("registration")
    if one.provision is not None and one.provision <= 1096:
        left.add("provision")
    submitted = live and one.registration is not None and one.registration[0] == "submitted"
    address = not one.erased and (one.age <= 180 or submitted)
    barred = not one.erased and one.age <= 365
    if address:
        left.add("address")
    if not (barred or address or live or "provision" in left):
        return left - {"registration"}  # the whole person goes
    return left | {"person", "notice", "invitation"}


def _left(tx: Tx, ids: dict[str, str]) -> set[str]:
    kinds = {"person": PersonRow, "notice": NoticeRow, "invitation": InvitationRow, "registration": RegistrationRow,
             "provision": ProvisionRow}  # fmt: skip
    found = {name for name, kind in kinds.items() if tx.session.get(kind, ids[name]) is not None}
    mail = tx.session.get(PersonMailRow, ids["mail"])
    return found | ({"address"} if mail is not None and mail.sealed is not None else set())


@pytest.fixture
def world(runtime: Runtime) -> tuple[Runtime, Parties]:
    return runtime, parties(runtime)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(MADE, min_size=1, max_size=6))
def test_the_purge_deletes_exactly_what_has_ended(world: tuple[Runtime, Parties], people: list[Made]) -> None:
    runtime, made = world
    with runtime.db.transaction(write=True) as transaction:
        session = transaction.session
        nested = session.begin_nested()
        tx = runtime.transaction(transaction)
        written = [(one, _write(tx, made, one, number)) for number, one in enumerate(people)]
        while retention.purge(tx):
            session.expire_all()
        session.expire_all()
        left = [(_left(tx, ids), _should_be_left(one), one) for one, ids in written]
        nested.rollback()
    assert [found for found, _, _ in left] == [wanted for _, wanted, _ in left], left


@pytest.mark.parametrize(
    ("step", "row", "kept_days"),
    [
        ("signals of an ATS", AtsSignalRow, 365),
        ("requests of people", SubjectRequestRow, 1096),
        ("links", LinkRow, 30),
    ],
)
def test_each_kind_of_row_goes_after_its_own_time(
    world: tuple[Runtime, Parties], step: str, row: type[Any], kept_days: int
) -> None:
    runtime, made = world
    with runtime.begin() as tx:
        at = tx.now - timedelta(days=kept_days)
        for moment in (at + timedelta(minutes=1), at - timedelta(minutes=1)):
            tx.session.add(_aged(row, made.company_id, moment))
        tx.session.flush()
        assert retention.STEPS[step](tx) == 1
        assert retention.STEPS[step](tx) == 0
        assert tx.session.scalar(select(func.count()).select_from(row)) == 1


def _aged(row: type[Any], company_id: int, at: datetime) -> Any:
    if row is AtsSignalRow:
        return AtsSignalRow(id=new_id(), company_id=company_id, source="ats", recipient_index="i1:x",
                            application=new_id(), status="rejected", changed_at=at, received_at=at)  # fmt: skip
    if row is LinkRow:
        token = secrets.token_bytes(32)
        return LinkRow(id=new_id(), kind="relay", subject="x", token_sha256=token, token_sealed=b"x", created_at=at,
                       expires_at=at)  # fmt: skip
    return SubjectRequestRow(id=new_id(), company_id=company_id, kind="erasure", channel="mail", state="done",
                             received_at=at, due_on=at.date(), ended_at=at)  # fmt: skip
