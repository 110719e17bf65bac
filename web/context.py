"""What a view needs from the running process, without a global: the runtime hangs on the Flask app."""

from contextlib import AbstractContextManager
from typing import cast

from flask import Flask, current_app, request

from core.runtime import Runtime, Tx

_NAME = "careerrelay"


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
