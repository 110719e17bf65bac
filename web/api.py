"""/api/v1 for agencies with developers: a feed of referrals and events, answers, outcomes, the released contact data.

An agency's key opens its own referrals and nothing else. Every POST that changes something carries an Idempotency-Key.
"""

from typing import NoReturn

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel

from core.runtime import Tx
from crm.agency import agency_events
from crm.agency.api_keys import Scope
from crm.consents import consent
from crm.delivery import agency_payload, referrals
from crm.referral.outcomes import OutcomeKind
from crm.referral.referral_states import Answer
from web import api_models, openapi
from web.api_access import Caller, agency, body, once_for_key, shown
from web.api_problems import PROBLEMS, problem
from web.context import reading, writing
from web.idempotency import About

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

PAGE_MAX = 100
CURSOR_DIGITS_MAX = 9  # what fits into the column of the numbers, on every database


@blueprint.get("/openapi.json")
def document() -> Response:
    """The description of this API; it holds no data and needs no key."""
    return jsonify(openapi.document())


@blueprint.get("/problems")
def problems() -> Response:
    """Every code of a problem, what it means and what to do about it."""
    return jsonify(
        {code: {"status": one.status, "title": one.title, "detail": one.advice} for code, one in PROBLEMS.items()}
    )


@blueprint.get("/agency/referrals")
def feed() -> Response:
    """Referrals handed over to this agency behind a cursor, in the order of the hand-overs."""
    after, limit = _page()
    with reading() as tx:
        caller = agency(tx, Scope.REFERRALS_READ)
        found = referrals.for_agency(tx, caller.id, after=after, limit=limit, reach=caller.reach)
    views = [api_models.referral(view) for _, view in found]
    return shown(api_models.Feed(referrals=views, next=_next(found[-1][0] if found else after)))


@blueprint.get("/agency/events")
def events() -> Response:
    """What happened for this agency behind a cursor: the same as its webhook gets."""
    after, limit = _page()
    with reading() as tx:
        caller = agency(tx, Scope.REFERRALS_READ)
        found = agency_events.after(tx, caller.id, after, limit, reach=caller.reach)
        told = [
            api_models.Event(seq=one.seq, id=f"evt_{one.id}", **agency_payload.event(tx, one))
            for one in found
            if not one.gate_ref or consent.may_leave(tx, one.gate_ref)
        ]
    return shown(api_models.Events(events=told, next=_next(found[-1].seq if found else after)))


@blueprint.get("/agency/referrals/<referral_id>")
def one(referral_id: str) -> Response:
    """Read one referral."""
    with reading() as tx:
        view = referrals.get(tx, agency(tx, Scope.REFERRALS_READ, About(referral_id)).id, referral_id)
    return shown(api_models.referral(view))


@blueprint.post("/agency/referrals/<referral_id>/ack")
def ack(referral_id: str) -> Response:
    """Answer a profile: accepted, duplicate or ineligible."""
    wanted = body(api_models.AnswerRequest)

    def act(tx: Tx, caller: Caller) -> BaseModel:
        done = referrals.answer(tx, caller.id, referral_id, Answer(wanted.answer))
        return api_models.Answered(referral=api_models.standing(done.referral), credited=done.credited)

    return once_for_key(Scope.REFERRALS_WRITE, About(referral_id), act)


@blueprint.post("/agency/referrals/<referral_id>/talk")
def talk(referral_id: str) -> Response:
    """Ask the candidate for a talk; the answer shows in the feed."""
    return once_for_key(
        Scope.REFERRALS_WRITE,
        About(referral_id),
        lambda tx, caller: api_models.standing(referrals.ask_to_talk(tx, caller.id, referral_id)),
    )


@blueprint.post("/agency/referrals/<referral_id>/outcomes")
def outcome(referral_id: str) -> Response:
    """Report what became of it, where the candidate agreed to that."""
    wanted = body(api_models.OutcomeRequest)

    def act(tx: Tx, caller: Caller) -> BaseModel:
        kind = OutcomeKind(wanted.kind)
        return api_models.standing(referrals.report(tx, caller.id, referral_id, kind, wanted.happened_on))

    return once_for_key(Scope.REFERRALS_WRITE, About(referral_id), act)


@blueprint.post("/agency/referrals/<referral_id>/deleted")
def deleted(referral_id: str) -> Response:
    """Confirm that what was recalled is deleted."""

    def act(tx: Tx, caller: Caller) -> BaseModel:
        referrals.acknowledge_recall(tx, caller.id, referral_id)
        return api_models.standing(referrals.get(tx, caller.id, referral_id))

    return once_for_key(Scope.REFERRALS_WRITE, About(referral_id), act)


@blueprint.post("/agency/referrals/<referral_id>/contact")
def contact(referral_id: str) -> Response:
    """The contact data after their release. A POST, since each look is audited; personal data are never replayed."""
    with writing() as tx:
        found = referrals.contact(tx, agency(tx, Scope.CONTACTS_READ, About(referral_id)).id, referral_id)
    return shown(api_models.ContactData(name=found.name, phone=found.phone, mail=found.mail))


def _page() -> tuple[int, int]:
    """Cursor and page size; a cursor we did not write starts nowhere, with a problem."""
    text = request.args.get("after", "")
    if text and not (text.isascii() and text.isdecimal() and len(text) <= CURSOR_DIGITS_MAX):
        _bad_cursor()
    size = request.args.get("limit", str(PAGE_MAX))
    if not (size.isascii() and size.isdecimal() and len(size) <= CURSOR_DIGITS_MAX):
        size = str(PAGE_MAX)
    return int(text or 0), max(1, min(int(size), PAGE_MAX))


def _bad_cursor() -> NoReturn:
    abort(problem("cursor"))


def _next(seq: int) -> str | None:
    return str(seq) if seq else None
