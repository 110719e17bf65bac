"""The two ways in which a mail cannot be edited. Neither is a fault of ours: the mail leaves as it came."""

from core.errors import Permanent


class Doubt(Permanent):
    """Something about the mail is not certain enough to write into it; ``message`` says what, without its content."""


class Malformed(Doubt):
    """The mail cannot even be cut into parts."""
