from __future__ import annotations

from functools import reduce
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Comment, Version, Writer, merge, standing
from tests.petition.simulation import ADA, GHOST, TEXTS, Post, posts, some

END = 2000


@st.composite
def observations(draw: st.DrawFn) -> list[Comment]:
    """Some of what can be told of one comment, by all ways; some of it contradicts the rest."""
    post, other = draw(posts()), draw(posts(authors=(ADA, replace(ADA, login="countess"), GHOST, None)))
    told = [*post.deliveries(), *post.deliveries(tells_hidden=False), *other.deliveries()]
    return draw(some([*told, post.listed(END), post.listed(END + 5), post.looked_up(END)]))


def known(told: list[Comment]) -> Comment:
    return reduce(merge, told, told[0])


@given(observations(), observations(), observations())
def test_merging_commutes_associates_and_repeats_without_effect(
    one: list[Comment], two: list[Comment], three: list[Comment]
) -> None:
    a, b, c = known(one), known(two), known(three)
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a) == a
    assert merge(merge(a, b), b) == merge(a, b)


@given(st.permutations(range(4)))
def test_what_an_older_and_a_newer_grammar_read_in_one_text_merges_in_any_order(order: list[int]) -> None:
    read = (Sign("unlisted"), Sign(unlisted=True), Sign("Unlisted", "Guild"))
    told = [Comment(1, 100, ADA, 100, (Version(100, "a", Writer.AUTHOR, one),)) for one in read]
    told.append(Comment(1, 100, ADA, 200, (Version(200, "b", Writer.AUTHOR, Sign("Ada"), "a"),)))
    one, two, three, four = (told[place] for place in order)
    expected = reduce(merge, told)
    assert merge(merge(merge(one, two), three), four) == expected
    assert merge(merge(one, two), merge(three, four)) == expected


@given(observations(), st.randoms(use_true_random=False))
def test_any_order_and_number_of_observations_gives_one_comment(told: list[Comment], random: Random) -> None:
    again = told + told[::2]
    random.shuffle(again)
    assert known(again) == known(told)
    assert standing(known(again)) == standing(known(told))


def check(post: Post, comment: Comment) -> None:
    """The comment says what a plain recount of all that happened says."""
    stands = standing(comment)
    if post.deleted:
        assert stands.command is None
        return
    command, since = post.counted()
    assert stands.command == command
    assert stands.hidden == post.hidden
    if command is not None and not post.muddled:
        assert stands.made_at == since


@given(posts(), st.booleans(), st.randoms(use_true_random=False))
def test_all_deliveries_and_a_look_tell_the_truth(post: Post, tells_hidden: bool, random: Random) -> None:
    told = [*post.deliveries(tells_hidden=tells_hidden), post.listed(END)]
    random.shuffle(told)
    stands = standing(known(told))
    assert not stands.ambiguous
    if stands.unverified:
        assert post.muddled
    else:
        check(post, known(told))


@given(posts(), st.randoms(use_true_random=False))
def test_all_deliveries_tell_the_truth_or_that_they_do_not_know(post: Post, random: Random) -> None:
    told = post.deliveries()
    random.shuffle(told)
    stands = standing(known(told))
    if stands.unverified:
        assert post.muddled
    elif not stands.ambiguous:
        check(post, known(told))


@given(posts(quick=False), st.randoms(use_true_random=False))
def test_where_seconds_pass_the_deliveries_are_enough(post: Post, random: Random) -> None:
    told = post.deliveries()
    random.shuffle(told)
    stands = standing(known(told))
    assert not stands.ambiguous
    assert not stands.unverified
    check(post, known(told))


@given(posts(), st.data())
def test_the_history_of_edits_tells_the_truth_whatever_was_delivered(post: Post, data: st.DataObject) -> None:
    assume(not post.muddled)
    told = data.draw(some([*post.deliveries(), post.listed(END), post.listed(END + 9)]))
    if post.deleted:
        told.append(post.deliveries()[-1])
    comment = known([post.looked_up(END + data.draw(st.integers(0, 5))), *told])
    assert not standing(comment).ambiguous
    assert not standing(comment).unverified or post.deleted
    check(post, comment)


@given(posts(own=[text for text, command in TEXTS.items() if not isinstance(command, Sign)]), st.data())
def test_who_never_wrote_sign_never_signs(post: Post, data: st.DataObject) -> None:
    told = post.deliveries()
    # A listing takes what stands at the end of the second of creation for the author's own words.
    if not post.events or post.events[0].at > post.created_at:
        told.append(post.listed(END))
    assert not isinstance(standing(known(data.draw(some(told)))).command, Sign)


@given(posts(), st.data())
def test_a_look_ends_every_ambiguity(post: Post, data: st.DataObject) -> None:
    comment = known([*data.draw(some(post.deliveries(), least=0)), post.listed(END)])
    assert not standing(comment).ambiguous
    if not comment.deleted and comment.author is not None:
        assert standing(comment).hidden == post.hidden
