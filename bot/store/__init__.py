"""The only SQL: what GitHub told, durably, and what follows from it."""

from bot.store.attempts import Attempts
from bot.store.bodies import KnownBody, LastBodies, outside_digest
from bot.store.conditions import Condition
from bot.store.doubts import Asked, Doubt
from bot.store.engine.backup import backup, restore
from bot.store.engine.health import Health, check_up
from bot.store.engine.leases import Lease
from bot.store.engine.url import existing
from bot.store.errors import Busy, Damaged, NoSuchPetition, StoreError, Unavailable, Unrecordable, WrongDatabase
from bot.store.forgetting import Forgotten
from bot.store.governing import AuditEntry, KnownSettings, Named
from bot.store.inspecting import Inspection, Misfit
from bot.store.listing import ListingOutcome
from bot.store.migrations.ahead import migrate_ahead
from bot.store.reading import AckDue, Due, Snapshot, Thread, ThreadToRead
from bot.store.recovery.recover import Recovered, SavedTable, recover
from bot.store.redelivering import FailedDelivery
from bot.store.roster import (
    PAGE_SIZE,
    Crowd,
    Cursor,
    Entry,
    Found,
    Listed,
    Order,
    Portrait,
    RosterPage,
    Rosters,
    Wanted,
    Whole,
)
from bot.store.safe import Safe, read_sealed
from bot.store.sign_outs import SignOuts
from bot.store.states import State
from bot.store.store import Store
from bot.store.surveying import KnownPetition, SeenInstallation, SurveyMark
from bot.store.uncounted import Unheard
from bot.store.watching import Backlog, Watch

__all__ = [
    "PAGE_SIZE",
    "AckDue",
    "Asked",
    "Attempts",
    "AuditEntry",
    "Backlog",
    "Busy",
    "Condition",
    "Crowd",
    "Cursor",
    "Damaged",
    "Doubt",
    "Due",
    "Entry",
    "FailedDelivery",
    "Forgotten",
    "Found",
    "Health",
    "Inspection",
    "KnownBody",
    "KnownPetition",
    "KnownSettings",
    "LastBodies",
    "Lease",
    "Listed",
    "ListingOutcome",
    "Misfit",
    "Named",
    "NoSuchPetition",
    "Order",
    "Portrait",
    "Recovered",
    "RosterPage",
    "Rosters",
    "Safe",
    "SavedTable",
    "SeenInstallation",
    "SignOuts",
    "Snapshot",
    "State",
    "Store",
    "StoreError",
    "SurveyMark",
    "Thread",
    "ThreadToRead",
    "Unavailable",
    "Unheard",
    "Unrecordable",
    "Wanted",
    "Watch",
    "Whole",
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
