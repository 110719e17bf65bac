"""One hand-over as an agency reads it. JSON, CSV, PDF, mail and pages are made of this one object."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.lang import Lang
from crm import wording
from crm.profile.choices import ITEMS, label


@dataclass(frozen=True, slots=True)
class ProfileSheet:
    """The profile and where it comes from (個人情報保護法 30条 asks the receiver to check and record that).

    ``profile`` is the JSON that leaves; ``values`` is the same in ``lang`` by item of
    `choices.ITEMS`, without what was not said.
    """

    referral_id: str
    pseudonym: str
    lang: Lang
    shared_at: datetime
    agency: str
    company: str
    company_address: str
    company_representative: str
    consent_id: str
    text_sha256: str
    items: tuple[str, ...]
    expires_on: date
    profile: Mapping[str, Any]
    values: Mapping[str, str]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What was said, as (label, value)."""
        return [(label(ITEMS, name, self.lang), value) for name, value in self.values.items()]

    @property
    def provider(self) -> str:
        """The company, its address and who represents it, as far as they are known, in one line."""
        parts = (self.company, self.company_address, self.company_representative)
        return ("、" if self.lang == "ja" else ", ").join(part for part in parts if part)

    @property
    def expires(self) -> str:
        """Until when the profile may be used, in words."""
        return wording.day(self.expires_on, self.lang)

    @property
    def item_labels(self) -> list[str]:
        """What the consent covers, in words."""
        return [label(ITEMS, item, self.lang) for item in self.items]
