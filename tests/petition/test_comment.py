from __future__ import annotations

from functools import reduce
from itertools import pairwise

import pytest
from msgspec.structs import replace

from bot.petition.comments.commands import Command, OrganizerCommand, Phrase, Sign, Unsign
from bot.petition.comments.comment import (
    GHOST_ID,
    Author,
    Comment,
    Standing,
    Version,
    Writer,
    body_digest,
    merge,
    standing,
)
from bot.petition.comments.versions import MAX_VERSIONS

ADA = Author(1, "ada")
SIGN, ADA_SIGNS, UNSIGN, HELLO, THANKS = "/sign", "/sign Ada Lovelace", "/unsign", "hello", "thanks"
SAYS: dict[str, Command | None] = {
    SIGN: Sign(),
    ADA_SIGNS: Sign("Ada Lovelace"),
    UNSIGN: Unsign(),
    HELLO: None,
    THANKS: None,
    "/petition goal 5": OrganizerCommand("goal", "5"),
    "+1": Phrase("one phrase"),
    "me too": Phrase("another phrase"),
}
MORNING, NOON, EVENING, NIGHT = 1000, 2000, 3000, 4000


def observed(version: Version, **changes: object) -> Comment:
    comment = Comment(9, MORNING, ADA, max(version.at, version.seen), (version,))
    return replace(comment, **changes)


def writes(text: str) -> Comment:
    return observed(Version(MORNING, body_digest(text), Writer.AUTHOR, SAYS[text]))


def edits(before: str, after: str, at: int = NOON, by: Writer = Writer.AUTHOR) -> Comment:
    return observed(Version(at, body_digest(after), by, SAYS[after], body_digest(before)))


def moderator_edits(before: str, after: str, at: int = NOON) -> Comment:
    return edits(before, after, at, Writer.OTHER)


def hides(text: str, at: int = NOON, *, hidden: bool | None = True) -> Comment:
    return observed(Version(at, body_digest(text), Writer.UNKNOWN, SAYS[text], hidden=hidden))


def unhides(text: str, at: int = EVENING) -> Comment:
    return hides(text, at, hidden=False)


def deletes() -> Comment:
    return Comment(9, MORNING, ADA, NIGHT, deleted=True)


def listed(text: str, at: int = NOON, seen: int = NIGHT, *, hidden: bool | None = False) -> Comment:
    writer = Writer.AUTHOR if at == MORNING else Writer.UNKNOWN
    return observed(Version(at, body_digest(text), writer, SAYS[text], None, hidden, seen))


def lacking(at: int = NIGHT) -> Comment:
    """What is known of a comment that a complete listing lacked."""
    return Comment(9, MORNING, ADA, MORNING, missing_at=at)


def known(*told: Comment) -> Comment:
    return reduce(merge, told)


def check(
    *told: Comment, says: Command | None, made_at: int = MORNING, hidden: bool = False, unverified: bool = False
) -> None:
    """In any order, what was told comes to this."""
    for order in (told, told[::-1], (*told[1:], told[0]), told + told):
        stands = standing(known(*order))
        assert (stands.command, stands.hidden, stands.unverified) == (says, hidden, unverified)
        if says is not None:
            assert stands.made_at == made_at


class TestPhrases:
    """Phrases sign only where the settings accept them; here they are only kept apart from one another."""

    def test_somebody_else_may_leave_a_phrase_as_it_is(self) -> None:
        check(writes("+1"), moderator_edits("+1", "+1"), says=Phrase("one phrase"))

    def test_somebody_else_cannot_make_another_phrase_of_it(self) -> None:
        check(writes("+1"), moderator_edits("+1", "me too"), says=None)
        check(writes(SIGN), moderator_edits(SIGN, "+1"), says=None)

    def test_another_phrase_is_made_when_it_is_written(self) -> None:
        check(writes("+1"), edits("+1", "me too"), says=Phrase("another phrase"), made_at=NOON)


class TestWhoWroteIt:
    def test_of_two_answers_of_one_second_the_one_with_a_name_is_believed(self) -> None:
        nobody = replace(writes(SIGN), author=None)
        assert known(writes(SIGN), nobody).author == known(nobody, writes(SIGN)).author == ADA

    def test_of_two_names_of_one_second_either_is_believed_in_any_order(self) -> None:
        renamed = replace(writes(SIGN), author=Author(1, "lovelace"))
        assert known(writes(SIGN), renamed) == known(renamed, writes(SIGN))


