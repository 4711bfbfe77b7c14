"""The SQL of what comes, moves and goes: installations, repositories, petitions and their issues."""

from __future__ import annotations

from typing import Final

from bot.store.engine.dialect import statement

# Petitions, repositories and installations --------------------------------------------------------

LOCK_STRUCTURE: Final = statement("SELECT pg_advisory_xact_lock(7597418026143314282)")

THREAD: Final = statement("SELECT petition_id, gone FROM threads WHERE issue_id = $1")

ADD_PETITION: Final = statement("""
    INSERT INTO petitions (id, repository_id, page_key, labelled, closed_at, count, digest_sum, revision,
                           changed_at)
    VALUES ($1, $2, $3, $4, $5, 0, $6, 1, $7)
    ON CONFLICT (id) DO NOTHING
""")

ADD_THREAD: Final = statement("""
    INSERT INTO threads (issue_id, petition_id, repository_id, number, position, title, labelled, closed_at, locked,
                         comments, as_of, gone, reread, reread_as_of, reread_asked_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, FALSE, 1, 0, $12)
    ON CONFLICT (issue_id) DO NOTHING
""")

ADD_INSTALLATION: Final = statement("""
    INSERT INTO installations (id, account, suspended, deleted, as_of) VALUES ($1, '', FALSE, FALSE, -1)
    ON CONFLICT (id) DO NOTHING
""")

REPOSITORY: Final = statement("""
    SELECT installation_id, owner, name, private, archived, deleted, as_of, accessible, accessible_as_of
    FROM repositories WHERE id = $1
""")

PUT_REPOSITORY: Final = statement("""
    INSERT INTO repositories (id, installation_id, owner, name, private, archived, deleted, as_of, accessible,
                              accessible_as_of)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (id) DO UPDATE SET
        installation_id = excluded.installation_id, owner = excluded.owner, name = excluded.name,
        private = excluded.private, archived = excluded.archived, deleted = excluded.deleted,
        as_of = excluded.as_of, accessible = excluded.accessible, accessible_as_of = excluded.accessible_as_of
""")

LOCK_PETITIONS_OF_REPOSITORY: Final = statement("""
    SELECT id FROM petitions WHERE repository_id = $1 ORDER BY id FOR UPDATE
""")

BUMP_PETITIONS: Final = statement("""
    UPDATE petitions
    SET changed_at = CASE WHEN revision = published_revision THEN $2 ELSE changed_at END,
        revision = revision + 1, attempts = 0, retry_at = 0
    WHERE id = ANY($1::BIGINT[])
""")

REREAD_PETITIONS: Final = statement("""
    UPDATE threads SET reread = reread + 1, reread_asked_at = $2
    WHERE petition_id = ANY($1::BIGINT[]) AND NOT gone
""")

INSTALLATION: Final = statement("SELECT account, suspended, deleted, as_of FROM installations WHERE id = $1")

PUT_INSTALLATION: Final = statement("""
    INSERT INTO installations (id, account, suspended, deleted, as_of) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET
        account = excluded.account, suspended = excluded.suspended, deleted = excluded.deleted,
        as_of = excluded.as_of
""")

LOCK_PETITIONS_OF_INSTALLATION: Final = statement("""
    SELECT id FROM petitions WHERE repository_id IN (SELECT id FROM repositories WHERE installation_id = $1)
    ORDER BY id FOR UPDATE
""")

LOCK_PETITIONS_OF_REPOSITORIES: Final = statement("""
    SELECT id FROM petitions WHERE repository_id = ANY($1::BIGINT[]) ORDER BY id FOR UPDATE
""")

SET_ACCESSIBLE: Final = statement("""
    UPDATE repositories SET accessible = $2, accessible_as_of = $3
    WHERE id = ANY($1::BIGINT[]) AND (accessible_as_of < $3 OR (accessible_as_of = $3 AND $2))
""")

# Issues that move and go --------------------------------------------------------------------------

END_THREAD: Final = statement("UPDATE threads SET gone = TRUE, moved_to = $2 WHERE issue_id = $1")

FORWARD_THREADS: Final = statement("UPDATE threads SET moved_to = $2 WHERE moved_to = $1")

END_PETITION: Final = statement("UPDATE petitions SET gone = TRUE WHERE id = $1")

MOVE_COMMENTS: Final = statement("UPDATE comments SET issue_id = $2 WHERE issue_id = $1")

ADOPT_COMMENTS: Final = statement("UPDATE comments SET petition_id = $2, counted = FALSE WHERE petition_id = $1")

# Issues that continue the newcomer come after all that are there already.
ADOPT_THREADS: Final = statement("""
    UPDATE threads
    SET petition_id = $2, position = CASE WHEN position = 1 THEN $3 ELSE position + $4 END
    WHERE petition_id = $1
""")

MOVE_PETITION: Final = statement("UPDATE petitions SET repository_id = $2 WHERE id = $1")

DROP_SIGNATURES_OF: Final = statement("DELETE FROM signatures WHERE petition_id = $1")

DROP_PETITION: Final = statement("DELETE FROM petitions WHERE id = $1")
