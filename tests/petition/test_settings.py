"""The settings file: what it may say, and that each mistake is named with what would be right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import OrganizerCommand
from bot.petition.i18n import LANGUAGES, Message
from bot.petition.machine_readable_lines import Counter
from bot.petition.organizer_commands import NotUnderstood, SetGoal, understand
from bot.petition.settings import DEFAULTS, KEYS, PATH, Detail, Settings, read_goals
from bot.petition.settings_file import (
    SIZE_LIMIT,
    Mistake,
    explain_hiding,
    explain_misplaced,
    is_hiding,
    is_misplaced,
    is_unapplied,
    read,
    restrict,
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def check(text: str, **expected: object) -> None:
    assert read(text) == replace(DEFAULTS, **expected)


def mistakes(text: str) -> list[str]:
    found = read(text)
    assert isinstance(found, tuple), found
    return [str(mistake) for mistake in found]


# --- stories ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n", "goal:\ndeadline:\n"])
def test_a_file_that_says_nothing_changes_nothing(text: str) -> None:
    check(text)


def test_everything_can_be_set() -> None:
    text = """
        goal: [100, 500, 1000]
        deadline: 2026-12-31
        also_accept: [signed, "+1", Я подписываюсь]
        show: [name, affiliation]
        names: 5
        milestones: false
        comments_per_thread: 500
        minimum_account_age: 30
        roster: private
        language: de
        chart: true
        anonymise_after: 365
        counter: workflow
        site: https://ada.github.io/letters/
    """
    assert read(text) == Settings(
        goals=(100, 500, 1000),
        deadline=at("2026-12-31T23:59:59"),
        also_accept=("signed", "+1", "я подписываюсь"),
        show=frozenset({Detail.LOGIN, Detail.NAME, Detail.AFFILIATION}),
        names=5,
        milestones=False,
        comments_per_thread=500,
        minimum_account_age=30,
        public_roster=False,
        language="de",
        chart=True,
        anonymise_after=365,
        counter=Counter.WORKFLOW,
        site="https://ada.github.io/letters",
    )


def test_one_goal_is_a_ladder_of_one() -> None:
    check("goal: 500", goals=(500,))


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-12-31", at("2026-12-31T23:59:59")),
        ("2026-12-31T18:00Z", at("2026-12-31T18:00")),
        ("2026-12-31T18:00:30+01:00", at("2026-12-31T17:00:30")),
        ("2026-12-31 18:00 -05:00", at("2026-12-31T23:00")),
        ("'2026-12-31'", at("2026-12-31T23:59:59")),
        ("1970-01-01", at("1970-01-01T23:59:59")),
        ("9999-12-31", at("9999-12-31T23:59:59")),
    ],
)
def test_a_deadline_is_a_day_in_utc_or_a_time_with_its_zone(written: str, moment: int) -> None:
    check(f"deadline: {written}", deadline=moment)


@pytest.mark.parametrize(
    "written",
    [
        "2026-12-31T18:00",
        "31.12.2026",
        "tomorrow",
        "2026-02-30",
        "0000-01-01",
        "20261231",
        "2026-12-31T25:00Z",
        "9999-12-31T23:59-00:01",
        "0001-01-01T00:00+00:01",
        "1969-12-31",
        "[]",
    ],
)
def test_a_deadline_that_could_mean_several_moments_or_none_is_a_mistake(written: str) -> None:
    (mistake,) = mistakes(f"deadline: {written}")
    assert mistake.startswith(f"line 1, deadline: found “{written}”; write a date such as 2026-12-31")


@pytest.mark.parametrize("phrase", ["+1", "no", "1e3", "0x10", "~1", "2026-12-31", "yes", "支持"])
def test_a_phrase_needs_no_quotes_to_stay_a_text(phrase: str) -> None:
    check(f"also_accept: [{phrase}]", also_accept=(phrase,))


def test_count_only_names_nobody() -> None:
    check("show: count", show=frozenset())


def test_login_only_shows_no_names() -> None:
    check("show: login", show=frozenset({Detail.LOGIN}))
    check("show: []", show=frozenset({Detail.LOGIN}))


@pytest.mark.parametrize(
    ("key", "least", "most"),
    [
        ("names", 0, 100),
        ("comments_per_thread", 50, 2400),
        ("minimum_account_age", 0, 3650),
        ("anonymise_after", 0, 36500),
    ],
)
def test_a_number_may_be_what_its_words_say_and_no_more(key: str, least: int, most: int) -> None:
    assert f"from {least} to {most}" in KEYS[key].allowed
    for number in (least - 1, least, most, most + 1):
        is_sound = isinstance(read(f"{key}: {number}"), Settings)
        assert is_sound == (least <= number <= most), number


@pytest.mark.parametrize(
    ("written", "logins"),
    [
        ("[ada, Grace]", ("ada", "grace")),
        ('["@ada", -nsmith, nsmith-, a--b, 007]', ("ada", "-nsmith", "nsmith-", "a--b", "007")),
        ("[ada, Ada, '@ADA']", ("ada",)),
        ("\n  - ada\n  - grace", ("ada", "grace")),
        ("[]", ()),
        (f"[{', '.join(f'a{number}' for number in range(20))}]", tuple(f"a{number}" for number in range(20))),
    ],
)
def test_first_signatories_are_logins_also_old_ones(written: str, logins: tuple[str, ...]) -> None:
    check(f"first: {written}", first=logins)


@pytest.mark.parametrize(
    "written",
    [
        "ada",
        "[ada lovelace]",
        "[---]",
        "['']",
        "[ada, [grace]]",
        "[аda]",
        f"[{'a' * 41}]",
        "['https://github.com/ada']",
        f"[{', '.join(f'a{number}' for number in range(21))}]",
    ],
)
def test_what_is_no_list_of_logins_is_a_mistake(written: str) -> None:
    (mistake,) = mistakes(f"first: {written}")
    assert mistake.endswith("; write a list of up to 20 logins, such as [ada, grace]")


def test_a_name_is_shown_beside_the_login() -> None:
    check("show: name", show=frozenset({Detail.LOGIN, Detail.NAME}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gaol: 500", "line 1: found the key “gaol”; did you mean goal?"),
        ("also-accept: [x]", "line 1: found the key “also-accept”; did you mean also_accept?"),
        ("paint: red", f"line 1: found the key “paint”; the keys are {', '.join(KEYS)}"),
        ("goal: many", f"line 1, goal: found “many”; {KEYS['goal'].allowed}"),
        ("goal: 0", f"line 1, goal: found “0”; {KEYS['goal'].allowed}"),
        ("goal: [500, 100]", f"line 1, goal: found “[500, 100]”; {KEYS['goal'].allowed}"),
        ("goal: {first: 5}", f"line 1, goal: found a mapping of keys and values; {KEYS['goal'].allowed}"),
        ("goal: [5, [6]]", f"line 1, goal: found “[5, …]”; {KEYS['goal'].allowed}"),
        (
            "a: b: c",
            (
                "line 1: found something that is not YAML (mapping values are not allowed in this context); write"
                " one “key: value” on each line"
            ),
        ),
        ("goal: 5\ngoal: 6", "line 2, goal: found the same key a second time; write it once"),
        ("show: everything", f"line 1, show: found “everything”; {KEYS['show'].allowed}"),
        ("show: [name, count]", f"line 1, show: found “[name, count]”; {KEYS['show'].allowed}"),
        ("milestones: maybe", f"line 1, milestones: found “maybe”; {KEYS['milestones'].allowed}"),
        ("names: 101", f"line 1, names: found “101”; {KEYS['names'].allowed}"),
        ("language: tlh", f"line 1, language: found “tlh”; write one of {', '.join(LANGUAGES)}"),
        ("also_accept: ['  ']", f"line 1, also_accept: found “[ ]”; {KEYS['also_accept'].allowed}"),
        ("also_accept: signed", f"line 1, also_accept: found “signed”; {KEYS['also_accept'].allowed}"),
        ("gaol:", "line 1: found the key “gaol”; did you mean goal?"),
        ("- goal", "line 1: found “[goal]”; write one “key: value” on each line"),
        ("[a]: 5", f"line 1: found the key “[a]”; the keys are {', '.join(KEYS)}"),
    ],
)
def test_a_mistake_says_where_it_is_and_what_would_be_right(text: str, said: str) -> None:
    assert mistakes(text) == [said]


def test_all_mistakes_are_told_at_once() -> None:
    assert [m.split(":")[0] for m in mistakes("goal: x\nnames: 5\nchart: perhaps\n")] == [
        "line 1, goal",
        "line 3, chart",
    ]


@pytest.mark.parametrize("text", ["goal: [1", "\tgoal: 1", "goal: 1: 2", "&a *a", "goal: \x01", "%YAML 9\n---\n"])
def test_what_is_not_yaml_is_said_to_be_none(text: str) -> None:
    (mistake,) = mistakes(text)
    assert "not YAML" in mistake
    assert mistake.endswith("write one “key: value” on each line")


def test_a_found_text_cannot_break_out_of_the_message() -> None:
    (mistake,) = read("goal: '``` \n @ada'")  # type: ignore[misc]  # it holds mistakes
    assert mistake == Mistake("goal", 1, Message("“{value}”", "``` @ada"), Message(KEYS["goal"].allowed))


# --- laws -------------------------------------------------------------------------------------------------------


@given(st.one_of(st.text(), st.from_regex(r"(goal|show|names|also_accept): [\[\]{},:&*! 0-9a-z]{,30}")))
def test_no_text_does_more_harm_than_a_mistake(text: str) -> None:
    found = read(text)
    assert isinstance(found, Settings) or found


def test_a_bomb_of_aliases_goes_off_in_nobodys_face() -> None:
    """Unfolded, it would run into the timeout of every test, or out of memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert len(mistakes("\n".join(lines))) == 30
    assert len(mistakes("x" * (SIZE_LIMIT + 1))) == 1
    assert len(mistakes("[" * SIZE_LIMIT)) == 1


