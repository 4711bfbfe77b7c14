"""Names are sorted as people expect, and found as people type them."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyuca.collator import Collator_10_0_0

from bot.store.sort_and_search_keys import KEY_LENGTH, roster_keys, sort_key, spellings

COLLATOR = Collator_10_0_0()

FOUND = {
    # accents
    "Étienne Brulé": "Etienne, étienne, ÉTIENNE, brule, E\u0301tienne",
    "Gonçalo Ibáñez": "goncalo, ibanez, IBÁÑEZ",
    "Nguyễn Thị Hương": "nguyen thi huong, Nguyễn",
    "Škoda Žižka": "skoda, zizka",
    "Ştefan Ţepeş": "stefan tepes, ștefan țepeș",
    # letters that are no letter with an accent
    "Łukasz Wałęsa": "Lukasz, walesa, łukasz",
    "Jørgen Bjørnson": "Jorgen, Joergen, bjoernson, bjornson",
    "Đorđe Đurić": "dorde, Djordje, djuric, đuric",
    "Þórður Guðmundsson": "thordur, gudmundsson, Gudhmundsson",
    "Ħamrun Ġorġ": "hamrun gorg",
    "Ɓala Ƙofa": "bala kofa",
    "Əliyev": "eliyev, Aliyev",
    "Gal·la": "galla, gal·la",
    "ジョン・スミス": "ジョン スミス, じょん",
    "Æsa Œuvre": "aesa, oeuvre",
    "Ŋaaba": "naaba",
    # case
    "Straße Große": "strasse, STRASSE, straße, grosse, STRAẞE",
    "İsmail Işık": "ismail, isik, ISIK, ışık, İSMAİL",
    "Σίσυφος": "σισυφος, ΣΊΣΥΦΟΣ, sisyfos",
    # digraphs
    "Müller": "muller, mueller, MÜLLER, Mu\u0308ller, ller",
    "Mueller": "müller, mueller",
    "Åse Ångström": "ase, aase, angstrom, aangstroem, Angstroem, Aangstrom",
    "Haakon": "håkon",
    # width, and other forms of the same letters
    "Ａｄａ Ｌｏｖｅｌａｃｅ": "ada lovelace, ＡＤＡ",
    "Ada Lovelace": "ａｄａ, 𝔸𝕕𝕒, Ada\u00a0Lovelace, ada  lovelace",
    "ﾊﾅｺ": "ハナコ, はなこ",
    "がく": "ガク",
    "ﬁnn": "finn",
    # other scripts
    "Ёлкин": "елкин, ЁЛКИН, Elkin, yolkin",
    "Фёдор Достоевский": "Fedor, Fyodor, dostoevsky, dostoevskiy, Dostoevskii",
    "Григорій Київ": "Hryhorii, kyiv",
    "Παπαδόπουλος": "papadopoulos, παπαδοπουλος",
    "Κυριάκος": "kyriakos",
    "Сергей Жуков": "сергеи, Sergey Zhukov, sergei",
    "Ivan Petrov": "Иван Петров",
    "Қасым": "касым, kasym",
    "Ωνάσης": "ωνασης, onasis",
    "مُحَمَّد": "محمد",
    "علی": "علي",
    "שָׁלוֹם": "שלום",
    "李云": "李, 云",
    "김철수": "김철, 철수",
    # what is typed differently or not at all
    "Conan O’Brien": "o'brien, obrien, O´Brien, O`Brien, OʼBrien",
    "Jean-Luc Picard": "jean luc, jean‐luc, Jean–Luc",
    "Ada\u200bLove\u00adlace": "adalovelace",
    "❤️ Zoë": "❤, zoe, ❤ zoe",
}

NOT_FOUND = {
    "か": "が",
    "John Smith": "joe, joan, jon",
    "Ada": "ae, aa, adam",
    "Müller": "moller, muler",
    "Ivan": "eva",
    "O’Brien": "o brien",
}


def finds(typed: str, name: str) -> bool:
    _, kept, _ = roster_keys("login", name, None)
    assert kept is not None
    return any(one in kept for one in spellings(typed))


@pytest.mark.parametrize(
    ("name", "typed"), [(name, one) for name, all_ in FOUND.items() for one in all_.split(", ")]
)
def test_a_name_is_found_as_people_type_it(name: str, typed: str) -> None:
    assert finds(typed, name), (spellings(typed), spellings(name))


@pytest.mark.parametrize(
    ("name", "typed"), [(name, one) for name, all_ in NOT_FOUND.items() for one in all_.split(", ")]
)
def test_another_name_is_not(name: str, typed: str) -> None:
    assert not finds(typed, name), (spellings(typed), spellings(name))


WRITTEN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


def is_name(text: str) -> bool:
    """Return whether it has a letter, and no accent that stands alone, which two forms make a blank of."""
    return not {"´", "\u1ffd"} & {*text} and any(unicodedata.category(one) in ("Lu", "Ll", "Lo") for one in text)


@given(WRITTEN.filter(is_name), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_a_name_is_found_in_any_normal_form(name: str, form: str) -> None:
    assert finds(unicodedata.normalize(form, name), name)  # type: ignore[arg-type]
    assert finds(name.upper(), name.upper().lower())


ALIKE = st.lists(st.sampled_from(["aa", "xx", "  ", "ll", "··", "aA", "Ee", "eé", "łl"]), min_size=1, max_size=6)
"""Letters of two names that differ by little."""


@given(ALIKE.map(lambda pairs: ("".join(pair[0] for pair in pairs), "".join(pair[1] for pair in pairs))))
def test_keys_of_names_that_differ_by_little_compare_as_the_algorithm_does(names: tuple[str, str]) -> None:
    assert_compared_right(*names)


@given(WRITTEN, WRITTEN)
def test_keys_compare_as_the_algorithm_does(one: str, other: str) -> None:
    assert_compared_right(one, other)


def assert_compared_right(one: str, other: str) -> None:
    keys, right = (sort_key(one), sort_key(other)), (COLLATOR.sort_key(one), COLLATOR.sort_key(other))
    if max(map(len, keys)) < KEY_LENGTH:
        assert (keys[0] < keys[1]) == (right[0] < right[1])
        assert (keys[0] == keys[1]) == (right[0] == right[1])


@pytest.mark.parametrize(
    "names",
    [
        "Ada, Émile, emilia, Étienne, Eva, Zoë",
        "resume, Resume, résumé, Résumé, resumes",
        "Lukas, Łukasz, Luke",
        "Öberg, Ødegård, Oden, Olsen",
        "Strasse, Straße, Strasser",
        "123, Ada, Ωνάσης, Елкин, Ёлкин, Жуков, 김, 李",
        "Galla, Gal·la, Gallb",
        "Li Ka, Lia, van Damme, Van Rossum",
    ],
)
def test_names_are_sorted_as_people_expect(names: str) -> None:
    expected = names.split(", ")
    assert [one for _, one in sorted((sort_key(one), one) for one in expected)] == expected


@pytest.mark.parametrize(
    "name", ["李云" * 40, "ﷺ" * 80, "e" + "\u0301\u0323" * 39, "\U0001f469\u200d" * 40, "Ǆ" * 80]
)
def test_no_name_takes_long_or_makes_a_long_key(name: str) -> None:
    sort_key("李")
    begin = time.process_time()
    key, kept, _ = roster_keys("ada", name, None)
    assert time.process_time() - begin < 0.25
    assert len(key) <= KEY_LENGTH
    assert kept is not None
    assert len(kept) < 12_000


def test_who_gives_no_name_is_sorted_by_the_login() -> None:
    assert roster_keys("ada", None, None) == (sort_key("ada"), None, None)
    assert roster_keys("ada", "Zoë", "Café") == (sort_key("Zoë"), "zoe", "cafe")
