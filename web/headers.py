"""The headers of every answer: nothing from elsewhere runs, nobody frames us, no page is kept or listed."""

import secrets

from flask import Flask, Response, g, request

# Bootstrap's own style sheet draws its check marks from data: images.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
# A mail of a stranger, shown inside our own page: no script, no form, no outside image, an origin of its own.
MAIL_FRAME_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
_STATIC_SECONDS = 86_400
_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}


def nonce() -> str:
    """The one-request word that lets our own script and style elements in (CSP 3, 8.2)."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def mail_frame(response: Response) -> Response:
    """Mark an answer as the inside of a mail frame; `install` then leaves its policy alone."""
    response.headers["Content-Security-Policy"] = MAIL_FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def install(app: Flask, *, https: bool) -> None:
    app.jinja_env.globals["nonce"] = nonce

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in _FIXED.items():
            response.headers[name] = value
        response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY.format(nonce=nonce()))
        response.headers.setdefault("X-Frame-Options", "DENY")
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if (request.endpoint or "").endswith("static") and response.status_code in (200, 304):
            response.headers["Cache-Control"] = f"public, max-age={_STATIC_SECONDS}"
        else:
            response.headers["Cache-Control"] = "no-store"
            response.headers["Pragma"] = "no-cache"
        return response
