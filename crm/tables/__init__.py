"""Every table of the people floor, and the DDL that SQLAlchemy cannot express. Rows are private to ``crm/``."""

from crm.tables.agencies import AgencyEventRow, AgencyWebhookRow, ApiKeyRow, OutcomeRow
from crm.tables.arrivals import ArrivalRow
from crm.tables.companies import (
    AgencyRow,
    CompanyDomainRow,
    CompanyNetworkRow,
    CompanyRow,
    ProgrammeRow,
    RecruitingSenderRow,
    SmtpUserRow,
)
from crm.tables.introductions import CandidateRow, IntroductionRow
from crm.tables.people import (
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
from crm.tables.referrals import (
    DDL,
    ConsentRow,
    ConsentTextRow,
    ProvisionRow,
    PseudonymRow,
    RecallRow,
    ReferralRow,
    RegistrationRow,
)
from crm.tables.requests import AddressChangeRow, AddressProofRow, SubjectRequestRow

__all__ = [
    "DDL",
    "AddressChangeRow",
    "AddressProofRow",
    "AgencyEventRow",
    "AgencyRow",
    "AgencyWebhookRow",
    "ApiKeyRow",
    "ArrivalRow",
    "AtsSignalRow",
    "CandidateRow",
    "CompanyDomainRow",
    "CompanyNetworkRow",
    "CompanyRow",
    "ConsentRow",
    "ConsentTextRow",
    "IntroductionRow",
    "InvitationDayRow",
    "InvitationMailRow",
    "InvitationRow",
    "LinkRow",
    "NoticeRow",
    "OutcomeRow",
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
    "SubjectRequestRow",
    "SuppressionRow",
]
