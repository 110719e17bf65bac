"""What a view needs from the running process, without a global: the runtime hangs on the Flask app."""

from contextlib import AbstractContextManager
from ipaddress import ip_address
from typing import cast

from flask import Flask, current_app, request

from core.runtime import Runtime, Tx

_NAME = "careerrelay"
#: In a visitor's session: the token of the invitation for which this browser confirmed an address.
CONFIRMED_HERE = "confirmed_here"


def attach(app: Flask, runtime: Runtime) -> None:
    app.extensions[_NAME] = runtime


def runtime() -> Runtime:
    return cast("Runtime", current_app.extensions[_NAME])


def reading() -> AbstractContextManager[Tx]:
    """The transaction of a page that shows."""
    return runtime().read()


def writing() -> AbstractContextManager[Tx]:
    """The transaction of a button; a GET or HEAD that asks for one is a bug (ASVS 5.0 3.5.3)."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        raise RuntimeError(f"{request.endpoint} wants to write on {request.method}")
    return runtime().begin()


def is_loopback(host: str) -> bool:
    """Whether a host or address is this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def visitor_address() -> str:
    """Where the visitor comes from. A proxy is believed only when it stands on this machine, and only its own word:
    the last address of X-Forwarded-For."""
    direct = request.remote_addr or ""
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return told if told and is_loopback(direct) else direct
