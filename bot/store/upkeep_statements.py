"""The SQL of keeping rows and GitHub in agreement: surveys, totals, failed deliveries, states."""

from __future__ import annotations

from typing import Final

from bot.store.engine.dialect import Statement, statement
from bot.store.states import STATE_OF_PETITION

# Installations and what they may see --------------------------------------------------------------

INSTALLATIONS: Final = statement("SELECT id, account, suspended, deleted, as_of, lacks FROM installations")

PUT_SEEN_INSTALLATION: Final = statement("""
    INSERT INTO installations (id, account, suspended, deleted, as_of, lacks) VALUES ($1, $2, $3, FALSE, $4, $5)
    ON CONFLICT (id) DO UPDATE SET
        account = excluded.account, suspended = excluded.suspended, deleted = FALSE, as_of = excluded.as_of,
        lacks = excluded.lacks
""")

END_INSTALLATION: Final = statement("UPDATE installations SET deleted = TRUE, as_of = $2 WHERE id = $1")

SET_INSTALLATION_STATE: Final = statement("""
    UPDATE installations SET state = $2, survey_asked = survey_asked + 1 WHERE id = $1 AND state <> $2
""")

ASK_FOR_SURVEY: Final = statement("UPDATE installations SET survey_asked = survey_asked + 1 WHERE id = $1")

SURVEYS: Final = statement("""
    SELECT id, survey_asked, survey_done, surveyed_at, survey_began FROM installations
    WHERE NOT suspended AND NOT deleted
      AND (survey_asked > survey_done OR surveyed_at < $1 OR survey_began < $2)
    ORDER BY surveyed_at, id
""")

SURVEY: Final = statement("""
    SELECT id, survey_asked, survey_done, surveyed_at, survey_began FROM installations
    WHERE id = $1 AND NOT suspended AND NOT deleted
""")

SURVEYED: Final = statement("""
    UPDATE installations
    SET survey_done = CASE WHEN survey_done < $2 THEN $2 ELSE survey_done END, surveyed_at = $3, survey_began = $4,
        state = ''
    WHERE id = $1
""")

SURVEYED_KNOWN: Final = statement("""
    UPDATE installations
    SET surveyed_at = $2, survey_began = $3, state = CASE WHEN $4 THEN '' ELSE state END
    WHERE id = $1
""")

REPOSITORIES_WITH_PETITIONS: Final = statement("""
    SELECT r.id, r.owner, r.name, r.private, r.archived FROM repositories r
    WHERE r.installation_id = $1 AND r.accessible AND NOT r.deleted AND NOT r.archived
      AND EXISTS (SELECT 1 FROM petitions p WHERE p.repository_id = r.id AND NOT p.gone)
    ORDER BY r.id
""")

REPOSITORIES: Final = statement("""
    SELECT id, installation_id, owner, name, private, archived, deleted, accessible FROM repositories
    WHERE installation_id = $1
    UNION
    SELECT id, installation_id, owner, name, private, archived, deleted, accessible FROM repositories
    WHERE id = ANY($2::BIGINT[])
""")

PETITIONS_IN: Final = statement("""
    SELECT p.id, t.issue_id, p.labelled, p.state, b.left_digest
    FROM threads t
    JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
    LEFT JOIN bodies b ON b.issue_id = t.issue_id
    WHERE t.repository_id = $1 AND t.position = 1 AND NOT t.gone
""")

LOOK_AT_PETITIONS: Final = statement("""
    UPDATE petitions SET revision = revision + 1, changed_at = $2
    WHERE id = ANY($1::BIGINT[]) AND revision = published_revision
""")

WAKE_PETITIONS: Final = statement("UPDATE petitions SET attempts = 0, retry_at = 0 WHERE id = ANY($1::BIGINT[])")

# Reading threads ----------------------------------------------------------------------------------

LOOKED_AT: Final = statement("""
    UPDATE threads SET looked_at = $2, changes_since = CASE WHEN changes_since < $3 THEN $3 ELSE changes_since END
    WHERE issue_id = $1
""")

READ_DONE: Final = statement("""
    UPDATE threads
    SET reread_done = CASE WHEN reread_done < $2 THEN $2 ELSE reread_done END, read_attempts = 0, read_retry_at = 0
    WHERE issue_id = $1
""")

