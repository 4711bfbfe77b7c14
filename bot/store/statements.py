"""The SQL of recording, publishing and acknowledging, one constant per statement; its neighbours have the rest."""

from __future__ import annotations

from typing import Final

from bot.store.engine.dialect import statement
from bot.store.states import STATE_OF_PETITION

# What GitHub told, per group of facts -------------------------------------------------------------

_THREADS = """
    SELECT t.issue_id, t.petition_id, t.repository_id, t.position, t.title, t.labelled, t.closed_at, t.locked,
           t.comments, t.as_of, t.gone, t.moved_to, t.reread, t.reread_as_of,
           t.reread_asked_at, t.listed_at,
           p.labelled, p.closed_at, p.count, p.digest_sum, p.revision, p.changed_at, p.published_revision, p.rules,
           r.installation_id, r.owner, r.name, r.private, r.archived, r.as_of, p.anonymised_at IS NOT NULL
    FROM threads t
    JOIN petitions p ON p.id = t.petition_id
    JOIN repositories r ON r.id = t.repository_id
    WHERE t.issue_id = ANY($1::BIGINT[])
    ORDER BY p.id, t.issue_id
"""

LOCK_THREADS: Final = statement(f"{_THREADS} FOR UPDATE OF p, t")

LOOK_AT_THREADS: Final = statement(_THREADS)

COMMENT_COLUMNS: Final = """
    id, issue_id, petition_id, author_id, author_login, author_type, author_at, created_at, deleted, missing_at,
    versions, command, made_at, doubtful, counted, ack_wanted, ack_given, reaction_id, ack_due, read_digest, grammar
"""

# The plus keeps petition_id out of the index search, where it would multiply with the authors.
COMMENTS_AND_THEIR_AUTHORS: Final = statement(f"""
    SELECT {COMMENT_COLUMNS} FROM comments WHERE id = ANY($1::BIGINT[])
    UNION ALL
    SELECT {COMMENT_COLUMNS} FROM comments
    WHERE author_id = ANY($2::BIGINT[]) AND command IS NOT NULL AND +petition_id = ANY($3::BIGINT[])
""")

COMMENTS_OF_AUTHORS: Final = statement(f"""
    SELECT {COMMENT_COLUMNS} FROM comments
    WHERE author_id = ANY($1::BIGINT[]) AND command IS NOT NULL AND +petition_id = ANY($2::BIGINT[])
""")

BORN: Final = statement("SELECT user_id, born FROM accounts WHERE user_id = ANY($1::BIGINT[])")

FORGOTTEN: Final = statement("SELECT user_id, at FROM forgotten WHERE user_id = ANY($1::BIGINT[])")

COMMENTS_BY: Final = statement(f"SELECT {COMMENT_COLUMNS} FROM comments WHERE author_id = ANY($1::BIGINT[])")

AUTHORS_OF_COMMANDS_AFTER: Final = statement("""
    SELECT DISTINCT author_id FROM comments
    WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND made_at > $2 AND command IS NOT NULL
""")

AUTHORS_WITHOUT_SIGNATURE: Final = statement("""
    SELECT author_id FROM comments
    WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND command IS NOT NULL
    GROUP BY author_id HAVING max(CASE WHEN counted THEN 1 ELSE 0 END) = 0
""")

PUT_COMMENTS: Final = statement(f"""
    INSERT INTO comments ({COMMENT_COLUMNS})
    SELECT * FROM unnest(
        $1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[], $8::BIGINT[],
        $9::BOOLEAN[], $10::BIGINT[], $11::TEXT[], $12::TEXT[], $13::BIGINT[], $14::BOOLEAN[], $15::BOOLEAN[],
        $16::TEXT[], $17::TEXT[], $18::BIGINT[], $19::BOOLEAN[], $20::TEXT[], $21::BIGINT[])
    ON CONFLICT (id) DO UPDATE SET
        issue_id = excluded.issue_id, petition_id = excluded.petition_id, author_id = excluded.author_id,
        author_login = excluded.author_login, author_type = excluded.author_type, author_at = excluded.author_at,
        created_at = excluded.created_at, deleted = excluded.deleted, missing_at = excluded.missing_at,
        versions = excluded.versions, command = excluded.command, made_at = excluded.made_at,
        doubtful = excluded.doubtful, counted = excluded.counted, ack_wanted = excluded.ack_wanted,
        ack_given = excluded.ack_given, reaction_id = excluded.reaction_id, ack_due = excluded.ack_due,
        read_digest = excluded.read_digest, grammar = excluded.grammar
""")

