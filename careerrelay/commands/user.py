"""`careerrelay user`: who may sign in to the console."""

from typing import TYPE_CHECKING, Any

import click

from careerrelay.front import ACTOR, ID, Front, emit, json_option, pass_front, read_secret, table
from core import audit
from core.errors import NotFound

if TYPE_CHECKING:
    from web.tables import ConsoleUser


@click.group()
def user() -> None:
    """People who may sign in to the console."""


@user.command()
@click.argument("email")
@click.option("--role", "roles", multiple=True, default=("admin",), show_default=True,
              help="admin, recruiter, viewer or auditor; may be given more than once.")  # fmt: skip
@click.option("--company", "company_id", type=ID, metavar="ID", help="Sees this company only.")
@click.option(
    "--password-stdin", is_flag=True, help="Read a password from standard input; without one, sign in by link."
)
@json_option
@pass_front
def add(
    front: Front, email: str, roles: tuple[str, ...], company_id: int | None, password_stdin: bool, as_json: bool
) -> None:
    """Let EMAIL sign in; prints a link that works once."""
    from crm.registry import companies
    from web import auth

    password = read_secret("password", confirm=True) if password_stdin else None
    with front.runtime(sets_up=True) as runtime, runtime.begin() as tx:
        if company_id is not None:
            companies.get(tx, company_id)
        added = auth.create_user(tx, email, password, roles, company_id)
        link = front.settings.web.base_url + auth.sign_in_link(tx, added)
        user_id, minutes = added.id, auth.LINK_MINUTES
    emit(
        as_json,
        {"id": user_id, "sign_in_link": link},
        f"user {user_id} added",
        f"sign in once within {minutes} minutes: {link}",
    )


@user.command("list")
@json_option
@pass_front
def list_(front: Front, as_json: bool) -> None:
    """List who may sign in, and who might once."""
    from web import auth

    with front.runtime() as runtime, runtime.read() as tx:
        found = [_shown(one) for one in auth.all_users(tx)]
    rows = [
        (
            one["email"],
            ", ".join(one["roles"]) if one["active"] else "removed",
            one["company"] or "all",
            "password" if one["password"] else "link",
            one["since"],
        )
        for one in found
    ]
    emit(as_json, found, *table(("email", "roles", "company", "signs in by", "since"), rows))


@user.command()
@click.argument("email")
@json_option
@pass_front
def remove(front: Front, email: str, as_json: bool) -> None:
    """Sign EMAIL out everywhere and let them in no more; `user add` lets them in again."""
    from web import auth

    with front.runtime() as runtime, runtime.begin() as tx:
        removed = auth.remove_user(tx, email, actor=ACTOR)
        user_id = removed.id
    emit(as_json, {"id": user_id, "removed": True}, f"{email} can no longer sign in")


@user.command("sign-in-link")
@click.argument("email")
@json_option
@pass_front
def sign_in_link(front: Front, email: str, as_json: bool) -> None:
    """Print a link that signs EMAIL in once."""
    from web import auth

    with front.runtime() as runtime, runtime.begin() as tx:
        found = auth.find_user(tx, email)
        if found is None or not found.active:
            raise NotFound(f"nobody signs in as {email}; add them with `careerrelay user add`")
        link = front.settings.web.base_url + auth.sign_in_link(tx, found)
        audit.record(tx, ACTOR, "sign-in link made", f"user:{found.id}")
    emit(as_json, {"sign_in_link": link}, link)


def _shown(one: "ConsoleUser") -> dict[str, Any]:
    return {
        "id": one.id,
        "email": one.email,
        "active": one.active,
        "roles": [role.name for role in one.roles],
        "company": one.company_id,
        "password": one.password is not None,
        "since": f"{one.created_at:%Y-%m-%d}",
    }
