"""What holds where a settings file has mistakes and none was applied before: nobody is shown by mistake."""

from __future__ import annotations

from typing import Final

from bot.petition.i18n import translator
from bot.petition.organizers.settings import Detail, Settings, read_values

_HEAD: Final = "# No settings file was applied yet. Only what follows is:\n"

_HIDDEN: Final = f"{_HEAD}roster: private\nshow: count\n"

_NEAR_PEOPLE: Final = frozenset({"anonymise_after", "counter", "first", "names", "site"})
"""Keys that an unknown key about who is shown may resemble by chance: `anonymise`, `count`, `list`, `listed`."""


def is_unapplied(stored: str) -> bool:
    """Return whether a stored text of settings says that no file is applied: it is empty, or `restrict` made it."""
    return not stored or stored.startswith(_HEAD)


def is_hiding(stored: str) -> bool:
    """Return whether a stored text of settings hides who has signed, as the file may be there for that."""
    return stored == _HIDDEN


def restrict(text: str) -> str:
    """Return the text to store for a file with mistakes where none was applied before.

    It holds what the file says about who is shown. Where that is not certain, it shows nobody: the file may be
    there to say so.
    """
    found, mistakes = read_values(text)
    doubtful = {one.about for one in mistakes}
    # The key that an unknown one resembles is only a guess: `show_names: false` is no mistake in `names`.
    guessed = {one.about for one in mistakes if not one.key}
    is_certain = "public_roster" in found or not ("" in doubtful or guessed & _NEAR_PEOPLE)
    if not is_certain or doubtful & {"roster", "show"} or "names" in guessed:
        return _HIDDEN
    settings = Settings(**found)
    details = [one.value for one in Detail if one in settings.show and one is not Detail.LOGIN]
    show = f"[{', '.join(details)}]" if details else "login" if settings.show else "count"
    names = 0 if "names" in doubtful else settings.names
    roster = "public" if settings.public_roster else "private"
    return f"{_HEAD}roster: {roster}\nshow: {show}\nnames: {names}\n"


def explain_hiding(language: str) -> str:
    """Format what organizers are told where who has signed is hidden."""
    return translator(language).translate(
        "No settings file was applied yet, so only the count is shown. Correct the file to show who has signed."
    )
