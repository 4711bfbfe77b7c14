from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.petition.comments.commands import Command, OrganizerCommand, Phrase, Sign, Unsign
from bot.petition.comments.comment import Author, Comment, Version, Writer, body_digest, merge
from bot.petition.rules_in_force import Removal, Rules
from bot.petition.settings import Settings
from bot.petition.tally import Conditions, Evaluation, Signature, evaluate, fold
from tests.petition.simulation import ADA, ALAN, GHOST, GRACE, ROBOT, Post, posts, recount

END = 2000
MORNING, NOON, EVENING = 100, 200, 300


def says(
    number: int, command: Command | None, at: int = MORNING, by: Author = ADA, *, hidden: bool = False
) -> Comment:
    version = Version(at, body_digest(repr(command)), Writer.AUTHOR, command, hidden=hidden)
    return Comment(number, at, by, at, (version,))


def edited(comment: Comment, command: Sign | Unsign | None, at: int, by: Writer = Writer.AUTHOR) -> Comment:
    before = comment.versions[-1].digest
    version = Version(at, body_digest(repr(command)), by, command, before)
    return merge(comment, Comment(comment.id, comment.created_at, comment.author, at, (version,)))


def check(
    *comments: Comment, signed: int | None, effective: Iterable[int], refused: Iterable[int] = ()
) -> Evaluation:
    """One person's comments come to this, in whatever order they are looked at; the petition closes at NOON."""
    verdict = evaluate(comments, Conditions(closed_at=NOON))
    assert verdict == evaluate(comments[::-1], Conditions(closed_at=NOON))
    assert (verdict.signature.comment_id if verdict.signature else None) == signed
    assert verdict.effective == set(effective)
    assert verdict.refused == set(refused)
    return verdict


class TestRules:
    """What the rules do to a whole tally; those to a person are in `test_organizer_commands`."""

    def test_a_phrase_that_is_none_does_not_hide_what_was_said_after_it(self) -> None:
        phrase, sign = Phrase("no phrase of ours"), Sign("Ada")
        verdict = evaluate([says(1, phrase), says(2, sign, MORNING + 1)])
        assert verdict.signature is not None
        assert verdict.signature.comment_id == 2

    def test_the_end_and_the_rules_hold_for_everybody(self) -> None:
        comments = [says(1, Sign(), MORNING), says(2, Sign(), EVENING, GRACE)]
        assert [one.login for one in fold(comments)] == ["ada", "grace"]
        assert [one.login for one in fold(comments, Conditions(closed_at=NOON))] == ["ada"]
        withheld = Rules(removals=(Removal(ADA.id, ADA.login, 9),))
        assert [one.login for one in fold(comments, Conditions(rules=withheld))] == ["grace"]