class TestTheTimeOfAComment:
    @pytest.mark.parametrize(("late", "made_at"), [(0, MORNING), (1, MORNING), (2, MORNING + 2)])
    def test_it_may_be_a_second_off_where_nobody_edited_it(self, late: int, made_at: int) -> None:
        said = Version(MORNING + late, body_digest(SIGN), Writer.AUTHOR, Sign())
        assert standing(observed(said)).made_at == made_at


class TestAuthor:
    def test_somebody_signs(self) -> None:
        check(writes(ADA_SIGNS), says=Sign("Ada Lovelace"))

    def test_somebody_says_hello(self) -> None:
        check(writes(HELLO), says=None)

    def test_an_edit_that_makes_a_command_makes_it_then(self) -> None:
        check(writes(HELLO), edits(HELLO, SIGN), says=Sign(), made_at=NOON)

    def test_an_edit_of_the_details_leaves_the_time(self) -> None:
        check(writes(SIGN), edits(SIGN, ADA_SIGNS), says=Sign("Ada Lovelace"))

    def test_an_edit_may_take_the_command_out(self) -> None:
        check(writes(SIGN), edits(SIGN, HELLO), says=None)

    def test_an_edit_may_turn_it_around(self) -> None:
        check(writes(SIGN), edits(SIGN, UNSIGN), says=Unsign(), made_at=NOON)

    def test_taken_out_and_put_back_is_made_anew(self) -> None:
        check(writes(SIGN), edits(SIGN, HELLO), edits(HELLO, SIGN, EVENING), says=Sign(), made_at=EVENING)

    def test_deleted_is_gone_whatever_else_is_told(self) -> None:
        check(writes(SIGN), deletes(), edits(SIGN, ADA_SIGNS, NIGHT), says=None)
        assert known(writes(ADA_SIGNS), deletes()).versions == ()
        assert not known(writes(ADA_SIGNS), deletes()).present

    @pytest.mark.parametrize(
        "author",
        [
            None,
            Author(GHOST_ID, "ghost"),
            Author(2, "robot[bot]", "Bot"),
            Author(3, "acme", "Organization"),
            Author(4, "moved", "Mannequin"),
        ],
    )
    def test_only_people_say_anything(self, author: Author | None) -> None:
        assert standing(replace(writes(SIGN), author=author)) == Standing()

    def test_whose_account_is_deleted_falls_silent(self) -> None:
        gone = replace(listed(SIGN, MORNING), author=Author(GHOST_ID, "ghost"))
        check(writes(SIGN), gone, says=None)
        check(writes(SIGN), replace(listed(SIGN, MORNING), author=None), says=None)

    def test_a_renamed_account_is_the_same_person_by_its_newest_name(self) -> None:
        renamed = replace(listed(SIGN, MORNING), author=Author(1, "countess"))
        assert known(renamed, writes(SIGN)).author == Author(1, "countess")

    def test_github_may_say_that_a_fresh_comment_was_updated_a_second_later(self) -> None:
        late = observed(Version(MORNING + 1, body_digest(SIGN), Writer.AUTHOR, Sign()))
        check(late, listed(SIGN, MORNING + 1), says=Sign())

    def test_the_tail_of_a_long_life_is_enough(self) -> None:
        texts = [f"/sign number {n}" for n in range(3 * MAX_VERSIONS)]
        for n, text in enumerate(texts):
            SAYS.setdefault(text, Sign(f"number {n}"))
        told = [edits(a, b, NOON + n) for n, (a, b) in enumerate(pairwise(texts))]
        comment = known(*told)
        assert len(comment.versions) == MAX_VERSIONS
        assert standing(comment).command == Sign(f"number {3 * MAX_VERSIONS - 1}")
        assert known(known(*told[100:]), known(*told[:200:-1])) == known(*told[100:])
        assert known(*told[::-1]) == comment


