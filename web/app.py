"""The web process: the Flask app as a factory, and the server that runs it until told to stop."""

import socket as socket_module
from importlib import resources
from threading import Event
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

from flask import Blueprint, Flask, redirect, url_for
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from waitress.server import create_server
from waitress.wasyncore import loop as poll_loop
from werkzeug.wrappers import Response as BaseResponse

from core.runtime import Runtime
from web import (
    addresses,
    agency,
    agency_desk,
    agency_hook,
    agency_introductions,
    agency_keys,
    agency_ledger,
    agency_words,
    api,
    api_access,
    api_company,
    api_introductions,
    arrivals,
    auth,
    consent_texts,
    context,
    corrections,
    errors,
    headers,
    health,
    i18n,
    manage,
    optout,
    public,
    resumes,
    show,
    throttle,
)
from web.console import (
    access,
    agencies,
    agency_delivery,
    companies,
    company_keys,
    company_links,
    home,
    introduction_words,
    introductions,
    ledger,
    ledger_acts,
    mails,
    navigation,
    purposes,
    queues,
    requests,
    sentences,
    words,
)

FORM_BYTES_MAX = 262_144
FORM_FIELDS_MAX = 500
CSRF_SECONDS = 4 * 3600
_POLL_S = 0.5

root = Blueprint("root", __name__)


@root.get("/")
def index() -> BaseResponse:
    return redirect(url_for("home.index"), 303)


@root.get("/robots.txt")
def robots() -> BaseResponse:
    """No page of ours belongs in a search engine."""
    return BaseResponse("User-agent: *\nDisallow: /\n", mimetype="text/plain")


_BLUEPRINTS = (
    root,
    health.blueprint,
    public.blueprint,
    arrivals.blueprint,
    manage.blueprint,
    corrections.blueprint,
    addresses.blueprint,
    optout.blueprint,
    consent_texts.blueprint,
    agency.blueprint,
    agency_desk.blueprint,
    agency_introductions.blueprint,
    agency_keys.blueprint,
    agency_hook.blueprint,
    agency_ledger.blueprint,
    api.blueprint,
    api_introductions.blueprint,
    api_company.blueprint,
    home.blueprint,
    mails.blueprint,
    queues.blueprint,
    sentences.blueprint,
    ledger.blueprint,
    ledger_acts.blueprint,
    introductions.blueprint,
    companies.blueprint,
    company_keys.blueprint,
    company_links.blueprint,
    agencies.blueprint,
    agency_delivery.blueprint,
    requests.blueprint,
    purposes.blueprint,
)


def create_app(runtime: Runtime) -> Flask:
    """The whole site on ``runtime``; holds no state of its own, so that any number may run beside each other."""
    app = Flask("web", root_path=str(resources.files("web")))
    https = runtime.settings.web.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=runtime.keys.secret("session").hex(),
        SESSION_COOKIE_NAME="__Host-careerrelay" if https else "careerrelay",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=FORM_BYTES_MAX,
        MAX_FORM_PARTS=FORM_FIELDS_MAX,
        WTF_CSRF_TIME_LIMIT=CSRF_SECONDS,
        # Our own pages send no referrer, so there is none to compare; the token and SameSite do the work.
        WTF_CSRF_SSL_STRICT=False,
        BOOTSTRAP_SERVE_LOCAL=True,
        **auth.settings(runtime),
    )
    app.jinja_env.undefined = StrictUndefined  # a page with a hole is a fault, not a page
    context.attach(app, runtime)
    i18n.install(app)
    headers.install(app, https=https)
    errors.install(app)
    Bootstrap5(app)
    resumes.install(app)
    csrf = CSRFProtect(app)
    for programs in (api.blueprint, api_introductions.blueprint, api_company.blueprint):
        csrf.exempt(programs)
    show.install(app)
    throttle.install(app)
    api_access.install(app)
    auth.install(app)
    access.install(app)
    navigation.install(app)
    words.install(app)
    agency_words.install(app)
    introduction_words.install(app)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def serve(runtime: Runtime, socket: socket_module.socket, stop: Event) -> None:
    """Answer on a bound ``socket`` until ``stop`` is set; requests that are being worked on get their answer."""
    app: WSGIApplication = create_app(runtime)
    channels: dict[int, socket_module.socket] = {}  # waitress keeps its channels here, by descriptor
    server = create_server(
        app,
        map=channels,
        sockets=[socket],
        threads=runtime.settings.web.threads,
        ident=None,
        clear_untrusted_proxy_headers=False,
        url_prefix=urlsplit(runtime.settings.web.base_url).path,
        max_request_body_size=resumes.RESUME_BYTES_MAX + FORM_BYTES_MAX,
        # Bodies stay in memory: a résumé is never a file, not even a temporary one.
        inbuf_overflow=resumes.RESUME_BYTES_MAX + 2 * FORM_BYTES_MAX,
    )
    while not stop.is_set():
        poll_loop(timeout=_POLL_S, use_poll=True, map=channels, count=1)
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=5)
    poll_loop(timeout=0, use_poll=True, map=channels, count=2)  # what the last tasks wrote goes out
    server.close()