class TestPerson:
    def test_a_person_signs(self) -> None:
        verdict = check(says(1, Sign("Ada", "Engines", "Because.")), signed=1, effective=[1])
        assert verdict.signature == Signature(1, "ada", 1, MORNING, "Ada", "Engines", "Because.")

    def test_a_person_who_signs_twice_counts_once_with_the_later_details(self) -> None:
        verdict = check(says(1, Sign("Ada")), says(2, Sign("Ada L."), MORNING + 1), signed=2, effective=[1, 2])
        assert verdict.signature is not None
        assert verdict.signature.name == "Ada L."

    def test_of_two_comments_of_one_second_the_higher_number_is_the_later(self) -> None:
        check(says(1, Sign()), says(2, Unsign()), signed=None, effective=[2])
        check(says(1, Unsign()), says(2, Sign()), signed=2, effective=[2])

    def test_a_person_withdraws(self) -> None:
        check(says(1, Sign()), says(2, Unsign(), EVENING), signed=None, effective=[2])

    def test_a_person_withdraws_and_signs_again(self) -> None:
        comments = says(1, Sign()), says(2, Unsign(), MORNING + 1), says(3, Sign(), MORNING + 2)
        check(*comments, signed=3, effective=[1, 3])

    def test_a_person_who_deletes_the_later_comment_falls_back_to_the_earlier(self) -> None:
        withdrawn = Comment(2, MORNING + 1, ADA, EVENING, deleted=True)
        check(says(1, Sign()), withdrawn, signed=1, effective=[1])

    def test_a_hidden_signature_is_left_out(self) -> None:
        check(says(1, Sign(), hidden=True), signed=None, effective=[])

    def test_a_hidden_withdrawal_withdraws_nothing(self) -> None:
        check(says(1, Sign()), says(2, Unsign(), EVENING, hidden=True), signed=1, effective=[1])

    def test_an_old_comment_edited_into_a_withdrawal_stays_an_old_comment(self) -> None:
        comments = edited(says(1, Sign()), Unsign(), EVENING), says(2, Sign(), MORNING + 1)
        check(*comments, signed=2, effective=[2])

    def test_what_else_is_said_does_not_matter(self) -> None:
        comments = says(1, Sign()), says(2, None, MORNING + 1), says(3, OrganizerCommand("goal", "5"), MORNING + 2)
        check(*comments, signed=1, effective=[1])

    def test_nobody_who_never_spoke_has_signed(self) -> None:
        assert evaluate([]) == Evaluation(None, frozenset(), frozenset())

    def test_a_bot_does_not_sign(self) -> None:
        check(says(1, Sign(), by=ROBOT), says(2, Sign(), by=GHOST), signed=None, effective=[])


class TestClosing:
    def test_signing_after_the_closing_is_refused(self) -> None:
        check(says(1, Sign(), EVENING), signed=None, effective=[], refused=[1])

    def test_the_second_of_closing_counts(self) -> None:
        check(says(1, Sign(), NOON), signed=1, effective=[1])

    def test_withdrawing_after_the_closing_works(self) -> None:
        check(says(1, Sign()), says(2, Unsign(), EVENING), signed=None, effective=[2])

    def test_signing_again_after_the_closing_changes_nothing(self) -> None:
        verdict = check(
            says(1, Sign("Ada")), says(2, Sign("Ada L."), EVENING), signed=1, effective=[1], refused=[2]
        )
        assert verdict.signature is not None
        assert verdict.signature.name == "Ada"

    def test_an_edit_that_makes_a_command_after_the_closing_is_refused(self) -> None:
        check(edited(says(1, None), Sign(), EVENING), signed=None, effective=[], refused=[1])

    def test_an_edit_of_the_details_after_the_closing_is_shown(self) -> None:
        verdict = check(edited(says(1, Sign("Ada")), Sign("Ada L."), EVENING), signed=1, effective=[1])
        assert verdict.signature == Signature(1, "ada", 1, MORNING, "Ada L.")

    def test_a_signature_that_a_moderator_takes_out_and_puts_back_after_the_closing_is_there_again(self) -> None:
        redacted = edited(says(1, Sign("Ada")), None, EVENING, Writer.OTHER)
        check(redacted, signed=None, effective=[])
        check(edited(redacted, Sign(), EVENING + 1, Writer.OTHER), signed=1, effective=[1])

    def test_a_hidden_signature_after_the_closing_is_not_even_refused(self) -> None:
        check(says(1, Sign(), EVENING, hidden=True), signed=None, effective=[])

    def test_a_petition_that_is_open_again_counts_what_came_meanwhile(self) -> None:
        verdict = evaluate([says(1, Sign(), EVENING)], Conditions())
        assert verdict.signature is not None


class TestFold:
    def test_people_come_in_the_order_of_their_numbers(self) -> None:
        comments = [says(1, Sign(), by=GRACE), says(2, Sign(), by=ADA), says(3, None, by=ALAN)]
        assert [signature.login for signature in fold(comments)] == ["ada", "grace"]

    def test_comments_without_an_author_count_for_nobody(self) -> None:
        assert fold([Comment(1, MORNING, None)]) == []

    def test_a_renamed_person_is_one_person(self) -> None:
        comments = [says(1, Sign()), says(2, Sign(), NOON, by=Author(1, "countess"))]
        assert [signature.login for signature in fold(comments)] == ["countess"]

    def test_a_reused_login_is_another_person(self) -> None:
        comments = [says(1, Sign()), says(2, Sign(), NOON, by=Author(99, "ada"))]
        assert [signature.user_id for signature in fold(comments)] == [1, 99]