class TestOthers:
    def test_a_moderator_redacts_the_name_and_the_signature_stays(self) -> None:
        check(writes(ADA_SIGNS), moderator_edits(ADA_SIGNS, SIGN), says=Sign())

    def test_a_moderator_cannot_put_a_name_to_a_signature(self) -> None:
        check(writes(SIGN), moderator_edits(SIGN, ADA_SIGNS), says=Sign())

    def test_a_moderator_cannot_sign_for_somebody(self) -> None:
        check(writes(HELLO), moderator_edits(HELLO, SIGN), says=None)

    def test_a_moderator_cannot_withdraw_for_somebody(self) -> None:
        check(writes(HELLO), moderator_edits(HELLO, UNSIGN), says=None)
        check(writes(SIGN), moderator_edits(SIGN, UNSIGN), says=None)

    def test_a_moderator_cannot_edit_a_withdrawal_away(self) -> None:
        check(writes(UNSIGN), moderator_edits(UNSIGN, HELLO), says=Unsign())
        check(writes(UNSIGN), moderator_edits(UNSIGN, SIGN), says=Unsign())

    def test_a_moderator_takes_a_signature_out_and_puts_it_back(self) -> None:
        told = (writes(ADA_SIGNS), moderator_edits(ADA_SIGNS, HELLO))
        check(*told, says=None)
        check(*told, moderator_edits(HELLO, SIGN, EVENING), says=Sign())

    def test_what_the_author_saves_after_that_is_the_authors(self) -> None:
        told = (writes(ADA_SIGNS), moderator_edits(ADA_SIGNS, HELLO))
        check(*told, edits(HELLO, ADA_SIGNS, EVENING), says=Sign("Ada Lovelace"), made_at=EVENING)

    def test_a_moderator_makes_sign_and_the_author_adds_a_name(self) -> None:
        told = (writes(HELLO), moderator_edits(HELLO, SIGN))
        check(*told, edits(SIGN, ADA_SIGNS, EVENING), says=Sign("Ada Lovelace"), made_at=EVENING)

    def test_an_organizers_command_is_nobodys_who_edited_it_in(self) -> None:
        check(writes("/petition goal 5"), says=OrganizerCommand("goal", "5"))
        check(writes(HELLO), moderator_edits(HELLO, "/petition goal 5"), says=None)
        check(writes("/petition goal 5"), moderator_edits("/petition goal 5", HELLO), says=None)

    def test_a_hide_leaves_out_and_an_unhide_restores(self) -> None:
        told = (writes(ADA_SIGNS), hides(ADA_SIGNS))
        check(*told, says=Sign("Ada Lovelace"), hidden=True)
        check(*told, unhides(ADA_SIGNS), says=Sign("Ada Lovelace"))

    def test_a_hide_does_not_make_an_edit_of_somebody_else_the_authors(self) -> None:
        told = (writes(ADA_SIGNS), moderator_edits(ADA_SIGNS, SIGN))
        check(*told, hides(SIGN, EVENING), says=Sign(), hidden=True)
        check(writes(HELLO), moderator_edits(HELLO, SIGN), unhides(SIGN), says=None)

    def test_a_delivery_that_does_not_tell_changes_no_hiding(self) -> None:
        check(writes(SIGN), hides(SIGN), hides(SIGN, EVENING, hidden=None), says=Sign(), hidden=True)

    def test_a_look_that_came_later_knows_better_though_no_time_moved(self) -> None:
        check(writes(SIGN), listed(SIGN, MORNING, hidden=True), says=Sign(), hidden=True)
        check(listed(SIGN, MORNING, EVENING, hidden=True), listed(SIGN, MORNING, NIGHT, hidden=False), says=Sign())