PUT_OFF_READING: Final = statement("""
    UPDATE threads
    SET put_off = CASE WHEN reread = $2 AND reread = reread_done THEN reread + 1 ELSE $2 END,
        reread = CASE WHEN reread = $2 AND reread = reread_done THEN reread + 1 ELSE reread END,
        reread_asked_at = CASE WHEN reread_asked_at = 0 THEN 1 ELSE reread_asked_at END,
        read_retry_at = $3, read_attempts = $4
    WHERE issue_id = $1
""")

SET_GAP: Final = statement("UPDATE threads SET gap = $2 WHERE issue_id = $1")

# A comment that a listing lacked has kept only what was seen of it since.
COMMENTS_HELD: Final = statement("""
    SELECT count(*) FROM comments
    WHERE issue_id = $1 AND NOT deleted AND (missing_at = 0 OR versions <> '[]') AND created_at < $2
""")

# Continuations ------------------------------------------------------------------------------------

SET_CONTINUING: Final = statement("UPDATE petitions SET continuing_at = $2 WHERE id = $1")

CONTINUING: Final = statement("SELECT continuing_at FROM petitions WHERE id = $1")

LOCK_PETITIONS: Final = statement("""
    SELECT id, gone FROM petitions WHERE id = ANY($1::BIGINT[]) ORDER BY id FOR UPDATE
""")

LAST_POSITION: Final = statement("SELECT max(position) FROM threads WHERE petition_id = $1")

# Totals -------------------------------------------------------------------------------------------

TOTALS: Final = statement("SELECT count, digest_sum FROM petitions WHERE id = $1")

LOCK_TOTALS: Final = statement("SELECT id FROM petitions WHERE id = $1 FOR UPDATE")

DAYS: Final = statement("SELECT day, signatures FROM days WHERE petition_id = $1")

SIGNATURES_AFTER: Final = statement("""
    SELECT user_id, login, comment_id, signed_at, name, affiliation, reason FROM signatures
    WHERE petition_id = $1 AND (signed_at, comment_id) > ($2, $3)
    ORDER BY signed_at, comment_id LIMIT $4
""")

_STRAY = """
    petition_id = $1
    AND NOT EXISTS (SELECT 1 FROM comments c WHERE c.id = comment_id AND c.petition_id = $1 AND c.counted)
"""

HAS_STRAY_SIGNATURES: Final = statement(f"SELECT comment_id FROM signatures WHERE {_STRAY} LIMIT 1")

DROP_STRAY_SIGNATURES: Final = statement(f"DELETE FROM signatures WHERE {_STRAY}")

SET_TOTALS: Final = statement("""
    UPDATE petitions
    SET count = $2, digest_sum = $3, revision = revision + 1,
        changed_at = CASE WHEN revision = published_revision THEN $4 ELSE changed_at END
    WHERE id = $1
""")

DROP_DAYS_OF: Final = statement("DELETE FROM days WHERE petition_id = $1")

PUT_DAYS: Final = statement("""
    INSERT INTO days (petition_id, day, signatures)
    SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[])
""")

PETITIONS_NAMED: Final = statement("""
    SELECT DISTINCT t.petition_id FROM threads t JOIN repositories r ON r.id = t.repository_id
    WHERE NOT t.gone AND lower(r.owner) = lower($1) AND lower(r.name) = lower($2) AND t.number = $3
    ORDER BY t.petition_id
""")

ALL_PETITIONS: Final = statement("SELECT id FROM petitions ORDER BY id")

NAME_OF_PETITION: Final = statement("""
    SELECT r.owner, r.name, t.number
    FROM threads t JOIN repositories r ON r.id = t.repository_id
    WHERE t.petition_id = $1
    ORDER BY t.gone, t.position LIMIT 1
""")

ISSUES_OF_COMMENTS: Final = statement("""
    SELECT c.id, r.owner, r.name, t.number
    FROM comments c JOIN threads t ON t.issue_id = c.issue_id JOIN repositories r ON r.id = t.repository_id
    WHERE c.id = ANY($1::BIGINT[])
""")

THREADS_OF_PETITION: Final = statement("SELECT issue_id FROM threads WHERE petition_id = $1 ORDER BY position")

# Ages of accounts ---------------------------------------------------------------------------------

UNAGED: Final = statement("""
    SELECT min(c.id) FROM comments c
    WHERE c.issue_id = $1 AND c.command IN ('sign', 'phrase')
      AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = c.author_id)
    GROUP BY c.author_id
""")

PUT_ACCOUNTS: Final = statement("""
    INSERT INTO accounts (user_id, born) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[])
    ON CONFLICT (user_id) DO UPDATE SET born = excluded.born
""")

