from __future__ import annotations

from bot.petition.abuse_signals import Account, Alike, Burst, assess
from bot.petition.tally import Signature

DAY, HOUR = 86_400, 3_600
NOON = 20_000 * DAY + 12 * HOUR


def signed(number: int, at: int, login: str | None = None) -> Signature:
    return Signature(number, login or f"person{chr(97 + number % 26)}{chr(97 + number // 26)}", 7_000 + number, at)


def test_young_and_empty_accounts_are_counted_at_the_time_of_signing() -> None:
    signatures = [signed(number, NOON) for number in range(5)]
    accounts = {
        0: Account(0, born=NOON - HOUR),
        1: Account(1, born=NOON - 2 * DAY, followers=3),
        2: Account(2, born=NOON - 29 * DAY, has_profile=True),
        3: Account(3, born=NOON - 900 * DAY, repositories=2),
    }
    found = assess(signatures, accounts)
    assert found.young == ((1, 1), (7, 2), (30, 3))
    assert (found.empty, found.unknown) == (1, 1)
    assert list(found.lines()) == [
        "5 signatures. This is not proof of abuse, and no signature was removed.",
        (
            "Age of the account when signing: 1 up to 1 day, 2 up to 7 days, 3 up to 30 days,"
            " of 4 whose age is known."
        ),
        "Accounts without followers, repositories, name and description: 1.",
        "GitHub shows nothing about 1 account.",
    ]


def test_an_hour_with_many_times_the_usual_is_a_burst() -> None:
    usual = [signed(number, NOON + number * HOUR) for number in range(10)]
    many = [signed(100 + number, NOON + 50 * HOUR + number) for number in range(30)]
    accounts = {one.user_id: Account(one.user_id, born=one.signed_at - DAY) for one in many[:12]}
    assert assess([*usual, *many], accounts).bursts == (Burst(NOON + 50 * HOUR, 30, 12),)
    assert "Many at once: 30 signatures in the hour from 2024-10-06 14:00 UTC, 12 of them" in "\n".join(
        assess([*usual, *many], accounts).lines()
    )


def test_a_steady_crowd_and_a_small_one_are_none() -> None:
    steady = [signed(number, NOON + number % 8 * HOUR) for number in range(400)]
    assert assess(steady, {}).bursts == ()
    assert assess([signed(number, NOON) for number in range(19)], {}).bursts == ()


def test_logins_that_differ_in_numbers_only_are_alike() -> None:
    logins = ["ada-1", "Ada2", "a.d_a-33", "grace1", "grace", "alan", "1", "2", "3"]
    found = assess([signed(number, NOON, login) for number, login in enumerate(logins)], {})
    assert found.alike == (Alike(3, ("Ada2", "a.d_a-33", "ada-1")),)


def test_of_many_alike_three_are_said_and_the_others_are_known() -> None:
    found = assess([signed(number, NOON, f"sock{number:03}") for number in range(300)], {})
    assert str(found.alike[0]) == "Similar logins: 300, such as sock000, sock001, sock002, …"
    assert len(found.alike[0].logins) == 300


def test_what_is_not_looked_at_yet_is_said_and_ages_that_are_known_count() -> None:
    signatures = [signed(number, NOON) for number in range(1_200)]
    accounts = {
        0: Account(0, born=NOON - HOUR),
        1: Account(1, born=NOON - HOUR, is_only_aged=True),
    }
    found = assess(signatures, accounts, waiting=set(range(1, 1_190)))
    assert (found.young[0], found.empty, found.waiting, found.unknown, found.aged) == ((1, 2), 1, 1_189, 10, 2)
    assert "Checked 11 of 1,200 accounts so far." in list(found.lines())


def test_where_nothing_is_remarkable_that_is_said() -> None:
    ordinary = {7: Account(7, born=NOON - 900 * DAY, followers=3)}
    assert list(assess([signed(7, NOON)], ordinary).lines())[-1] == "Nothing unusual."
    assert "remarkable" not in "".join(assess([signed(7, NOON)], {7: Account(7, born=NOON)}).lines())


def test_nobody_is_no_trouble() -> None:
    found = assess([], {})
    assert (found.signatures, found.bursts, found.alike) == (0, (), ())
    assert found.empty == 0