class TestListings:
    def test_a_comment_that_nobody_edited_is_its_authors(self) -> None:
        check(listed(ADA_SIGNS, MORNING), says=Sign("Ada Lovelace"))

    def test_one_first_seen_edited_does_not_sign_until_somebody_tells_by_whom(self) -> None:
        check(listed(SIGN), says=None, unverified=True)
        check(listed(SIGN), edits(HELLO, SIGN), says=Sign(), made_at=NOON)
        check(listed(SIGN), writes(HELLO), moderator_edits(HELLO, SIGN), says=None)

    def test_one_first_seen_edited_withdraws_meanwhile(self) -> None:
        check(listed(UNSIGN), says=Unsign(), made_at=NOON, unverified=True)

    def test_an_edit_of_a_signature_by_nobody_knows_whom_leaves_it_without_details(self) -> None:
        check(writes(SIGN), listed(ADA_SIGNS), says=Sign(), unverified=True)
        check(writes(SIGN), listed(HELLO), says=None, unverified=True)
        check(writes(HELLO), listed(SIGN), says=None, unverified=True)

    def test_an_edit_of_a_withdrawal_by_nobody_knows_whom_leaves_it(self) -> None:
        check(writes(UNSIGN), listed(SIGN), says=Unsign(), unverified=True)

    def test_the_authors_own_words_restored_by_nobody_knows_whom_do_not_sign_with_details(self) -> None:
        told = (writes(ADA_SIGNS), listed(HELLO, NOON, NOON + 1))
        check(*told, listed(ADA_SIGNS, EVENING), says=Sign(), unverified=True)

    def test_what_the_author_saves_after_that_is_sure_and_as_old_as_before(self) -> None:
        check(writes(SIGN), listed(ADA_SIGNS), edits(ADA_SIGNS, SIGN, EVENING), says=Sign())
        check(listed(SIGN), edits(SIGN, ADA_SIGNS, EVENING), says=Sign("Ada Lovelace"), made_at=EVENING)

    def test_the_authors_own_words_restored_after_words_we_never_saw_are_made_anew(self) -> None:
        check(writes(SIGN), edits(HELLO, SIGN), says=Sign(), made_at=NOON)

    def test_the_authors_own_words_restored_by_a_moderator_after_words_we_never_saw_tell_nothing(self) -> None:
        check(writes(ADA_SIGNS), moderator_edits(HELLO, ADA_SIGNS), says=Sign(), unverified=True)

    def test_an_edit_right_after_the_creation_is_an_edit(self) -> None:
        check(edits(HELLO, SIGN, MORNING + 1), says=Sign(), made_at=MORNING + 1)

    def test_a_moderators_edit_of_words_we_never_saw_tells_nothing(self) -> None:
        check(moderator_edits(ADA_SIGNS, SIGN), says=None, unverified=True)
        check(writes(HELLO), moderator_edits(ADA_SIGNS, SIGN), says=None, unverified=True)
        check(listed(ADA_SIGNS), moderator_edits(ADA_SIGNS, SIGN, EVENING), says=None, unverified=True)

    def test_details_come_back_with_the_next_look(self) -> None:
        comment = known(writes(ADA_SIGNS), hides(ADA_SIGNS))
        assert comment.versions[0].command == Sign()
        assert standing(comment).command == Sign("Ada Lovelace")

    def test_what_was_replaced_keeps_no_name(self) -> None:
        order = writes("/petition goal 5")
        assert known(writes(ADA_SIGNS), edits(ADA_SIGNS, SIGN)).versions[0].command == Sign()
        assert known(order, edits("/petition goal 5", HELLO)).versions[0].command == OrganizerCommand("goal")

    def test_words_are_read_by_the_newest_rules(self) -> None:
        newly = observed(Version(EVENING, body_digest(HELLO), Writer.UNKNOWN, Sign(), None, False, NIGHT))
        check(writes(HELLO), newly, says=Sign())
        untouched = observed(Version(MORNING, body_digest(HELLO), Writer.AUTHOR, Sign(), None, False, NIGHT))
        check(writes(HELLO), untouched, says=Sign())
        check(writes(HELLO), newly, moderator_edits(HELLO, SIGN, NIGHT + 1), says=Sign())
        check(writes(THANKS), edits(THANKS, HELLO), newly, says=Sign(), made_at=NOON)

    def test_one_that_a_listing_lacks_is_gone_until_it_is_seen_again(self) -> None:
        check(writes(SIGN), lacking(), says=None)
        check(writes(SIGN), lacking(NOON), edits(SIGN, ADA_SIGNS, NOON), says=None)
        check(writes(SIGN), lacking(NOON), edits(SIGN, ADA_SIGNS, NOON + 1), says=Sign("Ada Lovelace"))
        check(writes(SIGN), lacking(NOON), listed(SIGN, MORNING), says=Sign())

    def test_one_that_we_know_nothing_of_says_nothing(self) -> None:
        assert standing(Comment(9, MORNING, ADA)) == Standing()


