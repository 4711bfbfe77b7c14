"""The only SQL: what GitHub told, durably, and what follows from it."""

from bot.store.attempts import Attempts
from bot.store.bodies import KnownBody, LastBodies, outside_digest
from bot.store.conditions import Condition
from bot.store.credentials import CredentialStore, read_sealed
from bot.store.deliveries import FailedDelivery
from bot.store.doubtful_comments import Asked, Doubt
from bot.store.engine.backup import backup, restore
from bot.store.engine.health import Health, check_up
from bot.store.engine.leases import Lease
from bot.store.engine.url import existing
from bot.store.errors import Busy, Damaged, NoSuchPetition, StoreError, Unavailable, Unrecordable, WrongDatabase
from bot.store.hooks import Backlog, Watch
from bot.store.installations import KnownPetition, SeenInstallation, SurveyMark
from bot.store.migrations.ahead import migrate_ahead
from bot.store.not_counted import NotCounted
from bot.store.petitions import AckDue, Due, Snapshot, Thread, ThreadToRead
from bot.store.privacy import Forgotten
from bot.store.recording.consistency import Discrepancy, Inspection
from bot.store.recording.listings import ListingOutcome
from bot.store.recovery.recover import Recovered, SavedTable, recover
from bot.store.rosters import (
    PAGE_SIZE,
    Cursor,
    Entry,
    PetitionDetails,
    PetitionExport,
    PetitionRef,
    PetitionSummary,
    RosterPage,
    RosterQuery,
    Rosters,
    SignerSample,
    SortOrder,
)
from bot.store.rules import AuditEntry, KnownSettings, Named
from bot.store.sign_outs import SignOuts
from bot.store.states import State
from bot.store.store import Store

__all__ = [
    "PAGE_SIZE",
    "AckDue",
    "Asked",
    "Attempts",
    "AuditEntry",
    "Backlog",
    "Busy",
    "Condition",
    "CredentialStore",
    "Cursor",
    "Damaged",
    "Discrepancy",
    "Doubt",
    "Due",
    "Entry",
    "FailedDelivery",
    "Forgotten",
    "Health",
    "Inspection",
    "KnownBody",
    "KnownPetition",
    "KnownSettings",
    "LastBodies",
    "Lease",
    "ListingOutcome",
    "Named",
    "NoSuchPetition",
    "NotCounted",
    "PetitionDetails",
    "PetitionExport",
    "PetitionRef",
    "PetitionSummary",
    "Recovered",
    "RosterPage",
    "RosterQuery",
    "Rosters",
    "SavedTable",
    "SeenInstallation",
    "SignOuts",
    "SignerSample",
    "Snapshot",
    "SortOrder",
    "State",
    "Store",
    "StoreError",
    "SurveyMark",
    "Thread",
    "ThreadToRead",
    "Unavailable",
    "Unrecordable",
    "Watch",
    "WrongDatabase",
    "backup",
    "check_up",
    "existing",
    "migrate_ahead",
    "outside_digest",
    "read_sealed",
    "recover",
    "restore",
]
