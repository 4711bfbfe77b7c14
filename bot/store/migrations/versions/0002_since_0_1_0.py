"""What came after 0.1.0: doubts, attempts, rosters, translations, former names, sign-outs and finer times."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what came after 0.1.0."""
    # The digest of the text, and the version of the grammar, that each comment was read with.
    op.add_column("comments", _text("read_digest", server_default=""))
    op.add_column("comments", _number("grammar", server_default="0"))
    # Since when somebody's sessions are good.
    op.create_table("sign_outs", _person(), _number("not_before"))
    _add_times()
    _add_attempts()
    _add_doubts()
    # The names that repositories had, in lower case, and when the last one was seen to be another one.
    names = _text("owner"), _text("name"), _number("repository_id"), _number("as_of")
    _create_table("former_names", *names, sa.PrimaryKeyConstraint("owner", "name", "repository_id"))
    _add_roster_keys()
    # A file that was meant to be the settings; where there are none, it is looked for once.
    op.add_column("settings", _text("misplaced", server_default=""))
    op.execute("UPDATE settings SET read_at = 0 WHERE digest = ''")
    # A first file with mistakes is read again: it may be there to hide who has signed.
    op.execute("UPDATE settings SET read_at = 0, digest = '' WHERE text = '' AND mistakes <> '[]'")
    # Where a command stands among those of its comment.
    op.add_column("audit", _number("position", server_default="0"))
    # Whether a comment came by mail, and when it was asked for of late, by petition.
    op.add_column("comments", sa.Column("by_mail", sa.Boolean))
    op.create_table("mail_lookups", _number("petition_id"), _time("asked_at"))
    op.create_index("mail_lookups_of_petition", "mail_lookups", ["petition_id", "asked_at"])
    # Whose signatures are in no list; all of an earlier release are listed.
    op.add_column("signatures", _flag("unlisted", server_default=sa.false()))
    _create_index("signatures_unlisted", "signatures", ["petition_id", "comment_id"], "unlisted")
    _add_account_reviews()
    # Up to when all comments of a thread are known, and which reactions are the most urgent ones.
    op.add_column("threads", _number("known_to", server_default="0"))
    refused = "ack_due AND ack_wanted = 'confused'"
    _create_index("comments_to_refuse", "comments", ["petition_id", "made_at", "id"], refused)
    _add_responses()
    _add_translations()


_text = partial(sa.Column, type_=sa.Text, nullable=False)
_number = partial(sa.Column, type_=sa.BigInteger, nullable=False)
_time = partial(sa.Column, type_=sa.Double, nullable=False)
_flag = partial(sa.Column, type_=sa.Boolean, nullable=False)
_key = partial(sa.Column, type_=sa.BigInteger, primary_key=True, autoincrement=False)

_create_table = partial(op.create_table, sqlite_with_rowid=False)


def _person() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("user_id", kind, primary_key=True, autoincrement=False)


def _create_index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _add_times() -> None:
    """Keep times of surveys and looks in fractions of a second, and when a survey began beside when it ended.

    What GitHub tells is in whole seconds, and stays so.
    """
    for table, name in (("installations", "surveyed_at"), ("threads", "looked_at")):
        # SQLite cannot change the type of a column.
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {name} TO {name}_whole")
        op.add_column(table, _time(name, server_default="0"))
        op.execute(f"UPDATE {table} SET {name} = {name}_whole")
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}_whole")
    op.add_column("installations", _time("survey_began", server_default="0"))
    # After which of our writes somebody else's last edit came: the second alone does not tell.
    op.add_column("bodies", _number("edited_over", server_default="0"))


def _add_attempts() -> None:
    """Add what strangers try, summed up for each person."""
    _create_table(
        "attempts",
        _number("petition_id"),
        _number("user_id"),
        _text("login"),
        # The word of the last one, and how many there were.
        _text("word"),
        _number("times"),
        _number("first_at"),
        _number("last_at"),
        _number("last_comment_id"),
        sa.PrimaryKeyConstraint("petition_id", "user_id"),
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


_BY_STRANGERS = """
    (petition_id, comment_id) NOT IN (
        SELECT petition_id, comment_id FROM audit WHERE answer NOT IN ('refused', 'taken back')
    )
"""


def _add_doubts() -> None:
    """Add the comments that wait alone until they are clear."""
    _create_table(
        "doubts",
        _key("comment_id"),
        _text("node_id"),
        # How often it was wanted that GitHub is asked, and up to which of these that is done.
        _number("wanted"),
        _number("done", server_default="0"),
        # How often GitHub was asked of late, and from when on it may be again.
        _number("asked", server_default="0"),
        _time("ask_after"),
        # Whether it is only asked whether the comment came by mail.
        _flag("about_mail", server_default=sa.false()),
    )
    _create_index("doubts_to_ask", "doubts", ["ask_after"], "wanted > done")


def _add_roster_keys() -> None:
    """Add what signatures are sorted and searched by; those that are there get it in the background."""
    op.add_column("signatures", sa.Column("sort_key", sa.LargeBinary))
    op.add_column("signatures", sa.Column("name_spellings", sa.Text))
    op.add_column("signatures", sa.Column("affiliation_spellings", sa.Text))
    op.create_index("signatures_by_name", "signatures", ["petition_id", "sort_key", "comment_id"])
    _create_index("signatures_without_key", "signatures", ["comment_id"], "sort_key IS NULL")


def _add_account_reviews() -> None:
    """Add what organizers are shown of accounts, and whose signers are to be looked at."""
    # Whether it has ever been used for anything that shows; NULL where only its age is known.
    op.add_column("accounts", sa.Column("empty", sa.Boolean))
    op.create_table("unknown_accounts", _person(), _number("asked_at"))
    _create_table("account_reviews", _key("petition_id"), _time("due_after"))


def _add_responses() -> None:
    """Add the responses that `sync` keeps from run to run."""
    _create_table(
        "responses",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("next_url", sa.Text),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def _add_translations() -> None:
    """Add the translations of letters, with the texts of their files."""
    _create_table(
        "translations",
        _number("petition_id"),
        _number("place"),
        *map(_text, ("language", "path", "digest", "text")),
        _number("committed_at"),
        _text("fault"),
        _number("settings_read_at"),
        sa.PrimaryKeyConstraint("petition_id", "place"),
    )
