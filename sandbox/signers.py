"""Who signs in a demo, and when: invented people from all over the world, and the times of real signatures."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

_GIVEN = (
    "Amara", "Björn", "Chidi", "Dilnoza", "Eleni", "Farid", "Gülşen", "Hina", "Inés", "Jarek", "Kaveh", "Léonie",
    "Minh", "Noor", "Oksana", "Priya", "Quentin", "Rosa", "Siobhán", "Tariq", "Uxía", "Viktória", "Wanjiru",
    "Xóchitl", "Yael", "Zoltán", "अनन्या", "李娜", "مريم", "Павел",
)  # fmt: skip
_FAMILY = (
    "Abara", "Brännström", "Castellanos", "Dąbrowska", "Eriksen", "Fontaine", "Gebre", "Hakimi", "Ito", "Jovanović",
    "Kowalczyk", "Lindqvist", "Moreau", "Nakagawa", "Okonkwo", "Papadaki", "Quispe", "Rahmani", "Sørensen", "Tamm",
    "Urrutia", "Vasquez", "Wójcik", "Yılmaz", "Zielińska",
)  # fmt: skip
_PLACES = (
    None, None, None, "Tidewater Robotics", "Open Maps Cooperative", "University of Nordhafen", "Lumen & Daughters",
    "Blue Heron Labs", "independent", "Harbour City Library", "Institute for Slow Computing", "Papaya | Systems",
)  # fmt: skip
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "juniper", "kelp", "lark")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs, and the comment they write."""

    login: str
    comment: str


def people(count: int, seed: int = 0) -> Iterator[Person]:
    """Invent this many people; the same seed invents the same ones."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    for number in range(count):
        login = f"{chance.choice(_WORDS)}-{chance.choice(_WORDS)}-{number + 1}"
        yield Person(login, _comment(chance))


def _comment(chance: random.Random) -> str:
    """Write what people write: most only the command, many their name, some where they work."""
    kind = chance.random()
    if kind < 0.4:
        return "/sign"
    name = f"{chance.choice(_GIVEN)} {chance.choice(_FAMILY)}"
    place = chance.choice(_PLACES)
    return f"/sign {name}, {place}" if place else f"/sign {name}"


LETTERS: Final = {"2018": datetime(2018, 6, 20, 12, tzinfo=UTC)}
"""The letters that can be replayed, and about when each began."""


@dataclass(slots=True)
class Calendar:
    """The time in a replay: real seconds, and what was replayed of the letter's."""

    ahead: float

    @classmethod
    def opened_at(cls, moment: float) -> Calendar:
        """Begin at a moment, in UTC epoch seconds."""
        return cls(moment - time.time())

    def __call__(self) -> float:
        """Return the time, in UTC epoch seconds."""
        return time.time() + self.ahead

    def turn_to(self, moment: float) -> None:
        """Move the clock to a moment; it never goes back."""
        self.ahead = max(self.ahead, moment - time.time())


def arrivals(letter: str) -> tuple[float, ...]:
    """Return the times, in UTC epoch seconds, ascending."""
    began = LETTERS[letter].timestamp()
    text = files("sandbox").joinpath("arrivals", f"{letter}.txt").read_text(encoding="ascii")
    return tuple(began + int(seconds) for seconds in text.split())
