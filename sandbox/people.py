"""Invented people who sign petitions: logins, names and affiliations from all over the world."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

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
