"""The SQL of what organizers have set and ordered."""

from __future__ import annotations

from typing import Final

from bot.store.engine.dialect import statement
from bot.store.statements import COMMENT_COLUMNS

SETTINGS: Final = statement("""
    SELECT text, digest, mistakes, readable, read_at FROM settings WHERE repository_id = $1
""")

PUT_SETTINGS: Final = statement("""
    INSERT INTO settings (repository_id, text, digest, mistakes, readable, read_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (repository_id) DO UPDATE SET
        text = excluded.text, digest = excluded.digest, mistakes = excluded.mistakes,
        readable = excluded.readable,
        read_at = CASE WHEN settings.read_at = $7 THEN excluded.read_at ELSE settings.read_at END
""")

# Who asked for the file to be read while it was being read is not answered by that.
SETTINGS_READ: Final = statement("UPDATE settings SET read_at = $2 WHERE repository_id = $1 AND read_at = $3")

# Below zero, `read_at` counts how often this was asked for since it was last read.
ASK_FOR_SETTINGS: Final = statement("""
    UPDATE settings SET read_at = CASE WHEN read_at > 0 THEN -1 ELSE read_at - 1 END WHERE repository_id = $1
""")

ORGANIZERS: Final = statement("""
    SELECT user_id, allowed, checked_at FROM organizers WHERE repository_id = $1 AND user_id = ANY($2::BIGINT[])
""")

PUT_ORGANIZER: Final = statement("""
    INSERT INTO organizers (repository_id, user_id, allowed, checked_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (repository_id, user_id) DO UPDATE SET allowed = excluded.allowed, checked_at = excluded.checked_at
""")

NAMED: Final = statement("""
    SELECT comment_id, login, user_id, checked_at FROM named WHERE comment_id = ANY($1::BIGINT[])
""")

PUT_NAMED: Final = statement("""
    INSERT INTO named (comment_id, login, user_id, checked_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (comment_id, login) DO UPDATE SET user_id = excluded.user_id, checked_at = excluded.checked_at
""")

AUTHOR_CALLED: Final = statement("""
    SELECT author_id, author_login FROM comments
    WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND lower(author_login) = $2
    ORDER BY author_at DESC LIMIT 1
""")

THREADS_OF: Final = statement("SELECT issue_id FROM threads WHERE petition_id = $1")

COMMENTS_OF_ORDERS: Final = statement(f"""
    SELECT {COMMENT_COLUMNS} FROM comments WHERE petition_id = $1 AND command = 'order'
""")

GOVERNED_IN: Final = statement("""
    SELECT p.id FROM petitions p
    WHERE p.repository_id = $1 AND NOT p.gone
      AND EXISTS (SELECT 1 FROM comments c WHERE c.petition_id = p.id AND c.command = 'order')
""")

AUTHORS_OF_PHRASES: Final = statement("""
    SELECT DISTINCT author_id FROM comments
    WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND command = 'phrase'
""")

SET_RULES: Final = statement("""
    UPDATE petitions SET rules = $2, ends_at = $3, ended_at = $4, final_count = $5 WHERE id = $1
""")

ENDED: Final = statement("SELECT ended_at, final_count FROM petitions WHERE id = $1")

AUDIT: Final = statement("""
    SELECT a.number, a.noted_at, a.comment_id, a.given_at, a.user_id, a.login, a.word, a.argument, a.answer, a.note,
           t.number AS thread
    FROM audit a
    LEFT JOIN comments c ON c.id = a.comment_id
    LEFT JOIN threads t ON t.issue_id = c.issue_id
        AND t.repository_id = (SELECT repository_id FROM petitions WHERE id = $1)
    WHERE a.petition_id = $1 ORDER BY a.number
""")

ADD_TO_AUDIT: Final = statement("""
    INSERT INTO audit (petition_id, number, noted_at, comment_id, given_at, user_id, login, word, argument, answer,
                       note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
""")

ATTEMPTS: Final = statement("""
    SELECT a.user_id, a.login, a.word, a.times, a.first_at, a.last_at, a.last_comment_id, t.number AS thread
    FROM attempts a
    LEFT JOIN comments c ON c.id = a.last_comment_id
    LEFT JOIN threads t ON t.issue_id = c.issue_id
        AND t.repository_id = (SELECT repository_id FROM petitions WHERE id = $1)
    WHERE a.petition_id = $1 ORDER BY a.last_at DESC, a.last_comment_id DESC
""")

PUT_ATTEMPTS: Final = statement("""
    INSERT INTO attempts (petition_id, user_id, login, word, times, first_at, last_at, last_comment_id)
    SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[], $6::BIGINT[],
                         $7::BIGINT[], $8::BIGINT[])
    ON CONFLICT (petition_id, user_id) DO UPDATE SET
        login = excluded.login, word = excluded.word, times = excluded.times, first_at = excluded.first_at,
        last_at = excluded.last_at, last_comment_id = excluded.last_comment_id
""")

DROP_ATTEMPTS: Final = statement("DELETE FROM attempts WHERE petition_id = $1 AND user_id = ANY($2::BIGINT[])")

DROP_ATTEMPTS_ON: Final = statement("DELETE FROM attempts WHERE petition_id = $1")

DROP_ATTEMPTS_BY: Final = statement("DELETE FROM attempts WHERE user_id = ANY($1::BIGINT[])")

DAYS: Final = statement("SELECT day, signatures FROM days WHERE petition_id = $1 ORDER BY day")
