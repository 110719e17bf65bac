"""Every table of the people floor, and the DDL that SQLAlchemy cannot express. Rows are private to ``crm/``."""

from crm.tables_agencies import AgencyEventRow, AgencyWebhookRow, ApiKeyRow, OutcomeRow
from crm.tables_arrivals import ArrivalRow
from crm.tables_companies import (
    AgencyRow,
    CompanyDomainRow,
    CompanyNetworkRow,
    CompanyRow,
    ProgrammeRow,
    RecruitingSenderRow,
    SmtpUserRow,
)
from crm.tables_introductions import CandidateRow, IntroductionRow
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
from crm.tables_requests import SubjectRequestRow

__all__ = [
    "DDL",
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
