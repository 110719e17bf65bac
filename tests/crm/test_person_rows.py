"""One walk over the tables finds everything of a person: nothing is forgotten by export, erasure and purge."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.db import Base
from core.runtime import Runtime
from crm import persons, signals
from crm.candidate import registrations
from crm.consents import consent_texts, purposes
from crm.rights import person_file, person_rows, retention, subject_requests, withdrawals
from crm.rights.person_rows import KEPT, rows_of
from crm.tables import IntroductionRow, PersonRow, SuppressionRow
from ledger.tables import CountedPerson, EntryRow
from rules.model import AtsStatus
from tests.crm import slots
from tests.crm.world import answer, clock_of, dump, links_in, mails, mails_to, offer, parties, register, shared

MAIL = "hanako.mihon@example.com"
OTHER = "jiro.mihon@example.com"
DAY_S = 86_400


def person_of(runtime: Runtime, company_id: int, mail: str = MAIL) -> str:
    with runtime.read() as tx:
        found = persons.find(tx, company_id, mail)
    assert found is not None
    return found


def test_every_table_that_holds_something_of_a_person_has_a_purpose() -> None:
    claimed = {name for one in purposes.register() for name in one.tables}
    personal = {
        table.name
        for table in Base.metadata.sorted_tables
        if {"person_id", "mail_index", "recipient_index", "registration_id", "referral_id"} & set(table.c.keys())
        or any(key.column.table.name in {"person", "registration"} for key in table.foreign_keys)
    }
    assert personal - claimed == set()
    assert claimed <= Base.metadata.tables.keys()


def test_every_consent_has_its_entry_in_the_register_and_ends_when_the_register_says() -> None:
    entries = {one.consent: one for one in purposes.register() if one.consent}
    assert set(entries) == {one.value for one in consent_texts.Purpose}
    assert {one.days for one in entries.values()} == {consent_texts.CONSENT_DAYS}
    days = {one.code: one.days for one in purposes.register()}
    assert days["notice"] == retention.REJECTED_DAYS
    assert days["records"] == retention.PROOF_DAYS


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_paragraph_for_the_privacy_policy_names_every_purpose_and_agency(runtime: Runtime, lang: str) -> None:
    made = parties(runtime)
    with runtime.read() as tx:
        text = purposes.paragraph(tx, made.company_id, purposes.LANGS[lang])
    for one in purposes.register():
        assert one.words[purposes.LANGS[lang]].name in text
    assert "みほん人材紹介" in text
    assert "13-ユ-300001" in text
    assert "匿名加工情報" not in text


def test_the_walk_finds_the_person_s_rows_and_nobody_else_s(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    with any_runtime.begin() as tx:
        signals.store(tx, made.company_id, signals.SignalRow("ats", MAIL, AtsStatus.REJECTED, tx.now, "A-1"))
    done, referral_id = shared(any_runtime, made, "contact")
    answer(any_runtime, made, referral_id)
    register(any_runtime, offer(any_runtime, made.company_id, OTHER, mail_id=2), OTHER, "profile")
    mine, other = person_of(any_runtime, made.company_id), person_of(any_runtime, made.company_id, OTHER)
    with any_runtime.read() as tx:
        found, others = rows_of(tx, mine), rows_of(tx, other)
    wanted = {"person", "person_mail", "rejection_notice", "invitation", "invitation_mail", "link", "ats_signal",
              "registration", "consent", "pseudonym", "referral", "provision", "ledger_counted_person"}  # fmt: skip
    assert wanted <= found.keys()
    assert {row["subject"] for row in found["link"]} >= {done.registration_id, referral_id}
    for name in found.keys() & others.keys():
        keys = [column.name for column in Base.metadata.tables[name].primary_key]
        ids = [{tuple(row[key] for key in keys) for row in rows[name]} for rows in (found, others)]
        assert not ids[0] & ids[1], name


def test_the_file_of_a_person_opens_what_is_sealed_and_holds_no_key(runtime: Runtime) -> None:
    made = parties(runtime)
    done, referral_id = shared(runtime, made, "contact")
    answer(runtime, made, referral_id)
    with runtime.read() as tx:
        file = person_file.file_of(tx, person_of(runtime, made.company_id))
    text = person_file.as_json(file)
    for word in (MAIL, "見本 花子", "簿記2級", "みほん人材紹介"):
        assert word in text
    [agency_token] = links_in(mails_to(runtime, "inbox@agency.example.com")[0].body, "/agency/l/")
    for secret in (done.manage_token, agency_token, "token_sealed", "mail_index"):
        assert secret not in text
    for lang, words in (
        ("ja", ("同意", "簿記2級", "見本 花子")),
        ("en", ("Consent for", "簿記2級", "Licence".lower())),
    ):
        readable = person_file.as_text(file, purposes.LANGS[lang])
        for word in words:
            assert word in readable


def test_erasure_leaves_the_book_the_records_a_hash_and_a_skeleton(runtime: Runtime) -> None:
    made = parties(runtime)
    with runtime.begin() as tx:
        signals.store(tx, made.company_id, signals.SignalRow("ats", MAIL, AtsStatus.REJECTED, tx.now, "A-1"))
    _, referral_id = shared(runtime, made, "contact")
    answer(runtime, made, referral_id)
    person_id = person_of(runtime, made.company_id)
    with runtime.begin() as tx:
        withdrawals.erase_person(tx, person_id, actor="user:1")
    with runtime.read() as tx:
        left = rows_of(tx, person_id)
        sealed = {
            (name, column) for name, rows in left.items() for row in rows for column, value in row.items()
            if isinstance(value, bytes)
        }  # fmt: skip
        assert sealed == {("provision", "subject_sealed"), ("link", "token_sha256"), ("link", "token_sealed")}
        assert {row["kind"] for row in left["link"]} == {"agency"}
        assert "person_mail" not in left
        assert "ats_signal" not in left
        assert tx.session.scalar(select(func.count()).select_from(CountedPerson)) == 1
        assert tx.session.scalar(select(func.count()).select_from(SuppressionRow)) == 1
        assert tx.session.scalar(select(func.count()).select_from(EntryRow)) == 1


def test_the_skeleton_goes_when_no_record_and_no_proof_needs_it(any_runtime: Runtime) -> None:
    made = parties(any_runtime)
    _, referral_id = shared(any_runtime, made, "contact")
    answer(any_runtime, made, referral_id)
    person_id = person_of(any_runtime, made.company_id)
    with any_runtime.begin() as tx:
        withdrawals.erase_person(tx, person_id, actor="user:1")
    for days, there in ((3 * 365 - 3, True), (10, False)):
        clock_of(any_runtime).advance(timedelta(days=days).total_seconds())
        while True:
            with any_runtime.begin() as tx:
                if not retention.purge(tx):
                    break
        with any_runtime.read() as tx:
            assert (tx.session.get(PersonRow, person_id) is not None) == there
    left = {name for name, rows in dump(any_runtime).items() if any(person_id in row for row in rows)}
    assert left <= {"audit_entry", "job"}
    assert len(dump(any_runtime)["ledger_entry"]) == 1


def test_who_never_registered_is_gone_when_the_bar_ends(runtime: Runtime) -> None:
    made = parties(runtime)
    offer(runtime, made.company_id, MAIL)
    person_id = person_of(runtime, made.company_id)
    seen = []
    for days in (181, 180, 10):
        clock_of(runtime).advance(timedelta(days=days).total_seconds())
        with runtime.begin() as tx:
            retention.purge(tx)
        with runtime.read() as tx:
            known = tx.session.get(PersonRow, person_id) is not None
            seen.append((known, known and bool(persons.addresses(tx, person_id))))
    assert seen == [(True, False), (True, False), (False, False)]
    assert {name for name, rows in dump(runtime).items() if any(person_id in row for row in rows)} <= {"job"}


def test_the_kept_tables_are_the_invariant_s(runtime: Runtime) -> None:
    made = parties(runtime)
    done, _ = shared(runtime, made)
    person_id = person_of(runtime, made.company_id)
    with runtime.begin() as tx:
        registrations.withdraw(tx, done.manage_token)
        assert person_rows.delete_all(tx, person_id) > 5
    left = {name for name, rows in dump(runtime).items() if any(person_id in row for row in rows)}
    assert left - {"audit_entry"} <= set(KEPT)
    assert "provision" in left


def test_who_is_only_proposed_is_found_by_address_disclosed_and_erased(runtime: Runtime) -> None:
    """The company does not know the person yet: the agency's proposal is all there is."""
    made = parties(runtime)
    slots.earn(runtime, made)
    one = slots.proposed(runtime, made)
    mail, request = slots.PROPOSAL.mail, subject_requests
    with runtime.begin() as tx:
        assert persons.find(tx, made.company_id, mail) is None
        assert person_rows.known_by(tx, made.company_id, "nobody@example.org") is None
        asked = request.receive(tx, made.company_id, request.Kind.ERASURE, request.Channel.MAIL, mail, actor="user:1")
        request.check_identity(tx, asked.id, request.Identity.MAIL_ANSWERED, actor="user:1")
        text = person_file.as_json(request.file_for(tx, asked.id, actor="user:1"))
    for word in (slots.PROPOSAL.name, slots.PROPOSAL.phone, "法人営業6年"):
        assert word in text
    with runtime.begin() as tx:
        request.finish(tx, asked.id, actor="user:1")
        row = tx.session.get_one(IntroductionRow, one.id)
        assert (row.summary_sealed, row.identity_sealed, row.mail_index) == (None, None, None)
        assert row.state == "declined_by_candidate"
        assert person_rows.known_by(tx, made.company_id, mail) is None
    assert slots.balance(runtime, made).slots_reserved == 0
    told = [sent.recipient for sent in mails(runtime) if (sent.gate_ref or "").startswith("introduction:")]
    assert told[-1] == "inbox@agency.example.com"
    slots.agree(runtime)