@pytest.mark.parametrize(
    ("typed", "goal"), [("500", 500), ("1,000", 1000), ("1.000.000", 1_000_000), ("2 500", 2500)]
)
def test_a_goal_may_be_written_with_separators(typed: str, goal: int) -> None:
    assert read_goals(typed) == (goal,)


THOUSANDS = [
    *[
        ("1.000", 1_000),
        ("10.000", 10_000),
        ("100.000", 100_000),
        ("1,000", 1_000),
        ("1 000", 1_000),
        ("1'000", 1_000),
    ],
    *[("1’000", 1_000), ("1\u00a0000", 1_000), ("1\u202f000", 1_000), ("1.000.000", 1_000_000)],
    *[("100,500", 100_500), ("[1.000, 5.000]", (1_000, 5_000)), ("[1,000, 5,000]", (1_000, 5_000))],
    *[("[500, 1'000]", (500, 1_000)), ("[100,500]", (100, 500)), ("[100,500,1000]", (100, 500, 1_000))],
    *[
        ("[1,000]", 1_000),
        ("100, 500, 1,000", (100, 500, 1_000)),
        ("100; 500", (100, 500)),
        ("none", ()),
        ("[]", ()),
    ],
]
NO_GOALS = [
    *["1.00", "1.0000", "1.5", "10.0", "0.500", "1,00", "1.000,00", "1,000.000", "1 00", "1..000", ".500", "500,"],
    *["1'00", "1.000.00", "1e3", "1k", "[1.00, 5]", "[5.000, 1.000]", "100,500,1000", "1. 000", "٥٠٠", "0"],
]


