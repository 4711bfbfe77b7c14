"""Chance in the tests: the same every time in the ordinary run, fresh and more of it in the long one.

    python -m pytest --hypothesis-profile long

is the long run. What it finds is printed with what brings it back, and becomes an `@example`.
"""

from __future__ import annotations

import random
import sys
from typing import Final

from hypothesis import HealthCheck, core, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from hypothesis.vendor.pretty import RepresentationPrinter
from schemathesis.generation.hypothesis import setup

ORDINARY: Final = "ordinary"
LONG: Final = "long"

_MORE: Final = 20
"""How many times as many examples the long run takes."""


def register() -> None:
    """Set up both runs, and begin with the ordinary one."""
    # How long a test may take is for the timeout of pytest to say: a busy machine is slow now and then.
    common = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile(ORDINARY, common, derandomize=True)
    settings.register_profile(LONG, common, max_examples=common.max_examples * _MORE, print_blob=True)
    settings.load_profile(ORDINARY)
    # Schemathesis, which pytest loads, changes how large an example may be, and has none of them shown that fails.
    setup()
    core.RepresentationPrinter = RepresentationPrinter  # type: ignore[attr-defined]
    # Hypothesis also tries what stands as a constant in whichever modules happen to be loaded: with one file asked
    # for or all of them, and by which test came first.
    providers._get_local_constants = _local_constants


def is_long() -> bool:
    """Tell whether this is the long run."""
    return settings.get_current_profile_name() == LONG


def examples(number: int) -> int:
    """Give how many examples a property takes that has `number` of them in the ordinary run."""
    return number * _MORE if is_long() else number


def dice(seed: int) -> random.Random:
    """Give a source of chance; the seed counts in the ordinary run, and the long one prints its own."""
    if is_long():
        seed = random.SystemRandom().getrandbits(32)
        sys.stdout.write(f"seed {seed}\n")
    return random.Random(seed)  # noqa: S311 - no secrets


def noise(length: int) -> bytes:
    """Give bytes without any order, the same every time."""
    return random.Random(length).randbytes(length)  # noqa: S311 - no secrets


_loaded_constants = providers._get_local_constants


def _local_constants() -> Constants:
    return _loaded_constants() if is_long() else _NO_CONSTANTS


_NO_CONSTANTS: Final = Constants()
