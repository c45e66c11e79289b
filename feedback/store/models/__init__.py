"""All tables. Import them from here: `from feedback.store.models import Invitation`."""

from feedback.store.models.analyses import DriverAnalysis
from feedback.store.models.backups import BackupRun
from feedback.store.models.campaigns import Campaign, CampaignMember, CampaignWave
from feedback.store.models.customers import Account, Consent, Contact, ContactAlias, Suppression, UsagePoint
from feedback.store.models.doors import Door, DoorArrival, DoorMention, DoorSeen
from feedback.store.models.exports import ExportPart, ExportRun
from feedback.store.models.followups import FollowUp, FollowUpEntry, RootCause
from feedback.store.models.imports import ImportChange, ImportedResponse, ImportPart, ImportRun
from feedback.store.models.journeys import Enrolment, Invitation, JourneyEvent, QuestionnaireVersion
from feedback.store.models.messages import (
    Attempt,
    Bookmark,
    Bounce,
    DuplicateSend,
    InboundReply,
    Message,
    ProviderHold,
    RateLimitBucket,
    Receipt,
    SimulatedMessage,
    WorkerHeartbeat,
)
from feedback.store.models.responses import AnswerRow, Link, LinkVisitor, Response, Score
from feedback.store.models.rollups import AnswerCount, CountedBy, InvitationCount, ScoreCount
from feedback.store.models.segments import SavedSegment
from feedback.store.models.settings import SettingChange, StoredSetting
from feedback.store.models.sharing import ReportMail, SharedLink
from feedback.store.models.single_sign_on import DirectoryGroup, DirectoryUser, ProviderSession, StaffIdentity
from feedback.store.models.staff import (
    AccountNotice,
    ApiKey,
    AttemptCount,
    AuditEntry,
    CallAnswer,
    Role,
    SavedView,
    StaffSession,
    User,
    WebAuthnKey,
)
from feedback.store.models.studio import StudioPresence, StudioRevision, StudioText
from feedback.store.models.themes import CommentTheme, ThemeCount, ThemeDay, ThemeFrameVersion
from feedback.store.models.webhook_endpoints import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSubscription,
)
from feedback.store.models.webhooks import WebhookCall, WebhookNotice

__all__ = [
    "Account",
    "AccountNotice",
    "AnswerCount",
    "AnswerRow",
    "ApiKey",
    "Attempt",
    "AttemptCount",
    "AuditEntry",
    "BackupRun",
    "Bookmark",
    "Bounce",
    "CallAnswer",
    "Campaign",
    "CampaignMember",
    "CampaignWave",
    "CommentTheme",
    "Consent",
    "Contact",
    "ContactAlias",
    "CountedBy",
    "DirectoryGroup",
    "DirectoryUser",
    "Door",
    "DoorArrival",
    "DoorMention",
    "DoorSeen",
    "DriverAnalysis",
    "DuplicateSend",
    "Enrolment",
    "ExportPart",
    "ExportRun",
    "FollowUp",
    "FollowUpEntry",
    "ImportChange",
    "ImportPart",
    "ImportRun",
    "ImportedResponse",
    "InboundReply",
    "Invitation",
    "InvitationCount",
    "JourneyEvent",
    "Link",
    "LinkVisitor",
    "Message",
    "ProviderHold",
    "ProviderSession",
    "QuestionnaireVersion",
    "RateLimitBucket",
    "Receipt",
    "ReportMail",
    "Response",
    "Role",
    "RootCause",
    "SavedSegment",
    "SavedView",
    "Score",
    "ScoreCount",
    "SettingChange",
    "SharedLink",
    "SimulatedMessage",
    "StaffIdentity",
    "StaffSession",
    "StoredSetting",
    "StudioPresence",
    "StudioRevision",
    "StudioText",
    "Suppression",
    "ThemeCount",
    "ThemeDay",
    "ThemeFrameVersion",
    "UsagePoint",
    "User",
    "WebAuthnKey",
    "WebhookAttempt",
    "WebhookCall",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookNotice",
    "WebhookSubscription",
    "WorkerHeartbeat",
]
