"""Problem details of the API (RFC 9457): one table of stable codes, served as a page of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, current_app, json

from web.context import runtime

MEDIA_TYPE = "application/problem+json"
PAGE = "/api/v1/problems"


@dataclass(frozen=True, slots=True)
class Meaning:
    """``title`` says what it is; ``advice`` what the caller can do about it."""

    status: int
    title: str
    advice: str


PROBLEMS: Mapping[str, Meaning] = {
    "idempotency_key_missing": Meaning(
        400, "No usable Idempotency-Key", "Send a header of 1 to 255 printable characters."
    ),
    "bad_request": Meaning(400, "Not a request we can read", "Look at the description of the operation."),
    "unauthorized": Meaning(401, "No or unknown key", "Send Authorization: Bearer KEY with a key that is not revoked."),
    "scope": Meaning(403, "The key may not do this", "Ask for a key with the scope that the operation names."),
    "not_found": Meaning(404, "Not there", "It does not exist, or it belongs to somebody else."),
    "method": Meaning(405, "Not that way", "Look at the description of the operation."),
    "answered": Meaning(409, "Already answered otherwise", "An answer stands; only accepted may still be disputed."),
    "dispute_over": Meaning(409, "Too late to dispute", "Seven days after the contact data an answer is final."),
    "before_hand_over": Meaning(409, "Before the hand-over", "Name a day since the profile was handed over."),
    "future": Meaning(409, "Lies in the future", "Report what has happened."),
    "introduction_erased": Meaning(409, "The person's data were deleted", "Nothing more can be done with it."),
    "introduction_side": Meaning(409, "Not for this side to say", "See the acts of the introduction."),
    "introduction_state": Meaning(409, "Not possible where it stands", "See the acts of the introduction."),
    "no_consent": Meaning(409, "The candidate did not agree to this", "Do not send it; nothing is stored."),
    "no_contact": Meaning(409, "No contact data", "They were not released, or the candidate withdrew."),
    "no_licence": Meaning(409, "No valid licence or no running contract", "Have the licence renewed here first."),
    "refused": Meaning(409, "Not possible", "See where it stands, then decide anew."),
    "talk_impossible": Meaning(409, "The candidate declined", "Do not ask again."),
    "in_the_past": Meaning(409, "In the past", "Name a time that is to come; the company can record an earlier one."),
    "interview_over": Meaning(409, "The time of the interview has come", "Say held, or no_show when it was not."),
    "too_early": Meaning(409, "Too early", "Say so when it has happened."),
    "withdrawn": Meaning(409, "The candidate withdrew consent", "Delete what you hold, and confirm it."),
    "no_licensed_agency": Meaning(409, "No licensed agency", "The company has none that a link could lead to."),
    "opted_out": Meaning(409, "This person wants no such note", "Send the notice without a link."),
    "invited_within_365_days": Meaning(409, "Invited within a year", "Send the notice without a link."),
    "link_revoked": Meaning(409, "The link was taken back", "Send the notice without a link."),
    "suspended": Meaning(409, "The company is suspended", "Send the notice without a link."),
    "not_rejected": Meaning(409, "Not rejected by newer word", "Send no rejection notice before that is settled."),
    "other_application": Meaning(409, "Another application is open", "Send the notice without a link."),
    "too_large": Meaning(413, "Too large", "Send less."),
    "cursor": Meaning(422, "Not a cursor of this feed", "Send what `next` said, or nothing to begin anew."),
    "idempotency_key_reused": Meaning(422, "Key used for another request", "Take a new Idempotency-Key."),
    "invalid": Meaning(422, "The content is not as described", "See `errors` and the schema of the operation."),
    "too_many": Meaning(429, "Too many calls", "Wait as long as Retry-After says."),
    "fault": Meaning(500, "Our fault", "Try again later with the same Idempotency-Key."),
    "busy": Meaning(503, "Busy", "Try again later with the same Idempotency-Key."),
}


def problem(
    code: str, headers: Mapping[str, str] | None = None, errors: list[dict[str, str]] | None = None
) -> Response:
    """Build the answer for a code of the table; one that is not in it is told as the neutral `refused`."""
    meaning = PROBLEMS.get(code) or PROBLEMS["refused"]
    body: dict[str, object] = {
        "type": f"{runtime().settings.web.base_url}{PAGE}#{code}",
        "title": meaning.title,
        "status": meaning.status,
        "detail": meaning.advice,
        "code": code if code in PROBLEMS else "refused",
    }
    if errors:
        body["errors"] = errors
    response = current_app.response_class(json.dumps(body), status=meaning.status, mimetype=MEDIA_TYPE)
    response.headers.update(headers or {})
    return response