def test_the_proposal_of_a_person_who_stops_all_use_ends_and_is_emptied(runtime: Runtime) -> None:
    made = parties(runtime)
    slots.earn(runtime, made)
    one = slots.proposed(runtime, made)
    with runtime.begin() as tx:
        person_id = person_rows.known_by(tx, made.company_id, slots.PROPOSAL.mail) or ""
        withdrawals.stop_use(tx, person_id, actor="user:1")
        row = tx.session.get_one(IntroductionRow, one.id)
        assert (row.summary_sealed, row.identity_sealed, row.mail_index) == (None, None, None)
    slots.agree(runtime)


def test_a_person_introduced_for_a_slot_is_disclosed_and_erased_and_the_introduction_stays(runtime: Runtime) -> None:
    made = parties(runtime)
    slots.earn(runtime, made)
    one = slots.accepted(runtime, made)
    person_id = person_of(runtime, made.company_id, slots.PROPOSAL.mail)
    with runtime.read() as tx:
        text = person_file.as_json(person_file.file_of(tx, person_id))
    for word in (slots.PROPOSAL.name, slots.PROPOSAL.phone, "法人営業6年"):
        assert word in text
    with runtime.begin() as tx:
        withdrawals.erase_person(tx, person_id, actor="user:1")
        row = tx.session.get_one(IntroductionRow, one.id)
        assert (row.summary_sealed, row.identity_sealed) == (None, None)
        person_rows.delete_all(tx, person_id)
        row = tx.session.get_one(IntroductionRow, one.id)
        assert (row.person_id, row.state) == (None, one.state)
        assert tx.session.get(PersonRow, person_id) is None
