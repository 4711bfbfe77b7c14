"""Petitions, their threads, comments and signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite's rowid is only an INTEGER's, which has 64 bits there; comment ids have long outgrown 32.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create everything."""
    _places()
    _petitions()
    _comments()
    _signatures()
    _bodies()
    _government()
    _deliveries()
    _safe()


def _places() -> None:
    op.create_table(
        "installations",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        # What keeps us from working there, and what its owner has not granted.
        sa.Column("state", sa.Text, nullable=False, server_default=""),
        sa.Column("lacks", sa.Text, nullable=False, server_default=""),
        # A survey is due when one was asked for that none has answered yet, or when the last one is long ago.
        sa.Column("survey_asked", sa.BigInteger, nullable=False, server_default="1"),
        sa.Column("survey_done", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("surveyed_at", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "repositories",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("installation_id", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("private", sa.Boolean, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("accessible", sa.Boolean, nullable=False),
        sa.Column("accessible_as_of", sa.BigInteger, nullable=False),
    )
    op.create_index("repositories_of_installation", "repositories", ["installation_id"])
    # Pages are asked for by name, in any letter case; names on GitHub are ASCII.
    op.create_index("repositories_by_name", "repositories", [sa.text("lower(owner)"), sa.text("lower(name)")])


def _petitions() -> None:
    op.create_table(
        "petitions",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("repository_id", sa.BigInteger, nullable=False),
        sa.Column("page_key", sa.Text, nullable=False),
        # Of its first thread.
        sa.Column("labelled", sa.Boolean, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("gone", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("count", sa.BigInteger, nullable=False),
        # What the digest in the block is made from.
        sa.Column("digest_sum", sa.LargeBinary, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("published_revision", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("published_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("retry_at", sa.Double, nullable=False, server_default="0"),
        # What the last try to publish ended in, and the state that people were last told of.
        sa.Column("state", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("told", sa.Text, nullable=False, server_default=""),
        # When an issue that continues it was last asked for, until it is there.
        sa.Column("continuing_at", sa.BigInteger, nullable=False, server_default="0"),
        # What settings and orders come to, when they end the petition, and how it ended.
        sa.Column("rules", sa.Text, nullable=False, server_default=""),
        sa.Column("ends_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("final_count", sa.BigInteger),
        # When the details of those who signed were erased, some time after the end.
        sa.Column("anonymised_at", sa.BigInteger),
    )
    ending = sa.text("ends_at IS NOT NULL AND ended_at IS NULL AND NOT gone")
    op.create_index("petitions_ending", "petitions", ["ends_at"], sqlite_where=ending, postgresql_where=ending)
    unpublished = sa.text("revision > published_revision AND NOT gone")
    op.create_index("petitions_of_repository", "petitions", ["repository_id"])
    op.create_index(
        "petitions_due", "petitions", ["changed_at"], sqlite_where=unpublished, postgresql_where=unpublished
    )
    op.create_table(
        "threads",
        sa.Column("issue_id", _ID, primary_key=True, autoincrement=False),
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("repository_id", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("labelled", sa.Boolean, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("locked", sa.Boolean, nullable=False),
        sa.Column("comments", sa.BigInteger, nullable=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("moved_to", sa.BigInteger),
        sa.Column("reread", sa.BigInteger, nullable=False),
        sa.Column("reread_as_of", sa.BigInteger, nullable=False),
        sa.Column("reread_asked_at", sa.BigInteger, nullable=False),
        sa.Column("reread_done", sa.BigInteger, nullable=False, server_default="0"),
        # Up to which request reading again was put off, and until when.
        sa.Column("put_off", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("read_retry_at", sa.Double, nullable=False, server_default="0"),
        sa.Column("read_attempts", sa.BigInteger, nullable=False, server_default="0"),
        # The last complete listing, the last look of a survey, the time since which a survey reads what changed,
        # and by how many comments the number that GitHub gives was off at the last complete listing.
        sa.Column("listed_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("looked_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("changes_since", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("gap", sa.BigInteger, nullable=False, server_default="0"),
    )
    to_read = sa.text("reread > reread_done")
    op.create_index("threads_of_petition", "threads", ["petition_id", "position"])
    op.create_index("threads_of_repository", "threads", ["repository_id", "number"])
    op.create_index("threads_to_read", "threads", ["issue_id"], sqlite_where=to_read, postgresql_where=to_read)
    op.create_table(
        "letters",
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "seen_at", "digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "letter_texts",
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "digest"),
    )


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("issue_id", sa.BigInteger, nullable=False),
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("author_id", sa.BigInteger),
        sa.Column("author_login", sa.Text),
        sa.Column("author_type", sa.Text),
        sa.Column("author_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("missing_at", sa.BigInteger, nullable=False),
        sa.Column("versions", sa.Text, nullable=False),
        # Derived from the columns above, in the same transaction.
        sa.Column("command", sa.Text),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("doubtful", sa.Boolean, nullable=False),
        sa.Column("counted", sa.Boolean, nullable=False),
        # Acknowledgement: what the comment should bear, what it bears, and whether something is to be done.
        sa.Column("ack_wanted", sa.Text),
        sa.Column("ack_given", sa.Text),
        sa.Column("reaction_id", sa.BigInteger),
        sa.Column("ack_due", sa.Boolean, nullable=False),
    )
    op.create_index("comments_of_thread", "comments", ["issue_id", "made_at"])
    commanding = sa.text("command IS NOT NULL")
    op.create_index(
        "comments_of_author", "comments", ["author_id"], sqlite_where=commanding, postgresql_where=commanding
    )
    ordering = sa.text("command = 'order'")
    op.create_index(
        "comments_of_orders", "comments", ["petition_id"], sqlite_where=ordering, postgresql_where=ordering
    )
    due = sa.text("ack_due")
    doubtful = sa.text("doubtful")
    op.create_index(
        "comments_in_doubt", "comments", ["petition_id"], sqlite_where=doubtful, postgresql_where=doubtful
    )
    op.create_index(
        "comments_to_acknowledge",
        "comments",
        ["petition_id", "made_at", "id"],
        sqlite_where=due,
        postgresql_where=due,
    )


def _signatures() -> None:
    # By comment and not by person: comments come in the order of their ids, so that new rows lie side by side and a
    # commit touches few pages, however many have signed.
    op.create_table(
        "signatures",
        sa.Column("comment_id", _ID, primary_key=True, autoincrement=False),
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("affiliation", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("signed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("signatures_by_time", "signatures", ["petition_id", "signed_at", "comment_id"])
    op.create_table(
        "days",
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.Column("signatures", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "day"),
        sqlite_with_rowid=False,
    )

    # When accounts were opened, where a petition asks for their age.
    op.create_table(
        "accounts",
        sa.Column("user_id", _ID, primary_key=True, autoincrement=False),
        sa.Column("born", sa.BigInteger, nullable=False),
    )
    # Who asked to be forgotten, and when: what they wrote before is counted, and nothing else is kept of it.
    op.create_table(
        "forgotten",
        sa.Column("user_id", _ID, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _bodies() -> None:
    """Create what we wrote into issues' bodies, and what people wrote there."""
    op.create_table(
        "bodies",
        sa.Column("issue_id", _ID, primary_key=True, autoincrement=False),
        # The body as we last left it, and as somebody else last left it.
        sa.Column("left_digest", sa.Text, nullable=False, server_default=""),
        sa.Column("edited_digest", sa.Text, nullable=False, server_default=""),
        sa.Column("edited_at", sa.BigInteger, nullable=False, server_default="0"),
        # A body that one of our writes replaced unread, to be put back.
        sa.Column("lost", sa.Text),
        sa.Column("lost_by", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "writes",
        sa.Column("issue_id", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("written", sa.Text, nullable=False),
        # Everything but our block, in the body that it was made from and in what was written.
        sa.Column("outside_read", sa.Text, nullable=False),
        sa.Column("outside_written", sa.Text, nullable=False),
        sa.Column("heard", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("issue_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("writes_by_text", "writes", ["issue_id", "written"])


def _government() -> None:
    """Create what organizers have set and ordered, and who they are."""
    op.create_table(
        "settings",
        sa.Column("repository_id", _ID, primary_key=True, autoincrement=False),
        # The last text without mistakes, the digest of the last text seen, and the mistakes in that one.
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("mistakes", sa.Text, nullable=False),
        sa.Column("readable", sa.Boolean, nullable=False),
        sa.Column("read_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "organizers",
        sa.Column("repository_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("checked_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "user_id"),
        sqlite_with_rowid=False,
    )
    # Whom an order meant by a login when it was given: logins change and are reused. NULL for nobody.
    op.create_table(
        "named",
        sa.Column("comment_id", sa.BigInteger, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("checked_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("comment_id", "login"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit",
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("noted_at", sa.BigInteger, nullable=False),
        sa.Column("comment_id", sa.BigInteger, nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("word", sa.Text, nullable=False),
        sa.Column("argument", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "number"),
        sqlite_with_rowid=False,
    )


def _deliveries() -> None:
    """Create the deliveries that did not reach us, and when their log was last read."""
    op.create_table(
        "failed_deliveries",
        sa.Column("guid", sa.Text, primary_key=True),
        sa.Column("delivery_id", sa.BigInteger, nullable=False),
        sa.Column("delivered_at", sa.BigInteger, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("asked", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _safe() -> None:
    """Create what is sealed with a key that the database does not have."""
    op.create_table(
        "sealed",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