@pytest.mark.parametrize(("typed", "goals"), THOUSANDS)
def test_file_and_command_read_the_same_goal(typed: str, goals: int | tuple[int, ...]) -> None:
    ladder = goals if isinstance(goals, tuple) else (goals,)
    check(f"goal: {typed}", goals=ladder)
    command = parse(f"/petition goal {typed}")
    assert isinstance(command, OrganizerCommand)
    assert understand(command) == SetGoal(ladder)


@pytest.mark.parametrize("typed", NO_GOALS)
def test_file_and_command_name_the_same_mistake(typed: str) -> None:
    assert len(mistakes(f"goal: {typed}")) == 1
    command = parse(f"/petition goal {typed}")
    assert isinstance(command, OrganizerCommand)
    with pytest.raises(NotUnderstood):
        understand(command)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("goal: ['1.000', 5.000]", {"goals": (1_000, 5_000)}),
        ('goal: ["1,000","5,000"]', {"goals": (1_000, 5_000)}),
        ("goal:\n  - 500\n  - 1.000\n  - 1,000,000", {"goals": (500, 1_000, 1_000_000)}),
        ("anonymise_after: 1.000", {"anonymise_after": 1_000}),
        ("anonymise_after: null", {"anonymise_after": None}),
        ("minimum_account_age: 1 000", {"minimum_account_age": 1_000}),
        ("comments_per_thread: 2,200", {"comments_per_thread": 2_200}),
    ],
)
def test_thousands_may_stand_apart_in_every_number_of_the_file(text: str, expected: dict[str, object]) -> None:
    check(text, **expected)


