"""Who may sign in to the console: Flask-Security on our own tables, and links that sign a person in once.

Passwords are argon2id; a link lives 15 minutes. Four roles: admin (everything), recruiter (mails and queues),
viewer (looks), auditor (looks, sees the whole book, changes nothing).
"""

import secrets
import unicodedata
from collections.abc import Sequence
from datetime import timedelta

from argon2 import PasswordHasher
from email_validator import EmailNotValidError, validate_email
from flask import Blueprint, Flask, flash, redirect, render_template, url_for
from flask_security import Security, SQLAlchemySessionUserDatastore, current_user, login_user
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session, scoped_session
from werkzeug.wrappers import Response as BaseResponse

from core import audit, metrics
from core.db import new_id
from core.errors import ConfigError, NotFound
from core.runtime import Runtime, Tx
from core.tokens import new_token, token_sha256
from web.context import reading, runtime, writing
from web.i18n import gettext
from web.tables import ConsoleRole, ConsoleUser, SignInLink

ROLES = ("admin", "recruiter", "viewer", "auditor")
LINK_MINUTES = 15
PASSWORD_CHARS_MIN = 12  # NIST SP 800-63B 3.1.1.2 asks for 8 with a second factor, 15 without
PASSWORD_CHARS_MAX = 200
SESSION_HOURS = 12

blueprint = Blueprint("auth", __name__)


def create_user(
    tx: Tx, email: str, password: str | None, roles: Sequence[str], company_id: int | None = None
) -> ConsoleUser:
    """Add a person who may sign in; without a password only by `sign_in_link`. ``company_id``: sees only that company.

    Somebody who was removed comes back with what is given now, under the id by which the audit log knows them.

    Raises:
        ConfigError: bad address, unknown role, weak password, or the address is taken.
    """
    problems = [f"role {role!r}: write one of {', '.join(ROLES)}" for role in roles if role not in ROLES]
    if not roles:
        problems.append(f"roles: give at least one of {', '.join(ROLES)}")
    if password is not None and not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        problems.append(f"password: {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters, please")
    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        problems.append(f"email: {email!r} is not a mail address")
    user = find_user(tx, email)
    if user is not None and user.active:
        problems.append(f"email: {email} can already sign in")
    if problems:
        raise ConfigError(*problems)
    if user is None:
        user = ConsoleUser(id=new_id(), email=email, created_at=tx.now)
        tx.session.add(user)
    user.password = None if password is None else PasswordHasher().hash(unicodedata.normalize("NFKD", password))
    user.active, user.fs_uniquifier, user.company_id = True, secrets.token_hex(16), company_id
    user.roles = [_role(tx, name) for name in dict.fromkeys(roles)]
    tx.session.flush()
    audit.record(tx, "system", "user added", f"user:{user.id}", roles=" ".join(roles))
    return user


def find_user(tx: Tx, email: str) -> ConsoleUser | None:
    return tx.session.scalar(select(ConsoleUser).where(ConsoleUser.email == email.strip().lower()))


def all_users(tx: Tx) -> Sequence[ConsoleUser]:
    """Everybody who may sign in or once might, by address."""
    return tx.session.scalars(select(ConsoleUser).order_by(ConsoleUser.email)).all()


def remove_user(tx: Tx, email: str, *, actor: str) -> ConsoleUser:
    """Sign this person out everywhere and let them in no more; the row stays, as the audit log names it.

    Raises:
        NotFound: nobody signs in with this address.
    """
    user = find_user(tx, email)
    if user is None or not user.active:
        raise NotFound(f"nobody signs in as {email}; see `careerrelay user list`")
    user.active, user.password, user.fs_uniquifier = False, None, secrets.token_hex(16)
    tx.session.execute(delete(SignInLink).where(SignInLink.user_id == user.id))
    tx.session.flush()
    audit.record(tx, actor, "user removed", f"user:{user.id}")
    return user


def sign_in_link(tx: Tx, user: ConsoleUser) -> str:
    """A path whose button signs ``user`` in once within `LINK_MINUTES`; put the base URL in front. Stored as a hash."""
    token = new_token()
    tx.session.add(
        SignInLink(
            token_sha256=token_sha256(token), user_id=user.id, expires_at=tx.now + timedelta(minutes=LINK_MINUTES)
        )
    )
    tx.session.flush()
    return f"/console/sign-in/{token}"


