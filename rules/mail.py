"""The mail as the rules see it: decoded text and the facts that decide who it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, decoded at the edge.

    ``recipients`` are those of the envelope. ``own_domains`` are the company's sender domains; an entry
    with a leading dot (``.example.jp``) stands for all sub-domains. ``text`` is the plain text (new and
    quoted), or the HTML turned to text when there is no plain part; ``html_text`` is the HTML part as
    text, empty without one. ``headers`` maps lower-case names to decoded values. ``protected`` is one of
    ``signed encrypted calendar report tnef partial rights-managed`` or empty. ``already_processed``: the
    trace's HMAC fits, or one of our links stands in the new text. ``display_names`` are the recipients'.
    """

    envelope_from: str
    header_from: str
    recipients: tuple[str, ...]
    own_domains: frozenset[str]
    subject: str
    text: str
    html_text: str
    headers: Mapping[str, tuple[str, ...]]
    protected: str = ""
    decoding_problem: str = ""
    attachments: tuple[str, ...] = ()
    already_processed: bool = False
    display_names: tuple[str, ...] = ()
