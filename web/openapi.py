"""The OpenAPI 3.1 description of /api/v1, made of the models that build the answers."""

from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from web import api_models

_REF = "#/components/schemas/{model}"
_MODELS = (
    api_models.Standing,
    api_models.Referral,
    api_models.Feed,
    api_models.AnswerRequest,
    api_models.Answered,
    api_models.ContactData,
    api_models.Problem,
)


@cache
def document() -> dict[str, Any]:
    _, schemas = models_json_schema([(model, "serialization") for model in _MODELS], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CareerRelay agency API",
            "version": "1",
            "description": "Referrals come at least once, in the order of their hand-over. "
            "Repeat a POST with the same Idempotency-Key as often as you like, for 24 hours: it works once and "
            "answers the same.",
        },
        "security": [{"agencyKey": []}],
        "paths": {
            "/api/v1/agency/referrals": {"get": _feed()},
            "/api/v1/agency/referrals/{id}": {"get": _operation("Read one referral", "Referral")},
            "/api/v1/agency/referrals/{id}/ack": {"post": _post("Answer a profile", "Answered", "AnswerRequest")},
            "/api/v1/agency/referrals/{id}/talk": {"post": _post("Ask the candidate for a talk", "Standing")},
            "/api/v1/agency/referrals/{id}/deleted": {"post": _post("Confirm a deletion", "Standing")},
            "/api/v1/agency/referrals/{id}/contact": {
                "post": _operation("Read the released contact data", "ContactData")
            },
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"agencyKey": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(summary: str, answer: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {
            "200": _content("Done", answer),
            "401": _content("No or unknown key: unauthorized", "Problem"),
            "404": _content("No such referral of this agency: not_found", "Problem"),
            "409": _content("Not possible in its state; the code names the rule", "Problem"),
            "503": _content("Try again later: busy", "Problem"),
        },
    }


def _post(summary: str, answer: str, body: str = "") -> dict[str, Any]:
    operation = _operation(summary, answer)
    operation["parameters"].append(
        {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "maxLength": 255}}
    )
    operation["responses"]["400"] = _content("idempotency_key_missing", "Problem")
    operation["responses"]["422"] = _content("idempotency_key_reused, or invalid", "Problem")
    if body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return operation


def _feed() -> dict[str, Any]:
    operation = _operation("Referrals after a cursor, oldest first", "Feed")
    operation["parameters"] = [
        {"name": "after", "in": "query", "required": False, "schema": {"type": "string"}},
        {
            "name": "limit",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1, "maximum": 100},
        },
    ]
    for status in ("404", "409"):
        del operation["responses"][status]
    operation["responses"]["422"] = _content("Not a cursor of ours: cursor", "Problem")
    return operation


def _content(description: str, model: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref(model)}}}


def _ref(model: str) -> dict[str, str]:
    return {"$ref": _REF.format(model=model)}
