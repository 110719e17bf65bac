"""Every table of the people floor, and the DDL that SQLAlchemy cannot express. Rows are private to ``crm/``."""

from crm.tables_companies import (
    AgencyRow,
    CompanyDomainRow,
    CompanyNetworkRow,
    CompanyRow,
    ProgrammeRow,
    RecruitingSenderRow,
    SmtpUserRow,
)
from crm.tables_people import (
    AtsSignalRow,
    InvitationDayRow,
    InvitationMailRow,
    InvitationRow,
    LinkRow,
    NoticeRow,
    PersonMailRow,
    PersonRow,
    SuppressionRow,
)
from crm.tables_referrals import (
    DDL,
    ConsentRow,
    ConsentTextRow,
    ProvisionRow,
    PseudonymRow,
    RecallRow,
    ReferralRow,
    RegistrationRow,
)

__all__ = [
    "DDL",
    "AgencyRow",
    "AtsSignalRow",
    "CompanyDomainRow",
    "CompanyNetworkRow",
    "CompanyRow",
    "ConsentRow",
    "ConsentTextRow",
    "InvitationDayRow",
    "InvitationMailRow",
    "InvitationRow",
    "LinkRow",
    "NoticeRow",
    "PersonMailRow",
    "PersonRow",
    "ProgrammeRow",
    "ProvisionRow",
    "PseudonymRow",
    "RecallRow",
    "RecruitingSenderRow",
    "ReferralRow",
    "RegistrationRow",
    "SmtpUserRow",
    "SuppressionRow",
]
