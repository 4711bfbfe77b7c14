"""The SQL of what bodies say: what stood in them, what we wrote there, and the versions of the letter."""

from __future__ import annotations

from typing import Final

from bot.store.engine.dialect import statement

# Bodies -------------------------------------------------------------------------------------------

_NEW_BODY = "INSERT INTO bodies (issue_id) VALUES ($1) ON CONFLICT (issue_id) DO NOTHING"

NEW_BODY: Final = statement(_NEW_BODY)

BODY: Final = statement("""
    SELECT left_digest, edited_digest, edited_at, lost, lost_by, edited_over FROM bodies WHERE issue_id = $1
""")

LEFT_BODY: Final = statement("UPDATE bodies SET left_digest = $2 WHERE issue_id = $1 AND left_digest <> $2")

EDITED_BODY: Final = statement("""
    UPDATE bodies SET edited_digest = $2, edited_at = $3, edited_over = $4 WHERE issue_id = $1
""")

LOST_BODY: Final = statement("""
    UPDATE bodies SET lost = $2, lost_by = $3 WHERE issue_id = $1 AND lost_by < $3
""")

LOST_BODY_FOR_SURE: Final = statement("""
    UPDATE bodies SET lost = $2, lost_by = $3 WHERE issue_id = $1 AND (lost IS NULL OR lost_by <= $3)
""")

NOT_LOST_BODY: Final = statement("""
    UPDATE bodies SET lost = NULL
    WHERE issue_id = $1 AND EXISTS (SELECT 1 FROM writes WHERE issue_id = $1 AND number = lost_by AND at < $2)
""")

FOUND_BODY: Final = statement("UPDATE bodies SET lost = NULL WHERE issue_id = $1 AND lost_by = $2")

MOVED_TO: Final = statement("SELECT moved_to FROM threads WHERE issue_id = $1 AND moved_to IS NOT NULL")

LAST_WRITE: Final = statement("SELECT max(number) FROM writes WHERE issue_id = $1")

ADD_WRITE: Final = statement("""
    INSERT INTO writes (issue_id, number, written, outside_read, outside_written, at, heard)
    VALUES ($1, $2, $3, $4, $5, $6, FALSE)
""")

FORGET_WRITES: Final = statement("DELETE FROM writes WHERE issue_id = $1 AND number <= $2")

WRITES_OF_TEXT: Final = statement("""
    SELECT number, outside_read, heard FROM writes WHERE issue_id = $1 AND written = $2 ORDER BY number
""")

WRITES_FROM: Final = statement("""
    SELECT number, written, outside_read, outside_written FROM writes WHERE issue_id = $1 AND number >= $2
    ORDER BY number
""")

WRITE_HEARD: Final = statement("UPDATE writes SET heard = TRUE WHERE issue_id = $1 AND number = $2")

ASK_ABOUT_WRITES: Final = statement(
    "UPDATE writes SET heard = FALSE WHERE issue_id = $1 AND written = $2 AND heard"
)

UNHEARD_WRITES: Final = statement("""
    SELECT count(*) FROM writes WHERE issue_id = $1 AND NOT heard AND at < $2
""")

GIVE_UP_WRITES: Final = statement("UPDATE writes SET heard = TRUE WHERE issue_id = $1 AND NOT heard AND at < $2")

DROP_BODY: Final = statement("DELETE FROM bodies WHERE issue_id = $1")

JOIN_BODY: Final = statement("UPDATE bodies SET left_digest = $2, lost = $3, lost_by = $4 WHERE issue_id = $1")

# Through negative numbers, because a number must not be taken twice, not even half-way.
SHIFT_WRITES: Final = statement("UPDATE writes SET number = -(number + $2) WHERE issue_id = $1")

SETTLE_WRITES: Final = statement("UPDATE writes SET number = -number WHERE issue_id = $1 AND number < 0")

MOVE_WRITES: Final = statement("UPDATE writes SET issue_id = $2 WHERE issue_id = $1")

# Letters ------------------------------------------------------------------------------------------

LETTERS: Final = statement("""
    SELECT digest, seen_at, count FROM letters WHERE petition_id = $1 ORDER BY seen_at, digest
""")

LETTER_TEXT: Final = statement("SELECT text FROM letter_texts WHERE petition_id = $1 AND digest = $2")

LETTER_AT: Final = statement("""
    SELECT digest, seen_at FROM letters WHERE petition_id = $1 AND seen_at <= $2
    ORDER BY seen_at DESC, digest DESC LIMIT 1
""")

ADD_LETTER: Final = statement("""
    INSERT INTO letters (petition_id, seen_at, digest, count)
    SELECT $1::BIGINT, $2::BIGINT, $3::TEXT, count(*) FROM signatures WHERE petition_id = $1 AND signed_at <= $2
    ON CONFLICT DO NOTHING
""")

ADD_LETTER_TEXT: Final = statement("""
    INSERT INTO letter_texts (petition_id, digest, text)
    SELECT $1::BIGINT, $2::TEXT, $3::TEXT
    WHERE (SELECT count(*) FROM letter_texts WHERE petition_id = $1) < $4
    ON CONFLICT DO NOTHING
""")

SIGNED_BETWEEN: Final = statement("""
    SELECT count(*) FROM (
        SELECT 1 FROM signatures WHERE petition_id = $1 AND signed_at > $2 AND signed_at <= $3 LIMIT 1
    ) AS one
""")

# Of two counts for one version the higher one: who signed may not have been known yet.
COUNT_LETTER: Final = statement("""
    UPDATE letters SET count = CASE WHEN count < s.signed THEN s.signed ELSE count END
    FROM (SELECT count(*) AS signed FROM signatures WHERE petition_id = $1 AND signed_at <= $2) AS s
    WHERE petition_id = $1 AND seen_at = $2 AND digest = $3
""")

PUT_OFF_PAST: Final = statement("""
    INSERT INTO marks (name, at) SELECT 'letter ' || $1::BIGINT, $2::BIGINT
    WHERE EXISTS (SELECT 1 FROM petitions WHERE id = $1)
    ON CONFLICT (name) DO UPDATE SET at = excluded.at
""")

DROP_PAST: Final = statement("DELETE FROM marks WHERE name = 'letter ' || $1::BIGINT")

DROP_LETTERS_OF: Final = statement("DELETE FROM letters WHERE petition_id = $1")

DROP_LETTER_TEXTS_OF: Final = statement("DELETE FROM letter_texts WHERE petition_id = $1")
