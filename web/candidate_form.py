"""The candidate's answers between two pages: signed hidden fields, so that nothing is stored before the last button."""

from dataclasses import asdict
from ipaddress import ip_address, ip_network

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from crm.consents.consent_texts import age_words
from crm.profile.choices import LANGUAGES
from crm.profile.forms import SKILLS_MAX, ContactForm, Evidence, ProfileForm, RegistrationForm, without
from web.context import visitor_address
from web.i18n import lang

STATE_SECONDS = 4 * 3600
_SEPARATORS = str.maketrans(dict.fromkeys("、,，;；・/／\r\n\t", "\n"))


def sign(token: str, state: dict[str, object]) -> str:
    """``state`` as one hidden field; it opens only on the pages of the same link."""
    return _signer(token).dumps(state)


def opened(token: str, signed: str) -> dict[str, object] | None:
    """What `sign` wrote; None when it is too old, altered, or of another link."""
    try:
        state = _signer(token).loads(signed, max_age=STATE_SECONDS)
    except BadData:
        return None
    return state if isinstance(state, dict) else None


def profile() -> ProfileForm:
    """The profile as typed; wrong values stay as they are, for `crm.profile.forms` to name."""
    form = request.form
    years = form.get("years", "").strip()
    spoken = [f"{code}:{level}" for code in LANGUAGES if (level := form.get(f"language_{code}", ""))]
    return ProfileForm(
        wanted_job=" ".join(form.get("wanted_job", "").split()),
        prefecture=form.get("prefecture", ""),
        years=int(years) if years.isascii() and years.isdigit() and len(years) < 4 else -1,
        skills=tuple(_skills(form.get("skills", ""))),
        education=form.get("education", ""),
        employment=form.get("employment", ""),
        salary_band=form.get("salary_band", ""),
        available=form.get("available", ""),
        languages=tuple(spoken),
        # Full-width spaces and the tabs of a pasted table are blanks, and no reason to refuse a text.
        summary="\n".join(" ".join(line.split()) for line in form.get("summary", "").splitlines()).strip(),
    )


def registration(state: dict[str, object]) -> RegistrationForm:
    """The whole of it, from the signed state and the boxes of the last page."""
    form = request.form
    boxes = {name.removeprefix("box."): value for name, value in form.items() if name.startswith("box.")}
    return RegistrationForm(
        mail=str(state["mail"]),
        profile=without(ProfileForm.from_json(mapping(state["profile"])), form.getlist("strike")),
        boxes=boxes,
        adult=form.get("adult") == age_words(lang()).text_sha256,
        lang=lang(),
        contact=ContactForm(form.get("name", ""), form.get("phone", "")),
        mail_sure=state.get("mail_sure") is True,
        summary_sha256=form.get("summary_ok", ""),
        evidence=Evidence(ip_prefix(visitor_address()), request.headers.get("User-Agent", "")),
    )


def state_of(mail: str, *, sure: bool, typed: ProfileForm | None = None) -> dict[str, object]:
    """Return what `sign` puts into the hidden field: plain JSON values."""
    state: dict[str, object] = {"mail": mail, "mail_sure": sure}
    return state if typed is None else state | {"profile": asdict(typed)}


def _skills(text: str) -> list[str]:
    parts = (" ".join(part.split()) for part in text.translate(_SEPARATORS).split("\n"))
    return list(dict.fromkeys(part for part in parts if part))[: SKILLS_MAX + 1]


def ip_prefix(address: str) -> str:
    """A network, not a person: the evidence of consent needs no more (domain 3.1, Consent)."""
    try:
        version = ip_address(address).version
    except ValueError:
        return ""
    return str(ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))


def mapping(value: object) -> dict[str, object]:
    """A part of the signed state."""
    return value if isinstance(value, dict) else {}


def _signer(token: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=f"registration {token}")
