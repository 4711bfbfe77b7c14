"""The digest of a tally: the same for the same signatures, in whatever order they came."""

from __future__ import annotations

import hashlib
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.petition.tally import DigestSum, digest

IDS = st.integers(1, 2**63 - 1)
PAIRS = st.tuples(IDS, IDS)
TALLIES = st.lists(PAIRS, max_size=8, unique=True)


def test_it_is_made_as_promised() -> None:
    numbers = [int.from_bytes(hashlib.shake_256(text).digest(512), "little") for text in (b"2:5000000001", b"10:7")]
    total = (sum(numbers) % 2**4096).to_bytes(512, "little")
    assert digest([(10, 7), (2, 5_000_000_001)]) == f"adhash4096:{hashlib.sha256(total).hexdigest()}"


def test_nobody_is_a_tally_too() -> None:
    assert digest([]) == f"adhash4096:{hashlib.sha256(bytes(512)).hexdigest()}"
    assert DigestSum.from_bytes(b"") == DigestSum()


def test_it_stays_what_it_is() -> None:
    # Blocks that are written already say it.
    known = "adhash4096:daec5562ffad184c11b20f343e0d7b0e4acdc865799270a028cbceed53df6a6e"
    assert digest([(1, 5_000_000_001), (2, 5_000_000_002), (3, 5_000_000_003)]) == known


@given(TALLIES, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(pairs: list[tuple[int, int]], random: Random) -> None:
    before = digest(pairs)
    random.shuffle(pairs)
    assert digest(pairs) == before


@given(TALLIES, TALLIES)
def test_counting_out_undoes_counting_in(there: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    total = DigestSum.of(there)
    assert total.plus(others).minus(others) == total
    assert total.minus(others).plus(others) == total


@given(TALLIES, TALLIES)
def test_other_signatures_have_another_digest(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    assert (digest(some) == digest(others)) == (set(some) == set(others))


@given(TALLIES)
def test_it_can_be_kept(pairs: list[tuple[int, int]]) -> None:
    total = DigestSum.of(pairs)
    assert DigestSum.from_bytes(total.to_bytes()) == total
    assert len(total.to_bytes()) == 512