def _role(tx: Tx, name: str) -> ConsoleRole:
    role = tx.session.scalar(select(ConsoleRole).where(ConsoleRole.name == name))
    if role is None:
        role = ConsoleRole(name=name)
        tx.session.add(role)
        tx.session.flush()
    return role


def _usable(tx: Tx, token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        SignInLink.token_sha256 == token_sha256(token), SignInLink.used_at.is_(None), SignInLink.expires_at > tx.now
    )  # fmt: skip


def _use_link(tx: Tx, token: str) -> str | None:
    """Spend the link; the person's session word, or None when it is unknown, old, spent, or the person inactive."""
    spent = tx.session.execute(
        update(SignInLink).where(*_usable(tx, token)).values(used_at=tx.now).returning(SignInLink.user_id)
    ).scalar_one_or_none()
    user = tx.session.get(ConsoleUser, spent) if spent else None
    if user is None or not user.active:
        return None
    audit.record(tx, f"user:{user.id}", "signed in by link", f"user:{user.id}")
    return user.fs_uniquifier


@blueprint.get("/console/sign-in/<token>")
def link(token: str) -> str | BaseResponse:
    """A page with one button. Scanners and browsers that look ahead open links: a GET spends nothing."""
    if current_user.is_authenticated:
        return redirect(url_for("home.index"), 303)
    with reading() as tx:
        works = tx.session.scalar(select(SignInLink.user_id).where(*_usable(tx, token))) is not None
    return render_template("security/sign_in_link.html") if works else _refused()


@blueprint.post("/console/sign-in/<token>")
def sign_in(token: str) -> BaseResponse:
    """The button: signs in, once."""
    if current_user.is_authenticated:
        return redirect(url_for("home.index"), 303)
    with writing() as tx:
        session_word = _use_link(tx, token)
    metrics.LOGINS.labels("link" if session_word else "link_refused").inc()
    if session_word is None:
        return _refused()
    store = _datastore()
    login_user(store.find_user(fs_uniquifier=session_word), authn_via=["link"])
    return redirect(url_for("home.index"), 303)


def _refused() -> BaseResponse:
    flash(gettext("このサインイン用リンクは使用済みか、期限が切れています。もう一度発行してください。"), "stop")
    return redirect(url_for("security.login"), 303)


def _datastore() -> SQLAlchemySessionUserDatastore:
    from flask_security.proxies import _datastore as current

    return current


def _session() -> Session:
    return Session(runtime().db.engine, expire_on_commit=False)


def settings(running: Runtime) -> dict[str, object]:
    """Flask-Security's part of the app's configuration."""
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        # argon2id salts by itself; a second HMAC would tie passwords to a session key that may be replaced.
        "SECURITY_PASSWORD_SINGLE_HASH": {"argon2"},
        "SECURITY_PASSWORD_SALT": running.keys.secret("session").hex(),
        "SECURITY_LOGIN_URL": "/console/sign-in",
        "SECURITY_LOGOUT_URL": "/console/sign-out",
        "SECURITY_LOGOUT_CSRF": True,
        "SECURITY_POST_LOGIN_VIEW": "/console/",
        "SECURITY_POST_LOGOUT_VIEW": "/console/sign-in",
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_JOIN_USER_ROLES": False,
        "SECURITY_FRESHNESS": timedelta(seconds=-1),
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_FLASH_MESSAGES": False,
        "SECURITY_CACHE_CONTROL": None,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=SESSION_HOURS),
    }


def install(app: Flask) -> None:
    # The engine is asked for late: the app may be handed another runtime. Any callable does, whatever the stubs say.
    session: scoped_session[Session] = scoped_session(_session)  # type: ignore[arg-type]
    Security(app, SQLAlchemySessionUserDatastore(session, ConsoleUser, ConsoleRole))
    app.register_blueprint(blueprint)

    @app.teardown_appcontext
    def give_back(_: BaseException | None) -> None:
        session.remove()