PUT_SIGNATURES: Final = statement("""
    INSERT INTO signatures (comment_id, petition_id, user_id, login, name, affiliation, reason, signed_at)
    SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[],
                         $8::BIGINT[])
    ON CONFLICT (comment_id) DO UPDATE SET
        petition_id = excluded.petition_id, user_id = excluded.user_id, login = excluded.login,
        name = excluded.name, affiliation = excluded.affiliation, reason = excluded.reason,
        signed_at = excluded.signed_at
""")

DROP_SIGNATURES: Final = statement("DELETE FROM signatures WHERE comment_id = ANY($1::BIGINT[])")

ADD_TO_DAYS: Final = statement("""
    INSERT INTO days (petition_id, day, signatures)
    SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[])
    ON CONFLICT (petition_id, day) DO UPDATE SET signatures = days.signatures + excluded.signatures
""")

SET_THREAD: Final = statement("""
    UPDATE threads
    SET title = $2, labelled = $3, closed_at = $4, locked = $5, comments = $6, as_of = $7,
        reread = $8, reread_as_of = $9, reread_asked_at = $10
    WHERE issue_id = $1
""")

SET_PETITION: Final = statement("""
    UPDATE petitions
    SET labelled = $2, closed_at = $3, count = $4, digest_sum = $5, revision = $6, changed_at = $7
    WHERE id = $1
""")

REREAD_PETITION: Final = statement("""
    UPDATE threads SET reread = reread + 1, reread_asked_at = $2 WHERE petition_id = $1 AND NOT gone
""")

# Listings -----------------------------------------------------------------------------------------

LISTED: Final = statement("""
    UPDATE threads
    SET listed_at = CASE WHEN listed_at < $2 THEN $2 ELSE listed_at END,
        changes_since = CASE WHEN changes_since < $2 THEN $2 ELSE changes_since END,
        reread_done = CASE WHEN reread_done < $3 THEN $3 ELSE reread_done END
    WHERE issue_id = $1
""")

SIGNATURES_OF: Final = statement("""
    SELECT user_id, login, comment_id, signed_at, name, affiliation, reason
    FROM signatures WHERE comment_id = ANY($1::BIGINT[]) AND petition_id = $2
""")

KNOWN_TEXTS: Final = statement("""
    SELECT id, read_digest, versions FROM comments WHERE id = ANY($1::BIGINT[]) AND grammar = $2
""")

COMMENTS_OF_THREAD: Final = statement(f"SELECT {COMMENT_COLUMNS} FROM comments WHERE issue_id = $1")

# Without a time, because it can wait until a survey comes by: nobody's signature is known to be lost.
REREAD_ALL: Final = statement("""
    UPDATE threads SET reread = reread + 1, reread_asked_at = 0
    WHERE reread = reread_done AND NOT gone
      AND petition_id IN (SELECT id FROM petitions WHERE labelled AND NOT gone)
""")

# What is to be done -------------------------------------------------------------------------------

_USABLE = """
    JOIN repositories r ON r.id = {of}.repository_id AND r.accessible AND NOT r.deleted AND NOT r.archived
    JOIN installations i ON i.id = r.installation_id AND NOT i.suspended AND NOT i.deleted
"""

INSTALLATIONS_WITH_WORK: Final = statement(f"""
    WITH RECURSIVE unacknowledged (petition_id) AS (
        -- From petition to petition by the index, however many comments wait.
        SELECT min(petition_id) FROM comments WHERE ack_due
        UNION ALL
        SELECT (SELECT min(c.petition_id) FROM comments c WHERE c.ack_due AND c.petition_id > u.petition_id)
        FROM unacknowledged u WHERE u.petition_id IS NOT NULL
    ),
    busy (repository_id) AS (
        SELECT repository_id FROM petitions
        WHERE revision > published_revision AND NOT gone AND retry_at <= $1
        UNION
        SELECT repository_id FROM petitions
        WHERE ends_at IS NOT NULL AND ended_at IS NULL AND NOT gone AND ends_at + 1 <= $1 AND retry_at <= $1
        UNION
        SELECT t.repository_id FROM threads t JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
        WHERE t.reread > t.reread_done AND t.reread_asked_at > 0 AND NOT t.gone
          AND (t.read_retry_at <= $1 OR t.reread > t.put_off)
        UNION
        SELECT p.repository_id FROM unacknowledged u JOIN petitions p ON p.id = u.petition_id
        UNION
        SELECT t.repository_id FROM doubts d JOIN comments c ON c.id = d.comment_id
        JOIN threads t ON t.issue_id = c.issue_id AND NOT t.gone
        JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
        WHERE d.wanted > d.done AND d.ask_after <= $1
    )
    SELECT DISTINCT r.installation_id FROM busy b
    {_USABLE.format(of="b")}
    ORDER BY r.installation_id
""")

