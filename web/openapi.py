"""The OpenAPI 3.1 description of /api/v1: one table of operations, and the models that build the answers."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from crm.agency.api_keys import Scope
from web import api_models as models
from web.api_problems import MEDIA_TYPE, PROBLEMS

_REPEATED = re.compile(r"[^a-z]+")
_REF = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Operation:
    """``once``: it takes an Idempotency-Key; ``refusals``: the codes of 409 that it may answer."""

    method: str
    path: str
    summary: str
    scope: Scope
    answer: type[BaseModel]
    takes: type[BaseModel] | None = None
    once: bool = False
    paged: bool = False
    refusals: tuple[str, ...] = ()


_STEPS = (
    *("introduction_state", "introduction_side", "introduction_erased", "in_the_past", "too_early", "interview_over"),
    *("no_licence", "refused"),
)
_REFERRAL = "/agency/referrals/{referral_id}"
_INTRODUCTION = "/agency/introductions/{introduction_id}"
OPERATIONS = (
    Operation("get", "/agency/referrals", "Referrals behind a cursor", Scope.REFERRALS_READ, models.Feed, paged=True),
    Operation("get", "/agency/events", "Events behind a cursor", Scope.REFERRALS_READ, models.Events, paged=True),
    Operation("get", _REFERRAL, "Read one referral", Scope.REFERRALS_READ, models.Referral),
    Operation(
        "post",
        f"{_REFERRAL}/ack",
        "Answer a profile",
        Scope.REFERRALS_WRITE,
        models.Answered,
        models.AnswerRequest,
        once=True,
        refusals=("withdrawn", "answered", "dispute_over", "no_licence"),
    ),
    Operation(
        "post",
        f"{_REFERRAL}/talk",
        "Ask the candidate for a talk; this accepts the profile",
        Scope.REFERRALS_WRITE,
        models.Standing,
        once=True,
        refusals=("withdrawn", "answered", "talk_impossible", "no_licence"),
    ),
    Operation(
        "post",
        f"{_REFERRAL}/outcomes",
        "Report what became of it",
        Scope.REFERRALS_WRITE,
        models.Standing,
        models.OutcomeRequest,
        once=True,
        refusals=("no_contact", "no_consent", "future", "before_hand_over"),
    ),
    Operation("post", f"{_REFERRAL}/deleted", "Confirm a deletion", Scope.REFERRALS_WRITE, models.Standing, once=True),
    Operation(
        "post",
        f"{_REFERRAL}/contact",
        "Read the released contact data; each look is recorded",
        Scope.CONTACTS_READ,
        models.ContactData,
        refusals=("no_contact",),
    ),
    Operation(
        "get",
        "/agency/introductions",
        "What companies with a free slot look for",
        Scope.INTRODUCTIONS_WRITE,
        models.Introductions,
    ),
    Operation("get", _INTRODUCTION, "Read one introduction", Scope.INTRODUCTIONS_WRITE, models.Introduction),
    Operation(
        "post",
        f"{_INTRODUCTION}/proposal",
        "Introduce a person for a need",
        Scope.INTRODUCTIONS_WRITE,
        models.Introduction,
        models.ProposalRequest,
        once=True,
        refusals=_STEPS,
    ),
    Operation(
        "post",
        f"{_INTRODUCTION}/acts",
        "Take one step of an introduction",
        Scope.INTRODUCTIONS_WRITE,
        models.Introduction,
        models.ActRequest,
        once=True,
        refusals=_STEPS,
    ),
    Operation(
        "post",
        "/company/invitations",
        "A personal link for a notice that the applicant tracking system sends",
        Scope.INVITATIONS_WRITE,
        models.PersonalLink,
        models.LinkRequest,
        refusals=(
            "no_licensed_agency",
            "opted_out",
            "invited_within_365_days",
            "link_revoked",
            "suspended",
            "not_rejected",
            "other_application",
        ),
    ),
)


#: What an agency's own server is sent, when it has one (Standard Webhooks).
_WEBHOOK = {
    "operationId": "webhook_events",
    "summary": "What happened for the agency, one call an event, signed (standardwebhooks.com)",
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": _REF.format(model=models.Told.__name__)}}},
    },
    "responses": {
        "2XX": {"description": "Taken; the same webhook-id may come again"},
        "410": {"description": "Send nothing more"},
    },
    "security": [],
}


@cache
def document() -> dict[str, Any]:
    """The whole description as JSON values."""
    used = {operation.answer for operation in OPERATIONS} | {models.Problem, models.Told}
    taken = {operation.takes for operation in OPERATIONS if operation.takes}
    listed = [(model, "serialization") for model in sorted(used, key=lambda model: model.__name__)]
    listed += [(model, "validation") for model in sorted(taken, key=lambda model: model.__name__)]
    _, schemas = models_json_schema(listed, ref_template=_REF)  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/api/v1{operation.path}", {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CareerRelay API",
            "version": "1",
            "description": "Referrals come at least once, in the order of their hand-over. Repeat a POST with the same "
            "Idempotency-Key as often as you like, for 24 hours: it works once and answers the same. A problem is "
            "application/problem+json (RFC 9457); its codes are listed at /api/v1/problems.",
        },
        "security": [{"key": []}],
        "paths": paths,
        "webhooks": {"events": {"post": _WEBHOOK}},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    name = operation.path.partition("{")[2].partition("}")[0]
    parameters: list[dict[str, Any]] = []
    if name:
        parameters.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
    if operation.once:
        key = {"type": "string", "minLength": 1, "maxLength": 255}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
    if operation.paged:
        limit = {"type": "integer", "minimum": 1, "maximum": 100}
        parameters.append({"name": "after", "in": "query", "required": False, "schema": {"type": "string"}})
        parameters.append({"name": "limit", "in": "query", "required": False, "schema": limit})
    described: dict[str, Any] = {
        "operationId": _REPEATED.sub("_", f"{operation.method}{operation.path}").strip("_"),
        "summary": operation.summary,
        "description": f"Scope: {operation.scope.value}",
        "parameters": parameters,
        "responses": _responses(operation, has_id=bool(name)),
    }
    if operation.takes:
        schema = {"schema": _ref(operation.takes)}
        described["requestBody"] = {"required": True, "content": {"application/json": schema}}
    return described


def _responses(operation: Operation, *, has_id: bool) -> dict[str, Any]:
    codes = ["unauthorized", "scope", "too_many", "busy", *operation.refusals]
    if has_id:
        codes.append("not_found")
    if operation.paged:
        codes.append("cursor")
    if operation.takes:
        codes += ["invalid"]
    if operation.takes or operation.once:
        codes += ["too_large"]
    if operation.once:
        codes += ["idempotency_key_missing", "idempotency_key_reused"]
    told: dict[str, Any] = {
        "200": {"description": "Done", "content": {"application/json": {"schema": _ref(operation.answer)}}}
    }
    for status in sorted({PROBLEMS[code].status for code in codes}):
        mine = [f"{code}: {PROBLEMS[code].title}" for code in codes if PROBLEMS[code].status == status]
        content = {MEDIA_TYPE: {"schema": _ref(models.Problem)}}
        told[str(status)] = {"description": "; ".join(mine), "content": content}
    return told


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