@st.composite
def petitions(draw: st.DrawFn) -> list[Post]:
    authors = (ADA, ADA, GRACE, ALAN, ROBOT, GHOST, None)
    return [draw(posts(number=n, authors=authors)) for n in range(draw(st.integers(0, 6)))]


def test_whoever_has_signed_may_ask_not_to_be_listed_after_the_end_by_an_edit() -> None:
    signed = edited(says(1, Sign("Ada")), Sign(unlisted=True), EVENING)
    late = says(2, Sign(), EVENING)
    assert fold([signed, late], Conditions(closed_at=NOON)) == [Signature(ADA.id, "ada", 1, MORNING, unlisted=True)]
    assert fold([signed, late]) == [Signature(ADA.id, "ada", 2, EVENING)]


@given(petitions(), st.one_of(st.none(), st.integers(1000, 1012)), st.randoms(use_true_random=False))
def test_the_tally_is_what_a_plain_recount_gives(talk: list[Post], closed_at: int | None, random: Random) -> None:
    talk = [post for post in talk if not post.muddled]
    told = [one for post in talk for one in [*post.deliveries(), *post.deliveries()[1::2], post.listed(END)]]
    random.shuffle(told)
    comments: dict[int, Comment] = {}
    for one in told:
        comments[one.id] = merge(comments[one.id], one) if one.id in comments else one
    signed = {
        s.user_id: (s.comment_id, Sign(s.name, s.affiliation, unlisted=s.unlisted), s.signed_at)
        for s in fold(comments.values(), Conditions(closed_at=closed_at))
    }
    assert signed == recount(talk, closed_at)


@given(petitions(), st.randoms(use_true_random=False))
def test_the_tally_does_not_depend_on_the_order_of_telling(talk: list[Post], random: Random) -> None:
    told = [one for post in talk for one in post.deliveries()]
    again = told + told[::3]
    random.shuffle(again)

    def tally(told: list[Comment]) -> list[Signature]:
        comments = {one.id: [other for other in told if other.id == one.id] for one in told}
        return fold(reduce(merge, same) for same in comments.values())

    assert tally(told) == tally(again)


class TestAge:
    RULES = Rules(Settings(minimum_account_age=2))
    DAY = 86_400

    def counted(self, comments: Sequence[Comment], born: int | None, rules: Rules = RULES) -> tuple[bool, set[int]]:
        verdict = evaluate(comments, Conditions(rules=rules, born={} if born is None else {ADA.id: born}))
        return verdict.signature is not None, set(verdict.refused)

    def test_an_account_signs_from_the_second_in_which_it_is_old_enough(self) -> None:
        comment = says(1, Sign(), 10 * self.DAY)
        assert self.counted([comment], 8 * self.DAY) == (True, set())
        assert self.counted([comment], 8 * self.DAY + 1) == (False, {comment.id})

    def test_who_was_too_young_may_sign_again_later(self) -> None:
        early, late = says(2, Sign(), 10 * self.DAY), says(3, Sign(), 12 * self.DAY)
        assert self.counted([early, late], 9 * self.DAY) == (True, {early.id})

    def test_whose_age_is_not_known_waits_and_may_withdraw(self) -> None:
        comment = says(4, Sign(), 10 * self.DAY)
        assert self.counted([comment], None) == (False, set())
        assert evaluate([says(5, Unsign(), 11 * self.DAY)], Conditions(rules=self.RULES)).effective

    def test_without_the_rule_nobody_asks(self) -> None:
        assert self.counted([says(6, Sign(), 5)], None, Rules()) == (True, set())

    def test_a_recount_goes_by_it(self) -> None:
        comment = says(7, Sign(), 10 * self.DAY)
        assert comment.author is not None
        assert fold([comment], Conditions(rules=self.RULES, born={comment.author.id: 1}))
        assert not fold([comment], Conditions(rules=self.RULES))
