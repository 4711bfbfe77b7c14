from __future__ import annotations

from msgspec.structs import replace

from bot.petition.letter_versions_and_translations import Letter, given_to, other_texts, versions

A, B, C = (Letter(name, at, 0) for name, at in (("a", 100), ("b", 200), ("c", 300)))
BACK = Letter("a", 400, 7)


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
        assert list(other_texts((A, B, C))) == [(-1, 300)]

    def test_a_text_that_came_back_is_not_another_one(self) -> None:
        assert list(other_texts((A, B, BACK))) == [(200, 400)]
        again = replace(BACK, seen_at=600)
        assert list(other_texts((A, B, C, BACK, replace(B, seen_at=500), again))) == [(200, 400), (500, 600)]
