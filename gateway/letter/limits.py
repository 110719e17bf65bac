"""Input limits of reading and editing one mail. They bound the work by size, not by a clock, so that the same mail
always ends the same way (W13 of the mail requirements)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``text_bytes_max``: octets of text that are judged. ``parts_max``, ``depth_max``: MIME parts and their nesting.
    ``spans_max``: header fields and boundary lines of one mail. ``edit_bytes_max``: a larger text part is not edited.
    """

    text_bytes_max: int = 262_144
    parts_max: int = 1_000
    depth_max: int = 20
    spans_max: int = 20_000
    edit_bytes_max: int = 5_242_880
