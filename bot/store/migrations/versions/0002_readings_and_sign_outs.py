"""What comments were read with, who signed out, finer times, what strangers try, former names, rosters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what came after 0.1.0."""
    _readings()
    _sign_outs()
    _times()
    _attempts()
    _former_names()
    _roster_keys()
    # A file that was meant to be the settings; where there are none, it is looked for once.
    op.add_column("settings", sa.Column("misplaced", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE settings SET read_at = 0 WHERE digest = ''")
    # A first file with mistakes is read again: it may be there to hide who has signed.
    op.execute("UPDATE settings SET read_at = 0, digest = '' WHERE text = '' AND mistakes <> '[]'")
    # Where a command stands among those of its comment.
    op.add_column("audit", sa.Column("position", sa.BigInteger, nullable=False, server_default="0"))
    _mails()
    _unlisted()
    _account_reviews()
    _storms()
    _responses()
    _translations()


def _readings() -> None:
    """Add to each comment the digest of the text and the version of the grammar that it was read with."""
    op.add_column("comments", sa.Column("read_digest", sa.Text, nullable=False, server_default=""))
    op.add_column("comments", sa.Column("grammar", sa.BigInteger, nullable=False, server_default="0"))


def _mails() -> None:
    """Add whether a comment came by mail, and when it was asked for of late, by petition."""
    op.add_column("comments", sa.Column("by_mail", sa.Boolean))
    op.create_table(
        "mail_lookups",
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("asked_at", sa.Double, nullable=False),
    )
    op.create_index("mail_lookups_of_petition", "mail_lookups", ["petition_id", "asked_at"])


def _unlisted() -> None:
    """Add whose signatures are in no list; all of an earlier release are listed."""
    op.add_column("signatures", sa.Column("unlisted", sa.Boolean, nullable=False, server_default=sa.false()))
    unlisted = sa.text("unlisted")
    op.create_index(
        "signatures_unlisted",
        "signatures",
        ["petition_id", "comment_id"],
        sqlite_where=unlisted,
        postgresql_where=unlisted,
    )


def _storms() -> None:
    """Add up to when all comments of a thread are known, and which reactions are the most urgent ones."""
    op.add_column("threads", sa.Column("known_to", sa.BigInteger, nullable=False, server_default="0"))
    refusing = sa.text("ack_due AND ack_wanted = 'confused'")
    op.create_index(
        "comments_to_refuse",
        "comments",
        ["petition_id", "made_at", "id"],
        sqlite_where=refusing,
        postgresql_where=refusing,
    )


def _responses() -> None:
    """Add the responses that `sync` keeps from run to run."""
    op.create_table(
        "responses",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("next_url", sa.Text),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def _translations() -> None:
    """Add the translations of letters, with the texts of their files."""
    op.create_table(
        "translations",
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("committed_at", sa.BigInteger, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("settings_read_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "place"),
        sqlite_with_rowid=False,
    )


def _sign_outs() -> None:
    """Add since when somebody's sessions are good."""
    op.create_table(
        "sign_outs",
        sa.Column("user_id", _ID, primary_key=True, autoincrement=False),
        sa.Column("not_before", sa.BigInteger, nullable=False),
    )


def _times() -> None:
    """Keep times of surveys and looks in fractions of a second, and when a survey began beside when it ended.

    What GitHub tells is in whole seconds, and stays so.
    """
    for table, name in (("installations", "surveyed_at"), ("threads", "looked_at")):
        # SQLite cannot change the type of a column.
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {name} TO {name}_whole")
        op.add_column(table, sa.Column(name, sa.Double, nullable=False, server_default="0"))
        op.execute(f"UPDATE {table} SET {name} = {name}_whole")
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}_whole")
    op.add_column("installations", sa.Column("survey_began", sa.Double, nullable=False, server_default="0"))
    # After which of our writes somebody else's last edit came: the second alone does not tell.
    op.add_column("bodies", sa.Column("edited_over", sa.BigInteger, nullable=False, server_default="0"))


def _attempts() -> None:
    """Add what strangers try, summed up for each person, and the comments that wait alone until they are clear."""
    op.create_table(
        "attempts",
        sa.Column("petition_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        # The word of the last one, and how many there were.
        sa.Column("word", sa.Text, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("last_comment_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "user_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("attempts_of_person", "attempts", ["user_id"])
    op.execute(f"""
        INSERT INTO attempts (petition_id, user_id, login, word, times, first_at, last_at, last_comment_id)
        SELECT petition_id, user_id, login, word, times, first_at, given_at, comment_id FROM (
            SELECT o.*, row_number() OVER (PARTITION BY petition_id
                                           ORDER BY given_at DESC, comment_id DESC) AS newest
            FROM (
                SELECT petition_id, user_id, login, word, given_at, comment_id,
                       count(*) OVER (PARTITION BY petition_id, user_id) AS times,
                       min(given_at) OVER (PARTITION BY petition_id, user_id) AS first_at,
                       row_number() OVER (PARTITION BY petition_id, user_id
                                          ORDER BY given_at DESC, comment_id DESC, number DESC) AS place
                FROM audit
                WHERE answer = 'refused' AND {_BY_STRANGERS}
                  AND user_id NOT IN (SELECT user_id FROM forgotten)
                  AND petition_id IN (SELECT id FROM petitions WHERE anonymised_at IS NULL AND NOT gone)
            ) AS o WHERE place = 1
        ) AS p WHERE newest <= 200
    """)
    op.execute(f"DELETE FROM audit WHERE {_BY_STRANGERS}")
    op.create_table(
        "doubts",
        sa.Column("comment_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("node_id", sa.Text, nullable=False),
        # How often it was wanted that GitHub is asked, and up to which of these that is done.
        sa.Column("wanted", sa.BigInteger, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False, server_default="0"),
        # How often GitHub was asked of late, and from when on it may be again.
        sa.Column("asked", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("ask_after", sa.Double, nullable=False),
        # Whether it is only asked whether the comment came by mail.
        sa.Column("about_mail", sa.Boolean, nullable=False, server_default=sa.false()),
        sqlite_with_rowid=False,
    )
    to_ask = sa.text("wanted > done")
    op.create_index("doubts_to_ask", "doubts", ["ask_after"], sqlite_where=to_ask, postgresql_where=to_ask)


_BY_STRANGERS = """
    (petition_id, comment_id) NOT IN (
        SELECT petition_id, comment_id FROM audit WHERE answer NOT IN ('refused', 'taken back')
    )
"""


def _former_names() -> None:
    """Add the names that repositories had, in lower case, and when the last one was seen to be another one."""
    op.create_table(
        "former_names",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("repository_id", sa.BigInteger, nullable=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", "repository_id"),
        sqlite_with_rowid=False,
    )


def _roster_keys() -> None:
    """Add what signatures are sorted and searched by; those that are there get it in the background."""
    op.add_column("signatures", sa.Column("sort_key", sa.LargeBinary))
    op.add_column("signatures", sa.Column("name_spellings", sa.Text))
    op.add_column("signatures", sa.Column("affiliation_spellings", sa.Text))
    op.create_index("signatures_by_name", "signatures", ["petition_id", "sort_key", "comment_id"])
    without_key = sa.text("sort_key IS NULL")
    op.create_index(
        "signatures_without_key",
        "signatures",
        ["comment_id"],
        sqlite_where=without_key,
        postgresql_where=without_key,
    )


def _account_reviews() -> None:
    """Add what organizers are shown of accounts, and whose signers are to be looked at."""
    # Whether it has ever been used for anything that shows; NULL where only its age is known.
    op.add_column("accounts", sa.Column("empty", sa.Boolean))
    op.create_table(
        "unknown_accounts",
        sa.Column("user_id", _ID, primary_key=True, autoincrement=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "account_reviews",
        sa.Column("petition_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("due_after", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