# People who are to be forgotten -------------------------------------------------------------------

AUTHORS_CALLED: Final = statement("""
    SELECT DISTINCT author_id FROM comments
    WHERE lower(author_login) = $1 AND author_id IS NOT NULL
    ORDER BY author_id
""")

ENDED_OR_ANONYMISED: Final = statement("""
    SELECT p.id, p.ended_at, p.anonymised_at, p.rules
    FROM petitions p JOIN repositories r ON r.id = p.repository_id
    WHERE r.installation_id = $1 AND NOT p.gone AND (p.ended_at IS NULL) <> (p.anonymised_at IS NULL)
""")

SET_ANONYMISED: Final = statement("""
    UPDATE petitions
    SET anonymised_at = $2, revision = revision + 1,
        changed_at = CASE WHEN revision = published_revision THEN $3 ELSE changed_at END
    WHERE id = $1 AND (anonymised_at IS NULL) <> ($2::BIGINT IS NULL)
""")

FORGET: Final = statement("""
    INSERT INTO forgotten (user_id, at) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[])
    ON CONFLICT (user_id) DO UPDATE SET at = excluded.at
""")

# Marks, and a sign of life ------------------------------------------------------------------------

PING: Final = statement("SELECT 1")

MARK: Final = statement("SELECT at FROM marks WHERE name = $1")

PUT_MARK: Final = statement("""
    INSERT INTO marks (name, at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET at = excluded.at
""")

FIRST_MARK: Final = statement("INSERT INTO marks (name, at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")

DROP_MARK: Final = statement("DELETE FROM marks WHERE name = $1")

# Failed deliveries --------------------------------------------------------------------------------

PUT_FAILED_DELIVERIES: Final = statement("""
    INSERT INTO failed_deliveries (guid, delivery_id, delivered_at)
    SELECT * FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[])
    ON CONFLICT (guid) DO UPDATE SET delivery_id = excluded.delivery_id, delivered_at = excluded.delivered_at
""")

DROP_FAILED_DELIVERIES: Final = statement("DELETE FROM failed_deliveries WHERE guid = ANY($1::TEXT[])")

DROP_OLD_DELIVERIES: Final = statement("DELETE FROM failed_deliveries WHERE delivered_at < $1")

FAILED_DELIVERIES: Final = statement("""
    SELECT guid, delivery_id, delivered_at, asked_at, asked FROM failed_deliveries ORDER BY delivered_at, guid
""")

ASKED_FOR_DELIVERY: Final = statement("""
    UPDATE failed_deliveries SET asked_at = $2, asked = asked + 1 WHERE guid = $1
""")

# States -------------------------------------------------------------------------------------------

_CONDITION = f"""
    SELECT p.id, r.installation_id, r.owner, r.name, t.number, {STATE_OF_PETITION} AS state, p.told,
           CASE WHEN p.detail <> '' THEN p.detail ELSE i.lacks END
    FROM petitions p
    JOIN repositories r ON r.id = p.repository_id
    JOIN installations i ON i.id = r.installation_id
    JOIN threads t ON t.petition_id = p.id AND t.position = 1 AND t.moved_to IS NULL
"""

CONDITIONS: Final = statement(f"SELECT * FROM ({_CONDITION}) c WHERE state <> '' ORDER BY id")

NEW_CONDITIONS: Final = statement(f"SELECT * FROM ({_CONDITION}) c WHERE state <> told ORDER BY id")

TELL_CONDITION: Final = statement("UPDATE petitions SET told = $3 WHERE id = $1 AND told = $2")

# What is sealed -----------------------------------------------------------------------------------

ANY_SEALED: Final = Statement(
    sqlite="SELECT 1 FROM sqlite_master WHERE name = 'sealed'",
    postgresql="SELECT 1 WHERE to_regclass('sealed') IS NOT NULL",
)

SEALED: Final = statement("SELECT content FROM sealed WHERE name = $1")

SEAL: Final = statement("""
    INSERT INTO sealed (name, content, at) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET content = excluded.content, at = excluded.at
""")

SEAL_FIRST: Final = statement("""
    INSERT INTO sealed (name, content, at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING
""")

UNSEAL: Final = statement("DELETE FROM sealed WHERE name = $1")

ACCOUNTS: Final = statement("SELECT account FROM installations WHERE NOT deleted ORDER BY account")