DUE: Final = statement(f"""
    SELECT p.id, r.installation_id, p.revision, p.published_revision, p.changed_at, p.attempts
    FROM petitions p
    {_USABLE.format(of="p")}
    WHERE p.id IN (
            SELECT id FROM petitions WHERE revision > published_revision AND NOT gone AND retry_at <= $2
            UNION
            SELECT id FROM petitions
            WHERE ends_at IS NOT NULL AND ended_at IS NULL AND NOT gone AND ends_at + 1 <= $2 AND retry_at <= $2
        )
        AND r.installation_id = $1
    ORDER BY p.changed_at, p.id LIMIT 200
""")

BACKLOG: Final = statement(f"""
    SELECT count(*) AS petitions, min(p.changed_at) AS since
    FROM petitions p
    {_USABLE.format(of="p")}
    WHERE p.revision > p.published_revision AND NOT p.gone
""")

PUBLISHED: Final = statement("""
    UPDATE petitions
    SET published_revision = CASE WHEN published_revision < $2 THEN $2 ELSE published_revision END,
        published_at = $3, changed_at = CASE WHEN revision > $2 THEN $3 ELSE changed_at END,
        attempts = 0, retry_at = 0, state = $4, detail = ''
    WHERE id = $1
""")

POSTPONE: Final = statement("""
    UPDATE petitions SET retry_at = $2, state = $3, detail = $4, attempts = $5 WHERE id = $1
""")

_THREAD_TO_READ = """
    SELECT t.issue_id, t.petition_id, r.installation_id, t.number, t.comments, t.reread, t.listed_at,
           t.changes_since, t.gap, t.read_attempts, t.reread > t.reread_done,
           r.id, r.owner, r.name, r.private, r.archived
    FROM threads t
    JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
"""

# A request to be read again that came after the thread was put off is answered at once.
_NOT_PUT_OFF = "(t.read_retry_at <= $2 OR t.reread > t.put_off)"

THREADS_TO_READ: Final = statement(f"""
    {_THREAD_TO_READ}
    {_USABLE.format(of="t")}
    WHERE t.reread > t.reread_done AND t.reread_asked_at > 0 AND NOT t.gone AND r.installation_id = $1
      AND {_NOT_PUT_OFF}
    ORDER BY t.reread_asked_at, t.issue_id LIMIT 100
""")

THREAD_TO_LOOK_AT: Final = statement(f"""
    {_THREAD_TO_READ}
    {_USABLE.format(of="t")}
    WHERE (p.labelled OR EXISTS (SELECT 1 FROM writes w WHERE w.issue_id = t.issue_id AND NOT w.heard))
      AND (t.reread = t.reread_done OR t.reread_asked_at = 0) AND NOT t.gone AND r.installation_id = $1
      AND t.looked_at < $3
      AND {_NOT_PUT_OFF}
    ORDER BY t.looked_at, t.issue_id LIMIT 1
""")

DOUBTFUL_THREAD: Final = statement(f"""
    {_THREAD_TO_READ}
    {_USABLE.format(of="t")}
    WHERE NOT t.gone AND r.installation_id = $1 AND t.issue_id IN (
            SELECT c.issue_id FROM doubts d JOIN comments c ON c.id = d.comment_id
            WHERE d.wanted > d.done AND d.ask_after <= $2
        )
    ORDER BY t.issue_id LIMIT 1
""")

DOUBTS_TO_ASK: Final = statement("""
    SELECT d.comment_id, d.node_id, d.wanted, d.asked FROM doubts d JOIN comments c ON c.id = d.comment_id
    WHERE d.wanted > d.done AND d.ask_after <= $2 AND c.issue_id = $1
    ORDER BY d.ask_after, d.comment_id LIMIT $3
""")

PUT_DOUBTS: Final = statement("""
    INSERT INTO doubts (comment_id, node_id, wanted, ask_after)
    SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::BIGINT[], $4::DOUBLE PRECISION[])
    ON CONFLICT (comment_id) DO UPDATE SET node_id = excluded.node_id, wanted = doubts.wanted + 1
""")

