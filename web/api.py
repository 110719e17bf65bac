"""/api/v1 for agencies with developers: a feed of referrals, answers, a wish to talk, the released contact data.

An agency's key opens its own referrals and nothing else. Every POST carries an Idempotency-Key.
"""

import base64
from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, abort, current_app, jsonify, request
from pydantic import BaseModel, ValidationError

from core.runtime import Tx
from crm import agencies, referrals
from crm.agencies import AgencyView
from crm.errors import Refused
from crm.referral_states import Answer, ReferralView
from web import api_models, openapi
from web.context import reading, writing
from web.idempotency import KeyMissing, KeyReused, Reply, once

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

PAGE_REFERRALS_MAX = 100
_M = TypeVar("_M", bound=BaseModel)


@blueprint.get("/openapi.json")
def document() -> Response:
    """The description of this API; it holds no data and needs no key."""
    return jsonify(openapi.document())


@blueprint.get("/agency/referrals")
def feed() -> Response:
    """Referrals handed over to this agency after a cursor, oldest first."""
    limit = max(1, min(request.args.get("limit", PAGE_REFERRALS_MAX, type=int), PAGE_REFERRALS_MAX))
    after = _cursor(request.args.get("after", ""))
    with reading() as tx:
        agency = _agency(tx)
        try:
            views = referrals.for_agency(tx, agency.id, after=after, limit=limit)
        except Refused:
            abort(_problem(422, "cursor"))
    following = _next(views[-1]) if views else request.args.get("after") or None
    return _json(api_models.Feed(referrals=[api_models.referral(view) for view in views], next=following))


@blueprint.get("/agency/referrals/<referral_id>")
def one(referral_id: str) -> Response:
    with reading() as tx:
        view = referrals.get(tx, _agency(tx).id, referral_id)
    return _json(api_models.referral(view))


@blueprint.post("/agency/referrals/<referral_id>/ack")
def ack(referral_id: str) -> Response:
    """Answer a profile: accepted, duplicate or ineligible."""
    wanted = _body(api_models.AnswerRequest)

    def act(tx: Tx, agency: AgencyView) -> BaseModel:
        done = referrals.answer(tx, agency.id, referral_id, Answer(wanted.answer))
        return api_models.Answered(referral=api_models.standing(done.referral), credited=done.credited)

    return _once(act)


@blueprint.post("/agency/referrals/<referral_id>/talk")
def talk(referral_id: str) -> Response:
    """Ask the candidate for a talk; the answer shows in the feed."""
    return _once(lambda tx, agency: api_models.standing(referrals.ask_to_talk(tx, agency.id, referral_id)))


@blueprint.post("/agency/referrals/<referral_id>/deleted")
def deleted(referral_id: str) -> Response:
    """Confirm that what was recalled is deleted."""

    def act(tx: Tx, agency: AgencyView) -> BaseModel:
        referrals.acknowledge_recall(tx, agency.id, referral_id)
        return api_models.standing(referrals.get(tx, agency.id, referral_id))

    return _once(act)


@blueprint.post("/agency/referrals/<referral_id>/contact")
def contact(referral_id: str) -> Response:
    """The contact data after their release. A POST, since each look is audited; personal data are never replayed."""
    with writing() as tx:
        found = referrals.contact(tx, _agency(tx).id, referral_id)
    return _json(api_models.ContactData(name=found.name, phone=found.phone, mail=found.mail))


def _agency(tx: Tx) -> AgencyView:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    agency = agencies.check_api_key(tx, key.strip()) if scheme.lower() == "bearer" else None
    if agency is None:
        abort(_problem(401, "unauthorized", {"WWW-Authenticate": 'Bearer realm="careerrelay"'}))
    return agency


def _once(act: Callable[[Tx, AgencyView], BaseModel]) -> Response:
    with writing() as tx:
        agency = _agency(tx)
        asked = f"{request.method} {request.path}\n".encode() + request.get_data()
        try:
            reply = once(
                tx,
                agency.id,
                request.headers.get("Idempotency-Key", ""),
                asked,
                lambda: Reply(200, act(tx, agency).model_dump(mode="json")),
            )
        except KeyMissing:
            abort(_problem(400, "idempotency_key_missing"))
        except KeyReused:
            abort(_problem(422, "idempotency_key_reused"))
    response = jsonify(reply.body)
    response.status_code = reply.status
    if reply.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _body(model: type[_M]) -> _M:
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError:
        abort(_problem(422, "invalid"))


def _cursor(text: str) -> str:
    """Opaque to the caller; a cursor we did not write starts nowhere, with an error."""
    try:
        return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
    except ValueError:
        abort(_problem(422, "cursor"))


def _next(view: ReferralView) -> str:
    return base64.urlsafe_b64encode(referrals.cursor(view).encode()).decode().rstrip("=")


def _json(model: BaseModel) -> Response:
    return current_app.response_class(model.model_dump_json(), mimetype="application/json")


def _problem(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    response = jsonify(error={"code": code})
    response.status_code = status
    response.headers.update(headers or {})
    return response
