"""The two parties of a programme, company and agency, by their number: the row, or a `NotFound` that says which."""

from core.errors import NotFound
from core.runtime import Tx
from crm.tables import AgencyRow, CompanyRow


def company_row(tx: Tx, company_id: int, *, lock: bool = False) -> CompanyRow:
    """Return a company's row; with ``lock`` nobody else changes it until the commit (PostgreSQL).

    Raises:
        NotFound: there is no such company.
    """
    row = tx.session.get(CompanyRow, company_id, with_for_update=True if lock else None)
    if row is None:
        raise NotFound(f"there is no company {company_id}")
    return row


def agency_row(tx: Tx, agency_id: int, *, lock: bool = False) -> AgencyRow:
    """Return an agency's row, as `company_row` does a company's.

    Raises:
        NotFound: there is no such agency.
    """
    row = tx.session.get(AgencyRow, agency_id, with_for_update=True if lock else None)
    if row is None:
        raise NotFound(f"there is no agency {agency_id}")
    return row