REOPEN_DOUBT: Final = statement("UPDATE doubts SET wanted = wanted + 1 WHERE comment_id = $1")

ASKED_ABOUT: Final = statement("""
    UPDATE doubts SET asked = asked + 1, ask_after = $2, done = CASE WHEN done < $3 THEN $3 ELSE done END
    WHERE comment_id = $1
""")

DROP_DOUBTS: Final = statement("DELETE FROM doubts WHERE (ask_after < $1 AND wanted <= done) OR ask_after < $2")

# Who signed is known, and what the letter says now: the mark is of `bot.store.letters`.
LETTER_TO_TRACE: Final = statement(f"""
    {_THREAD_TO_READ} AND p.labelled AND p.published_revision > 0
    {_USABLE.format(of="t")}
    WHERE t.position = 1 AND NOT t.gone AND r.installation_id = $1
      AND NOT EXISTS (SELECT 1 FROM threads o WHERE o.petition_id = p.id AND NOT o.gone AND o.listed_at = 0)
      AND NOT EXISTS (SELECT 1 FROM marks m WHERE m.name = 'letter ' || p.id AND m.at > $2)
    ORDER BY p.id LIMIT 1
""")

THREAD_OF_ISSUE: Final = statement(f"""
    {_THREAD_TO_READ}
    JOIN repositories r ON r.id = t.repository_id
    WHERE t.issue_id = $1 AND NOT t.gone
""")

PETITIONS_TO_ACKNOWLEDGE: Final = statement("""
    SELECT p.id, (SELECT max(c.made_at) FROM comments c WHERE c.petition_id = p.id AND c.ack_due) AS newest
    FROM petitions p JOIN repositories r ON r.id = p.repository_id
    WHERE r.installation_id = $1 AND EXISTS (SELECT 1 FROM comments c WHERE c.petition_id = p.id AND c.ack_due)
    ORDER BY newest DESC LIMIT $2
""")

DROP_LATE_ACKS: Final = statement("""
    UPDATE comments SET ack_due = FALSE
    WHERE petition_id = $1 AND ack_due AND ack_given IS NULL AND made_at < $2
""")

ACKS_DUE: Final = statement("""
    SELECT c.made_at, c.id, r.owner, r.name, c.ack_wanted, c.ack_given, c.reaction_id
    FROM comments c
    JOIN threads t ON t.issue_id = c.issue_id AND NOT t.locked
    JOIN repositories r ON r.id = t.repository_id
    WHERE c.petition_id = $1 AND c.ack_due
    ORDER BY c.made_at DESC, c.id DESC LIMIT $2
""")

LOCK_PETITION_OF_COMMENT: Final = statement("""
    SELECT c.ack_wanted FROM comments c JOIN petitions p ON p.id = c.petition_id WHERE c.id = $1 FOR UPDATE OF p, c
""")

ACKED: Final = statement("""
    UPDATE comments SET ack_given = $2, reaction_id = $3, ack_due = $4 WHERE id = $1
""")

# What is shown ------------------------------------------------------------------------------------

PETITION: Final = statement(f"""
    SELECT p.page_key, p.labelled, p.closed_at, p.count, p.digest_sum, p.revision, p.published_revision,
           p.published_at, p.repository_id, r.owner, r.name, r.private, r.archived, r.installation_id,
           {STATE_OF_PETITION} AS state,
           (SELECT count(*) FROM comments c WHERE c.petition_id = p.id AND c.doubtful) AS doubtful,
           p.rules, p.ended_at, p.final_count, p.anonymised_at
    FROM petitions p
    JOIN repositories r ON r.id = p.repository_id
    JOIN installations i ON i.id = r.installation_id
    WHERE p.id = $1
""")

THREADS: Final = statement("""
    SELECT t.issue_id, t.number, t.position, t.title, t.locked, t.comments, t.listed_at,
           r.id, r.owner, r.name, r.private, r.archived
    FROM threads t JOIN repositories r ON r.id = t.repository_id
    WHERE t.petition_id = $1 AND NOT t.gone
    ORDER BY t.position
""")

NEWEST_SIGNATURES: Final = statement("""
    SELECT user_id, login, comment_id, signed_at, name, affiliation, reason
    FROM signatures WHERE petition_id = $1
    ORDER BY signed_at DESC, comment_id DESC LIMIT $2
""")