@pytest.mark.parametrize("text", ["anonymise_after: 1.0", "names: 2.0", "minimum_account_age: 10.00", "names: 1e1"])
def test_no_number_of_the_file_is_guessed(text: str) -> None:
    assert len(mistakes(text)) == 1


@pytest.mark.parametrize("typed", ["", "0", "-5", "1,00", "1,000.000", "٥٠٠", "9999999999", "many", "1e3"])
def test_what_is_no_goal_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="no "):
        read_goals(typed)


def test_a_language_with_a_line_end_is_none() -> None:
    (mistake,) = mistakes('language: "en\\n"')
    assert mistake == f"line 1, language: found “en”; write one of {', '.join(LANGUAGES)}"


NEARLY = [
    *[".github/petition.yaml", "petition.yml", "petition.yaml", ".github/petitions.yml", "Petition.yml"],
    *[".github/PETITION.YML", ".github/petition", ".github/petition.json", ".github/petition.yml.txt"],
]
OTHERS = [
    *[
        PATH,
        ".github/ISSUE_TEMPLATE/petition.yml",
        ".github/workflows/petition.yml",
        "src/petition.yml",
        "petition",
    ],
    *[
        "petition.json",
        "petition.md",
        "my-petition.yml",
        ".github/petition.md",
        "petition.yml.erb",
        "petition.yml\n",
    ],
]


@pytest.mark.parametrize(
    ("path", "is_meant"), [*((one, True) for one in NEARLY), *((one, False) for one in OTHERS)]
)
def test_a_file_that_was_meant_to_be_the_settings_is_known_by_its_name(path: str, is_meant: bool) -> None:
    assert is_misplaced(path) is is_meant


def test_what_organizers_are_told_of_it_is_translated() -> None:
    assert explain_misplaced("petition.yml", "en") == "petition.yml is not read; move it to .github/petition.yml"
    assert "wird nicht gelesen" in explain_misplaced("petition.yml", "de")


@pytest.mark.parametrize(
    "written",
    [
        "http://ada.github.io",
        "ada.github.io/letters",
        "https://ada.github.io/letters?a=b",
        "https://ada.github.io/letters#a",
        "https://ada@github.io/letters",
        "https://ada.github.io/a)b",
        "https://ada.github.io/a b",
        "https://",
        "javascript:alert(1)",
        "true",
    ],
)
def test_a_site_has_a_plain_https_address(written: str) -> None:
    (mistake,) = mistakes(f'site: "{written}"')
    assert "write the https address of the published pages" in mistake


