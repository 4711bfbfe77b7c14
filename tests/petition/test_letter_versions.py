from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.letter_versions import Change, Letter, Passage, differences, given_to, other_texts, versions

A, B, C = (Letter(name, at, 0) for name, at in (("a", 100), ("b", 200), ("c", 300)))
BACK = Letter("a", 400, 7)

same, removed, added = (partial(Passage, kind) for kind in (Change.SAME, Change.REMOVED, Change.ADDED))


class TestVersions:
    def test_the_same_text_seen_again_is_no_new_version(self) -> None:
        assert versions([A, Letter("a", 150, 3), B, Letter("b", 250, 9)]) == (A, B)

    def test_an_earlier_text_that_comes_back_is_a_new_version(self) -> None:
        assert versions([A, B, BACK]) == (A, B, BACK)

    def test_a_signature_was_given_to_what_stood_before_its_second(self) -> None:
        at = [99, 100, 101, 200, 201, 300, 301, 9_999]
        assert [given_to((A, B, C), moment) for moment in at] == [0, 0, 0, 0, 1, 1, 2, 2]

    def test_what_was_signed_under_another_text_is_told_by_the_times(self) -> None:
        assert list(other_texts((A,))) == []
        assert list(other_texts((A, B, C))) == [(-1, 200), (200, 300)]

    def test_a_text_that_came_back_is_not_another_one(self) -> None:
        assert list(other_texts((A, B, BACK))) == [(200, 400)]


class TestDifferences:
    def check(self, before: str, after: str, *expected: Passage) -> None:
        assert differences(before, after) == expected

    def test_the_same_words_in_other_line_ends_are_the_same(self) -> None:
        self.check("Dear all,\r\n\r\nplease. ", "Dear all,\n\nplease.\n", same("Dear all,\n\nplease.\n"))

    def test_a_changed_word_is_shown_in_its_line(self) -> None:
        self.check(
            "Dear all,\nopen the archive.",
            "Dear all,\nclose the archive.",
            same("Dear all,\n"),
            removed("open"),
            added("close"),
            same(" the archive.\n"),
        )

    def test_a_new_line_is_added_as_a_whole(self) -> None:
        self.check("Dear all,", "Dear all,\nplease.", same("Dear all,\n"), added("please.\n"))

    def test_a_letter_that_was_emptied_is_removed(self) -> None:
        self.check("Dear all,", "", removed("Dear all,\n"))
        self.check("", "")

    def test_what_changed_altogether_is_not_compared_word_by_word(self) -> None:
        before, after = "a b " * 3_000, "b c " * 3_000
        self.check(before, after, removed(before.rstrip() + "\n"), added(after.rstrip() + "\n"))

    def test_what_has_too_many_lines_is_not_compared_unless_it_is_the_same(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.petition.letter_versions._MOST_LINES", 4)
        before, after = "Dear all,\nopen it.", "Dear all,\nclose it."
        self.check(before, after, same("Dear all,\n"), removed("open"), added("close"), same(" it.\n"))
        before, after = f"{before}\nPlease.", f"{after}\nPlease."
        self.check(before, after, removed(f"{before}\n"), added(f"{after}\n"))
        self.check(before, before, same(f"{before}\n"))

    def test_a_part_of_too_many_words_is_not_compared_word_by_word(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bot.petition.letter_versions._MOST_WORDS", 8)
        self.check("open it", "shut it", removed("open"), added("shut"), same(" it\n"))
        monkeypatch.setattr("bot.petition.letter_versions._MOST_WORDS", 7)
        self.check("open it", "shut it", removed("open it\n"), added("shut it\n"))

    def test_spaces_before_a_line_are_part_of_it_and_those_behind_are_not(self) -> None:
        self.check("Dear all,\n    code \nend", "Dear all,\n    code\nend", same("Dear all,\n    code\nend\n"))
        self.check("a\n  b", "a\n b", same("a\n"), removed(" "), same(" b\n"))

    def test_the_longest_letters_are_compared_in_no_time(self) -> None:
        lines = "\n".join(f"line {number % 7} of many" for number in range(3_500))
        assert differences(lines, lines.replace("line 3", "row 3"))


TEXTS = st.lists(st.sampled_from(["open", "the", "archive", " ", "  ", "\n", "\n\n", "é😀"]), max_size=30).map(
    "".join
)


@given(TEXTS, TEXTS)
def test_the_pieces_put_together_are_the_two_texts(before: str, after: str) -> None:
    def words(kind: Change) -> list[str]:
        return "".join(one.text for one in differences(before, after) if one.change is not kind).split()

    assert words(Change.REMOVED) == after.split()
    assert words(Change.ADDED) == before.split()
