"""The command line about people: files, requests, evidence, purposes, purge; and a company as a whole."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from careerrelay import opening
from careerrelay.handlers import HANDLERS
from core import outbox
from core.runner import Runner
from core.runtime import Runtime
from core.setting_sources import load
from core.settings import Settings
from crm.candidate import registrations
from crm.invitation.invitations import Offer, offer_for_rejection
from crm.profile.forms import ContactForm, ProfileForm, RegistrationForm
from crm.slots import introductions
from crm.tables import ConsentRow, LinkRow
from tests.careerrelay.command_line import Installation, add_agency, add_company
from tests.crm.slots import NEED, PROPOSAL, company, earn
from tests.crm.world import Parties

MAIL = "hanako.mihon@example.com"
NAME, JOB = "見本 花子", "朱鷺飼育"


@pytest.fixture
def one(tmp_path: Path) -> Installation:
    """An installation with one registered candidate whose profile was handed over."""
    installation = Installation(tmp_path / "home", CONSENT__UNDO_MINUTES="0")
    add_company(installation, "--contact-mail", "jinji@example.co.jp")
    add_agency(installation, 1)
    with opening.opened(settings_of(installation)) as runtime:
        register(runtime)
        hand_over(runtime)
    return installation


def settings_of(installation: Installation) -> Settings:
    return load(env=installation.env)


def register(runtime: Runtime) -> None:
    with runtime.begin() as tx:
        made = offer_for_rejection(tx, company_id=1, recipient=MAIL, mail_id=1)
        assert isinstance(made, Offer)
        token = made.relay_url.rpartition("/")[2]
        page = registrations.page(tx, token, "ja")
        assert page is not None
        boxes = {box.name: box.text_sha256 for box in page.boxes if box.purpose in ("profile", "contact")}
        profile = ProfileForm(wanted_job=JOB, prefecture="13", years=5)
        form = RegistrationForm(mail=MAIL, profile=profile, boxes=boxes, adult=True, contact=ContactForm(NAME))
        registrations.submit(tx, token, form)


def hand_over(runtime: Runtime) -> None:
    Runner(runtime, HANDLERS, "test").drain()


def test_a_person_s_file_is_written_to_be_read_and_for_programs(one: Installation, tmp_path: Path) -> None:
    one.good("person", "export", "--company", "1", MAIL, str(tmp_path / "file"))
    file = json.loads((tmp_path / "file" / "person.json").read_text("utf-8"))
    assert file["tables"]["registration"][0]["contact_sealed"]["name"] == NAME
    text = (tmp_path / "file" / "person.txt").read_text("utf-8")
    assert MAIL in text
    assert JOB in text
    assert (tmp_path / "file" / "person.json").stat().st_mode & 0o077 == 0
    assert one.refused("person", "export", "--company", "1", "x@example.com", str(tmp_path / "no"))
    assert one.refused("person", "export", "--company", "1", MAIL, str(tmp_path / "file"))


def test_an_erasure_has_to_be_meant(one: Installation) -> None:
    assert one.refused("person", "erase", "--company", "1", MAIL) == ["careerrelay: this cannot be undone: say --yes"]
    one.good("person", "erase", "--company", "1", MAIL, "--yes")
    assert one.refused("person", "erase", "--company", "1", MAIL, "--yes")
    [recall] = one.json("request", "recalls")
    one.good("request", "recalls", "--acknowledge", recall["referral_id"])
    assert one.json("request", "recalls") == []


def test_a_request_goes_its_way(one: Installation, tmp_path: Path) -> None:
    made = one.json("request", "add", "--company", "1", "--kind", "provision_records", MAIL)
    refused = one.refused("request", "file", made["id"], str(tmp_path / "early"))
    assert "first check who asks" in refused[0]
    one.good("request", "identity", made["id"], "--how", "document")
    one.good("request", "file", made["id"], str(tmp_path / "records"))
    tables = json.loads((tmp_path / "records" / "person.json").read_text("utf-8"))["tables"]
    assert [record["step"] for record in tables["provision"]] == ["profile"]
    assert one.json("request", "done", made["id"], "--answer", "送付しました")["standing"] == "done"
    other = one.json("request", "add", "--company", "1", "--kind", "erasure", "x@example.com")
    one.good("request", "refuse", other["id"], "--reason", "nothing_held")
    assert one.json("request", "list") == []
    assert {each["standing"] for each in one.json("request", "list", "--all")} == {"done", "refused"}


def test_who_asks_is_known_by_six_digits(one: Installation) -> None:
    made = one.json("request", "add", "--company", "1", "--kind", "correction", MAIL)
    assert one.run("request", "identity", made["id"], "--how", "code").exit_code == 2
    one.good("request", "send-code", made["id"])
    assert "4 tries left" in one.refused("request", "check-code", made["id"], "x")[0]
    with opening.opened(settings_of(one)) as runtime, runtime.begin() as tx:
        subject = str(message_from_bytes(outbox.waiting(tx, 100)[-1].raw, policy=default)["Subject"])
    assert one.json("request", "check-code", made["id"], subject[-6:])["identity"] == "code"
    one.good("request", "send-code", made["id"], "--new-address", "hanako.new@example.org")


def test_a_bundle_of_evidence_proves_itself_and_shows_every_change(one: Installation, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    made = one.json("evidence", "export", str(bundle), "--company", "1", "--person", MAIL)
    assert made["lines"]["consents.jsonl"] == 2
    assert made["lines"]["provisions.jsonl"] == 1
    good = one.json("evidence", "verify", str(bundle), "--fingerprint", made["fingerprint"])
    assert good == {"ok": True, "fingerprint": made["fingerprint"], "problems": []}
    [record] = lines(bundle / "provisions.jsonl")
    assert record["subject"]["mail"] == MAIL
    assert (bundle / "texts" / f"{record['text_sha256']}.txt").is_file()
    for consent in lines(bundle / "consents.jsonl"):
        assert consent["adult_at"] <= consent["given_at"]
        assert (bundle / "texts" / f"{consent['adult_sha256']}.txt").read_text() == "18歳以上です。"
    text = next(bundle.glob("texts/*.txt"))
    damages: dict[str, Callable[[Path], object]] = {
        "was altered": lambda file: file.write_bytes(file.read_bytes() + b" "),
        "is missing": lambda file: file.unlink(),
        "not in the manifest": lambda file: (file.parent / "more.txt").write_text("x"),
    }
    for word, damage in damages.items():
        copy = tmp_path / word.replace(" ", "-")
        shutil.copytree(bundle, copy)
        damage(copy / "texts" / text.name)
        found = one.run("evidence", "verify", str(copy))
        assert found.exit_code == 1
        assert word in found.stdout
    (bundle / "manifest.json").write_bytes((bundle / "manifest.json").read_bytes().replace(b'"person"', b'"nobody"'))
    assert "the signature does not fit" in one.run("evidence", "verify", str(bundle)).stdout
    assert one.run("evidence", "verify", str(copy), "--fingerprint", "00").exit_code == 1


def test_evidence_of_a_period_names_nobody(one: Installation, tmp_path: Path) -> None:
    made = one.json("evidence", "export", str(tmp_path / "b"), "--company", "1",
                    "--from", "2000-01-01", "--until", "2999-12-31")  # fmt: skip
    assert made["lines"]["provisions.jsonl"] == 1
    assert one.json("evidence", "verify", str(tmp_path / "b"))["ok"]
    everything = b"".join(path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file())
    for word in (MAIL, NAME, JOB):
        assert word.encode() not in everything
    empty = one.json("evidence", "export", str(tmp_path / "e"), "--company", "1",
                     "--from", "2000-01-01", "--until", "2000-12-31")  # fmt: skip
    assert empty["lines"]["consents.jsonl"] == 0
    assert one.run("evidence", "export", str(tmp_path / "n"), "--company", "1").exit_code == 2
    for first, last in (("0001-01-01", "2026-12-31"), ("2026-01-01", "9999-12-31")):
        period = ("--from", first, "--until", last)
        refused = one.refused("evidence", "export", str(tmp_path / "y"), "--company", "1", *period)
        assert "between the years" in refused[0]


def test_a_provision_that_its_consent_did_not_cover_is_found(one: Installation, tmp_path: Path) -> None:
    with opening.opened(settings_of(one)) as runtime, runtime.begin() as tx:
        tx.session.execute(update(ConsentRow).values(recipient="agency:99"))
    one.good("evidence", "export", str(tmp_path / "b"), "--company", "1", "--person", MAIL)
    found = one.run("evidence", "verify", str(tmp_path / "b"))
    assert found.exit_code == 1
    assert "its consent did not cover it" in found.stdout


def test_the_register_and_its_paragraph(one: Installation) -> None:
    assert len(one.json("purposes")) >= 10
    assert "Mirai Career" in one.good("purposes", "--company", "1")
    assert "APPI" in one.good("purposes", "--lang", "en")


def test_a_dry_run_of_the_purge_deletes_nothing(one: Installation) -> None:
    with opening.opened(settings_of(one)) as runtime, runtime.begin() as tx:
        old = tx.now.replace(year=2000)
        tx.session.execute(update(LinkRow).values(expires_at=old))
        count = tx.session.scalar(select(func.count()).select_from(LinkRow))
    for _ in range(2):
        assert one.json("purge", "--dry-run")["rows"]["links"] == count
    assert one.json("purge")["rows"]["links"] == count
    assert one.json("purge", "--dry-run")["rows"]["links"] == 0


def test_a_company_is_shown_exported_and_ended(one: Installation, tmp_path: Path) -> None:
    shown = one.json("company", "show", "1")
    assert shown["numbers"] == {"people": 1, "erased": 0}
    assert MAIL not in json.dumps(shown)
    one.good("company", "export", "1", str(tmp_path / "all"))
    [person] = lines(tmp_path / "all" / "people.jsonl")
    assert person["tables"]["person_mail"][0]["sealed"] == MAIL
    assert one.refused("company", "erase", "1", "--confirm", "Another")
    assert one.json("company", "erase", "1", "--confirm", "Example") == {"id": 1, "people": 1}
    ended = one.json("company", "show", "1")
    assert ended["company"]["suspended"]
    assert ended["company"]["networks"] == []
    assert ended["company"]["contact_mail"] is None
    assert ended["numbers"] == {"people": 1, "erased": 1}
    assert len(one.json("request", "recalls")) == 1
    assert one.json("company", "erase", "1", "--confirm", "Example")["people"] == 0


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_evidence_finds_somebody_whom_an_agency_only_proposes(one: Installation, tmp_path: Path) -> None:
    with opening.opened(settings_of(one)) as runtime:
        made = Parties(1, 1, 1)
        earn(runtime, made)
        with runtime.begin() as tx:
            proposal = replace(PROPOSAL, agreed_on=tx.now.date() - timedelta(days=1))
            need = introductions.open_need(tx, 1, NEED, company(made))
            introductions.propose(tx, 1, need.id, proposal)
    bundle = tmp_path / "proposed"
    told = one.json("evidence", "export", str(bundle), "--company", "1", "--person", proposal.mail)
    assert (told["lines"]["introductions.jsonl"], told["lines"]["consents.jsonl"]) == (1, 0)
    [row] = lines(bundle / "introductions.jsonl")
    assert (row["id"], row["state"], row["agreed_on"]) == (need.id, "proposed", str(proposal.agreed_on))
    assert "need stated" in {entry["action"] for entry in lines(bundle / "audit.jsonl")}
    assert one.json("evidence", "verify", str(bundle))["ok"]
    refused = one.refused("evidence", "export", str(tmp_path / "x"), "--company", "1", "--person", "x@example.com")
    assert "nobody is known" in refused[0]
