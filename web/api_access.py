"""Who calls the API: a bearer key, what its scopes open, how often; and an act that is done once for its key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask, Response, abort, current_app, jsonify, request
from pydantic import BaseModel, ValidationError

from core.errors import NotFound
from core.runtime import Tx
from crm.agency import agency_events, api_keys
from crm.agency.api_keys import Bearer, Scope
from web.api_problems import problem
from web.context import runtime, visitor_address, writing
from web.idempotency import NOTHING, About, KeyMissing, KeyReused, Reply, once
from web.rate import Rate

_RATE = "careerrelay-api-rate"
#: Calls without a good key from one place in a minute.
STRANGE_CALLS_MAX = 60
_M = TypeVar("_M", bound=BaseModel)


def install(app: Flask) -> None:
    """Give the app its counter."""
    app.extensions[_RATE] = Rate()


def bearer(tx: Tx, scope: Scope) -> Bearer:
    """Return who calls; any other call ends here with its problem."""
    rate: Rate = current_app.extensions[_RATE]
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    found = api_keys.check(tx, key.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        wait_s = rate.take(f"place {visitor_address()}", STRANGE_CALLS_MAX)
        if wait_s:
            abort(problem("too_many", {"Retry-After": str(wait_s)}))
        abort(problem("unauthorized", {"WWW-Authenticate": 'Bearer realm="careerrelay"'}))
    wait_s = rate.take(f"key {found.key_id}", runtime().settings.web.api_calls_per_minute)
    if wait_s:
        abort(problem("too_many", {"Retry-After": str(wait_s)}))
    if scope not in found.scopes:
        told = f'Bearer realm="careerrelay", error="insufficient_scope", scope="{scope.value}"'  # RFC 6750 3.1
        abort(problem("scope", {"WWW-Authenticate": told}))
    return found


@dataclass(frozen=True, slots=True)
class Caller:
    """An agency's program. ``reach``: the one company whose referrals and needs its key opens; None: all."""

    id: int
    reach: int | None


def agency(tx: Tx, scope: Scope, about: About = NOTHING) -> Caller:
    """Return the agency that calls; scopes of agencies are only ever given to their keys.

    Raises:
        NotFound: what the call is about came from a company that the key does not open.
    """
    found = bearer(tx, scope)
    if found.agency_id is None:
        abort(problem("scope"))
    if found.reach is not None:
        company_id = agency_events.company_of(tx, about.referral_id, about.introduction_id)
        if company_id not in (None, found.reach):
            raise NotFound("this key opens another company's referrals only")
    return Caller(found.agency_id, found.reach)


def once_for_key(scope: Scope, about: About, act: Callable[[Tx, Caller], BaseModel]) -> Response:
    """Do ``act`` once for its Idempotency-Key, and answer the same again when it comes again, for as long as what it
    is about is there."""
    with writing() as tx:
        caller = agency(tx, scope, about)
        asked = f"{request.method} {request.path}\n".encode() + request.get_data()
        try:
            reply = once(
                tx,
                caller.id,
                request.headers.get("Idempotency-Key", ""),
                asked,
                lambda: Reply(200, act(tx, caller).model_dump(mode="json")),
                about,
            )
        except KeyMissing:
            abort(problem("idempotency_key_missing"))
        except KeyReused:
            abort(problem("idempotency_key_reused"))
    response = jsonify(reply.body)
    response.status_code = reply.status
    if reply.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def body(model: type[_M]) -> _M:
    """Read the body as ``model``; what is wrong is told by field, without repeating what was sent."""
    try:
        found = model.model_validate_json(request.get_data())
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)
        errors = [{"field": ".".join(map(str, one["loc"])), "problem": one["msg"]} for one in wrong]
        abort(problem("invalid", errors=errors))
    # PostgreSQL holds no U+0000 in a text; what programs send has no deeper levels.
    if odd := [name for name, value in found if isinstance(value, str) and "\0" in value]:
        abort(problem("invalid", errors=[{"field": name, "problem": "has the character U+0000"} for name in odd]))
    return found


def shown(model: BaseModel) -> Response:
    """Answer with a model."""
    return current_app.response_class(model.model_dump_json(), mimetype="application/json")