class TestHistories:
    """What GitHub's history of edits tells, which may begin late."""

    def last_edit(self, text: str, by: Writer) -> Comment:
        version = Version(NOON, body_digest(text), by, SAYS[text], seen=NIGHT)
        look = Version(NOON, body_digest(text), Writer.UNKNOWN, SAYS[text], hidden=False, seen=NIGHT)
        return merge(observed(version), observed(look))

    def test_an_edit_that_was_the_authors_is_the_authors_whatever_it_replaced(self) -> None:
        check(self.last_edit(SIGN, Writer.AUTHOR), says=Sign(), made_at=NOON)
        check(writes(HELLO), self.last_edit(SIGN, Writer.AUTHOR), says=Sign(), made_at=NOON)
        check(writes(SIGN), self.last_edit(ADA_SIGNS, Writer.AUTHOR), says=Sign("Ada Lovelace"))
        assert not standing(merge(writes(SIGN), self.last_edit(ADA_SIGNS, Writer.AUTHOR))).ambiguous
        told = Version(NOON, body_digest(SIGN), Writer.AUTHOR, Sign(), body_digest(HELLO), seen=NIGHT)
        assert standing(merge(writes(THANKS), observed(told))) == Standing(Sign(), NOON)

    def test_an_edit_that_was_somebody_elses_leaves_the_authors_words_unknown(self) -> None:
        check(self.last_edit(SIGN, Writer.OTHER), says=None, unverified=True)
        check(writes(ADA_SIGNS), self.last_edit(SIGN, Writer.OTHER), says=Sign(), unverified=True)

    def test_there_and_back_within_a_second_is_told_to_the_end(self) -> None:
        told = [writes(SIGN), edits(SIGN, HELLO, MORNING), edits(HELLO, SIGN, MORNING)]
        seen = [observed(replace(version, seen=NIGHT)) for one in told for version in one.versions]
        look = observed(Version(MORNING, body_digest(SIGN), Writer.UNKNOWN, Sign(), hidden=False, seen=NIGHT))
        check(*seen, look, says=Sign())
        assert not standing(known(*seen, look)).ambiguous


