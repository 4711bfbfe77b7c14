"""A session is what we have sealed, for its purpose and until its end, and nothing else."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from bot.web.sessions import SignedSessions

KEY = "a key of more than thirty-two characters"
TEXTS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40)


def sessions(purpose: str = "organizer", *, key: str = KEY, now: float = 1_000.0) -> SignedSessions:
    return SignedSessions(key, purpose, 600, lambda: now)


@given(TEXTS)
def test_a_session_is_read_until_its_end(text: str) -> None:
    session = sessions().create(text)
    assert sessions(now=1_599.0).read(session) == text
    assert sessions(now=1_600.0).read(session) is None


@given(TEXTS, st.data())
def test_of_a_session_not_one_letter_can_be_changed(text: str, data: st.DataObject) -> None:
    session = sessions().create(text)
    at = data.draw(st.integers(0, len(session) - 1))
    other = data.draw(st.characters().filter(lambda letter: letter != session[at]))
    assert sessions().read(session[:at] + other + session[at + 1 :]) is None


@given(TEXTS)
def test_a_session_is_good_for_its_purpose_and_under_its_key_only(text: str) -> None:
    session = sessions().create(text)
    assert sessions("setup").read(session) is None
    assert sessions(key="another" * 8).read(session) is None


@example("\udcff.1.")
@example("no text: \udcff.999.seal")
@given(st.text(max_size=80))
def test_no_text_is_a_session(text: str) -> None:
    assert sessions().read(text) is None
