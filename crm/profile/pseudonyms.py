"""Random names for agencies: one per person and agency, so that two agencies cannot match their lists."""

import secrets

from core.runtime import Tx
from crm.tables import PseudonymRow

# Without the letters that are read as digits or as one another (Crockford's base 32).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHARS = 10


def of(tx: Tx, person_id: str, agency_id: int) -> str:
    """Return the pseudonym of a person for one agency, new if need be. The caller holds the person's lock."""
    row = tx.session.get(PseudonymRow, (person_id, agency_id))
    if row is None:
        name = "CR-" + "".join(secrets.choice(_ALPHABET) for _ in range(CHARS))
        row = PseudonymRow(person_id=person_id, agency_id=agency_id, pseudonym=name)
        tx.session.add(row)
        tx.session.flush()
    return row.pseudonym
