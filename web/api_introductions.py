"""/api/v1/agency/introductions: what companies with a free slot look for, and each step of an introduction."""

from flask import Blueprint, Response
from pydantic import BaseModel

from core.runtime import Tx
from crm.agency.api_keys import Scope
from crm.errors import FormRefused, Problem
from crm.slots import introductions
from crm.slots.introductions import Fee, IntroductionView, Proposal, by_agency
from web import api_models
from web.api_access import Caller, agency, body, once_for_key, shown
from web.context import reading
from web.idempotency import About

blueprint = Blueprint("api_introductions", __name__, url_prefix="/api/v1")


@blueprint.get("/agency/introductions")
def introductions_of_agency() -> Response:
    """What companies ask of this agency."""
    with reading() as tx:
        caller = agency(tx, Scope.INTRODUCTIONS_WRITE)
        found = introductions.for_agency(tx, caller.id, reach=caller.reach)
    return shown(api_models.Introductions(introductions=[api_models.introduction(view) for view in found]))


@blueprint.get("/agency/introductions/<introduction_id>")
def introduction(introduction_id: str) -> Response:
    """Read one introduction."""
    with reading() as tx:
        caller = agency(tx, Scope.INTRODUCTIONS_WRITE, About(introduction_id=introduction_id))
        view = introductions.get(tx, "agency", caller.id, introduction_id)
    return shown(api_models.introduction(view))


@blueprint.post("/agency/introductions/<introduction_id>/proposal")
def proposal(introduction_id: str) -> Response:
    """Introduce a person for a need."""
    wanted = body(api_models.ProposalRequest)

    def act(tx: Tx, caller: Caller) -> BaseModel:
        given = Proposal(wanted.summary, wanted.name, wanted.mail, wanted.phone, wanted.agreed_on)
        return api_models.introduction(introductions.propose(tx, caller.id, introduction_id, given))

    return once_for_key(Scope.INTRODUCTIONS_WRITE, About(introduction_id=introduction_id), act)


@blueprint.post("/agency/introductions/<introduction_id>/acts")
def introduction_act(introduction_id: str) -> Response:
    """Take one step of an introduction."""
    wanted = body(api_models.ActRequest)
    return once_for_key(
        Scope.INTRODUCTIONS_WRITE,
        About(introduction_id=introduction_id),
        lambda tx, caller: api_models.introduction(take(tx, caller.id, introduction_id, wanted)),
    )


def take(tx: Tx, agency_id: int, introduction_id: str, wanted: api_models.ActRequest) -> IntroductionView:
    """Do what an agency says happened.

    Raises:
        NotFound, WrongState, FormRefused: as the steps of `crm.slots.introductions` say.
    """
    by = by_agency(agency_id)
    match wanted.act:
        case "schedule":
            if wanted.interview_at is None:
                raise FormRefused((Problem("interview_at", "required"),))
            return introductions.schedule(tx, introduction_id, wanted.interview_at, by)
        case "held":
            return introductions.held(tx, introduction_id, by)
        case "no_show":
            return introductions.no_show(tx, introduction_id, by)
        case "decline_by_candidate":
            return introductions.decline(tx, introduction_id, by, by_candidate=True)
        case "hire":
            fee = Fee(wanted.fee_basis_yen, wanted.fee_rate_bp, wanted.fee_yen)
            return introductions.hired(tx, introduction_id, fee, by)
        case "retain":
            return introductions.retained(tx, introduction_id, by)
        case "close":
            return introductions.close(tx, introduction_id, by)