HIDDEN = replace(DEFAULTS, public_roster=False, show=frozenset())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What may be meant to hide people hides them.
        ("goal: [", HIDDEN),
        ("- roster: private", HIDDEN),
        ("#" * (SIZE_LIMIT + 1), HIDDEN),
        ("[" * 300, HIDDEN),
        ("roster: off", HIDDEN),
        ("roster: privat\nshow: [name]", HIDDEN),
        ("rooster: private", HIDDEN),
        ("roster: public\nroster: private", HIDDEN),
        ("visibility: private", HIDDEN),
        ("show: nobody\nroster: public", HIDDEN),
        ("shows: count\nroster: public", HIDDEN),
        # So does a key that resembles another one by chance.
        ("show_names: false", HIDDEN),
        ("show_names: false\nroster: public", HIDDEN),
        ("anonymise: true", HIDDEN),
        ("list: private", HIDDEN),
        ("listed: false", HIDDEN),
        ("count: only", HIDDEN),
        # A mistake in another key leaves the lines about people as they are.
        ("goal: many", DEFAULTS),
        ("gaol: 5", DEFAULTS),
        ("goal: many\nroster: public", DEFAULTS),
        ("visibility: private\nroster: public", DEFAULTS),
        ("goal: many\nroster: private", replace(DEFAULTS, public_roster=False)),
        ("visibility: all\nroster: private", replace(DEFAULTS, public_roster=False)),
        ("goal: many\nshow: count", replace(DEFAULTS, show=frozenset())),
        ("goal: many\nshow: login", replace(DEFAULTS, show=frozenset({Detail.LOGIN}))),
        ("goal: many\nshow: [reason]", replace(DEFAULTS, show=frozenset({Detail.LOGIN, Detail.REASON}))),
        ("goal: many\nnames: 3", replace(DEFAULTS, names=3)),
        ("names: none", replace(DEFAULTS, names=0)),
        # Nothing else in it is applied.
        ("goal: 5\nchart: true\ndeadline: soon", DEFAULTS),
    ],
)
def test_a_first_file_with_mistakes_shows_nobody_whom_it_may_hide(text: str, expected: Settings) -> None:
    assert isinstance(read(text), tuple)
    stored = restrict(text)
    assert read(stored) == expected
    assert (is_unapplied(stored), is_hiding(stored)) == (True, expected is HIDDEN)


def test_what_a_file_applied_is_no_restriction() -> None:
    assert (is_unapplied(""), is_hiding("")) == (True, False)
    for text in ("goal: 5", "roster: private\nshow: count\n", "# a comment"):
        assert (is_unapplied(text), is_hiding(text)) == (False, False)


def test_organizers_are_told_in_their_language_that_people_are_hidden() -> None:
    assert "only the count is shown" in explain_hiding("en")
    assert "nur die Zahl" in explain_hiding("de")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("#" * (SIZE_LIMIT + 1), "en", f"{SIZE_LIMIT + 1:,}"),
        ("#" * (SIZE_LIMIT + 1), "de", f"{SIZE_LIMIT + 1:,}".replace(",", ".")),
        ("goal: many", "es", "«many»"),
        ("gaol: 5", "de", "„gaol“"),
    ],
)
def test_numbers_and_quotes_are_those_of_the_language(text: str, language: str, expected: str) -> None:
    found = read(text)
    assert isinstance(found, tuple)
    assert expected in found[0].in_language(language)


def test_a_setting_that_is_indented_below_another_hides_people_until_it_is_corrected() -> None:
    text = "goal: 5\ntranslations:\n  de: letters/letter.de.md\n  roster: private\n"
    assert mistakes(text) == ["line 4, roster: found “translations: roster”; write one “key: value” on each line"]
    assert read(restrict(text)) == HIDDEN
    assert read(restrict("translations:\n  Show: count\n")) == HIDDEN