class TestAmbiguity:
    def test_a_gap_in_the_chain_asks_for_a_look(self) -> None:
        told = known(writes(SIGN), edits(HELLO, ADA_SIGNS))
        assert standing(told) == Standing(Sign("Ada Lovelace"), NOON, ambiguous=True)
        looked = merge(told, listed(ADA_SIGNS))
        assert standing(looked) == Standing(Sign("Ada Lovelace"), NOON)
        within = merge(told, listed(ADA_SIGNS, seen=NOON))
        assert standing(within).ambiguous
        hidden = merge(told, hides(ADA_SIGNS, EVENING))
        assert standing(hidden).ambiguous
        assert not standing(merge(hidden, listed(ADA_SIGNS, EVENING, hidden=True))).ambiguous
        filled = merge(told, edits(SIGN, HELLO, MORNING + 1))
        assert standing(filled) == Standing(Sign("Ada Lovelace"), NOON)

    def test_a_hide_and_an_unhide_in_one_second_ask_for_a_look(self) -> None:
        told = known(writes(SIGN), hides(SIGN), unhides(SIGN, NOON))
        assert standing(told) == Standing(Sign(), MORNING, hidden=True, ambiguous=True)
        assert standing(merge(told, listed(SIGN))) == Standing(Sign(), MORNING)

    def test_a_gap_within_a_second_asks_for_a_look(self) -> None:
        check(edits(HELLO, SIGN), edits(SIGN, ADA_SIGNS), says=Sign("Ada Lovelace"), made_at=NOON)
        check(edits(HELLO, ADA_SIGNS), edits(ADA_SIGNS, SIGN), says=Sign(), made_at=NOON)
        told = known(writes(UNSIGN), edits(HELLO, SIGN), edits(SIGN, ADA_SIGNS))
        assert standing(told) == Standing(Sign("Ada Lovelace"), NOON, ambiguous=True)
        assert standing(known(writes(UNSIGN), edits(UNSIGN, HELLO), edits(SIGN, ADA_SIGNS))).ambiguous

    def test_a_hide_of_a_text_that_nobody_told_of_asks_for_a_look(self) -> None:
        assert standing(known(writes(SIGN), edits(SIGN, HELLO), hides(THANKS))).ambiguous
        told = (writes(SIGN), hides(UNSIGN), hides(UNSIGN, hidden=None))
        check(*told, says=Unsign(), hidden=True, unverified=True)
        assert standing(known(*told)).ambiguous
        check(hides(UNSIGN), hides(UNSIGN, hidden=None), says=Unsign(), made_at=NOON, hidden=True, unverified=True)
        assert standing(known(writes(SIGN), hides(SIGN), hides(THANKS))).ambiguous

    def test_a_hide_an_edit_and_an_unhide_in_one_second_are_in_order(self) -> None:
        told = (writes(SIGN), hides(SIGN), edits(SIGN, ADA_SIGNS), unhides(ADA_SIGNS, NOON))
        check(*told, says=Sign("Ada Lovelace"))
        assert not standing(known(*told)).ambiguous

    def test_an_edit_within_the_second_of_creation_is_in_order(self) -> None:
        check(writes(HELLO), edits(HELLO, SIGN, MORNING), says=Sign())
        check(writes(SIGN), edits(SIGN, HELLO, MORNING), edits(HELLO, ADA_SIGNS, MORNING), says=SAYS[ADA_SIGNS])

    def test_a_moderators_edit_within_the_second_of_creation_is_not_the_authors(self) -> None:
        check(writes(HELLO), moderator_edits(HELLO, SIGN, MORNING), listed(SIGN, MORNING), says=None)

    def test_there_and_back_within_a_second_is_the_authors_if_nobody_else_edited(self) -> None:
        told = known(writes(SIGN), edits(SIGN, HELLO), edits(HELLO, SIGN))
        assert standing(told).ambiguous
        check(told, listed(SIGN), says=Sign(), made_at=NOON)
        check(told, listed(HELLO), says=None)

    def test_there_and_back_within_the_second_of_creation_likewise(self) -> None:
        told = known(writes(ADA_SIGNS), edits(ADA_SIGNS, HELLO, MORNING), edits(HELLO, ADA_SIGNS, MORNING))
        assert standing(told).ambiguous
        check(told, listed(ADA_SIGNS, MORNING), says=Sign("Ada Lovelace"))

    def test_a_text_that_stands_again_without_a_known_way_back_is_nobodys(self) -> None:
        told = (writes(HELLO), edits(HELLO, SIGN), edits(SIGN, THANKS))
        check(*told, listed(SIGN), says=None, unverified=True)

    def test_what_the_next_second_replaces_tells_how_the_one_before_ended(self) -> None:
        told = (writes(HELLO), edits(HELLO, SIGN), edits(SIGN, HELLO))
        check(*told, moderator_edits(SIGN, ADA_SIGNS, EVENING), says=Sign(), made_at=NOON)
        check(*told, hides(SIGN, EVENING), says=Sign(), made_at=NOON, hidden=True)
        check(*told, moderator_edits(HELLO, SIGN, EVENING), says=None)

    def test_a_moderator_alone_who_edits_there_and_back_leaves_the_signature(self) -> None:
        there_and_back = (moderator_edits(SIGN, ADA_SIGNS), moderator_edits(ADA_SIGNS, SIGN))
        check(writes(SIGN), *there_and_back, listed(SIGN), says=Sign())
        check(writes(HELLO), moderator_edits(HELLO, SIGN), moderator_edits(SIGN, HELLO), listed(SIGN), says=None)

    def test_and_likewise_within_the_second_of_creation(self) -> None:
        there, back = moderator_edits(SIGN, ADA_SIGNS, MORNING), moderator_edits(ADA_SIGNS, SIGN, MORNING)
        check(writes(SIGN), there, back, listed(SIGN, MORNING), says=Sign())

    def test_there_and_back_by_two_people_leaves_a_signature_and_a_doubt(self) -> None:
        there, back = edits(SIGN, ADA_SIGNS), moderator_edits(ADA_SIGNS, SIGN)
        told = (writes(SIGN), there, back, moderator_edits(SIGN, ADA_SIGNS))
        check(*told, listed(ADA_SIGNS), says=Sign(), unverified=True)

    def test_there_and_back_within_a_second_by_two_people_is_not_the_authors(self) -> None:
        told = (writes(HELLO), moderator_edits(HELLO, SIGN), edits(SIGN, HELLO), edits(HELLO, SIGN))
        check(*told, listed(SIGN), says=None, unverified=True)

    def test_a_moderator_who_has_the_last_word_of_a_second_redacts(self) -> None:
        there_and_back = (edits(SIGN, ADA_SIGNS), moderator_edits(ADA_SIGNS, SIGN))
        check(writes(SIGN), *there_and_back, listed(SIGN), says=Sign())
        check(
            writes(HELLO),
            edits(HELLO, SIGN),
            moderator_edits(SIGN, HELLO),
            listed(HELLO),
            says=None,
            unverified=True,
        )

    def test_a_text_that_nobody_told_of_within_the_second_is_nobodys(self) -> None:
        check(writes(HELLO), edits(HELLO, UNSIGN), listed(SIGN), says=Unsign(), made_at=NOON, unverified=True)


class TestDigest:
    def test_line_ends_do_not_count(self) -> None:
        assert body_digest("a\r\nb\rc\n") == body_digest("a\nb\nc\n")
        assert body_digest("a") != body_digest("b")

    def test_any_text_has_one(self) -> None:
        assert body_digest("\ud800")
