"""The only SQL: what GitHub reported, and what is derived from it."""

from bot.store.acknowledgements import AckDue
from bot.store.comments_to_look_up import Clarification, DoubtfulComment
from bot.store.credentials import read_encrypted
from bot.store.engine.backup import backup, delete_database, is_backup, restore
from bot.store.engine.database import Lease
from bot.store.engine.health import Health, check_health
from bot.store.engine.url import read_existing_address
from bot.store.errors import (
    Busy,
    Damaged,
    DatabaseUnavailable,
    NoSuchPetition,
    StoreError,
    Unrecordable,
    WrongDatabase,
)
from bot.store.failed_deliveries_and_cached_responses import FailedDelivery
from bot.store.installations import DiscoveryMark, SeenInstallation
from bot.store.issue_bodies import KnownBody, LastBodies, OurWrite, outside_digest
from bot.store.letters import KnownTranslations, TranslatedPetition
from bot.store.migrations import migrate_ahead
from bot.store.organizer_commands import Attempts, AuditEntry
from bot.store.petition_lists import MOST_LISTED, Listed, ListQuery, PetitionList, PetitionSummary
from bot.store.petition_obstacles import State
from bot.store.petition_queries import (
    PetitionDetails,
    PetitionExport,
    PetitionRef,
    Rosters,
    TranslatedLetter,
)
from bot.store.petition_snapshots import Snapshot, Thread
from bot.store.privacy import Forgotten
from bot.store.publishing import Backlog, Due, KnownPetition, PlannedBody, Publication
from bot.store.recording.consistency import Discrepancy, Inspection
from bot.store.recording.listings import ListingOutcome
from bot.store.recovery import Recovered, recover
from bot.store.repository_settings import KnownSettings
from bot.store.roster_pages import PAGE_SIZE, Cursor, Entry, RosterQuery, SortOrder
from bot.store.signer_accounts import SignerSample
from bot.store.store import Store
from bot.store.threads_to_read import ThreadToRead
from bot.store.uncounted_people import NotCounted
