"""The sections of the block, each written from its content alone, and the table that puts them in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from bot.petition.block.block_content import BlockContent
from bot.petition.block.body import NOTE
from bot.petition.block.goal_and_chart import chart, milestones, progress
from bot.petition.i18n import Translator, message
from bot.petition.letter_versions_and_translations import language_name
from bot.petition.machine_readable_lines import Coverage
from bot.petition.organizer_commands import INSTRUCTIONS
from bot.petition.settings import Detail
from bot.petition.tally import Signature
from bot.petition.untrusted_text import clean, inline, links_apart
from bot.time_types import WholeEpochSeconds

_MOST_REMARKS = 10

REACTIONS: Final = message(
    "The bot adds 👍 to comments that count and 😕 to comments that do not."
    " When many people sign at once, some comments get no reaction."
)


def translations(content: BlockContent, tr: Translator) -> str:
    """Format in which other languages the letter can be read, and which text one signs; only beside the letter."""
    if not content.translations or content.position > 1:
        return ""
    older = tr.translate("older than the letter")
    links = [
        tr.name(_link(inline(language_name(one.language)), one.url)) + (f" ({older})" if one.is_older else "")
        for one in content.translations
    ]
    read = tr.translate("Read in: {languages}", languages=" · ".join(links))
    signed = tr.translate("What people sign is the text of this issue.")
    return f"🌐 {read}\n{signed}"


def heading(content: BlockContent, tr: Translator) -> str:
    """Format how many have signed."""
    if content.count:
        title = tr.count("{number} person has signed", "{number} people have signed", content.count)
    elif content.ended_at is None and content.labelled:
        title = tr.translate("Be the first to sign")
    else:
        title = tr.translate("Nobody has signed")
    return f"### ✍️ {title}"


def coverage(content: BlockContent, tr: Translator) -> str:
    """Format which comments are counted, and where everybody can look whether theirs is."""
    known = content.coverage if content.labelled else None
    told, wait = covered(known, content.ended_at, tr) if known is not None else ("", "")
    search = _link(tr.translate("Was I counted?"), content.search_url) if content.search_url else ""
    return " ".join(text for text in (told and f"**{told}**", wait, search) if text)


def covered(known: Coverage, ended_at: WholeEpochSeconds | None, tr: Translator) -> tuple[str, str]:
    """Format up to when comments are counted, and how many wait; what came after the end does not count."""
    is_whole = ended_at is not None and ended_at <= known.until
    time = tr.exact_time(ended_at if ended_at is not None and is_whole else known.until)
    if known.later and not is_whole:
        told = tr.count(
            "Every comment up to {time} is counted, and {number} signature since.",
            "Every comment up to {time} is counted, and {number} signatures since.",
            known.later,
            time=time,
        )
    else:
        told = tr.translate("Every comment up to {time} is counted.", time=time)
    wait = tr.count(
        "{number} comment is waiting for data from GitHub.",
        "{number} comments are waiting for data from GitHub.",
        known.waiting,
    )
    return told, wait if known.waiting else ""


def response(content: BlockContent, tr: Translator) -> str:
    """Format the official answer."""
    given = content.response
    if given is None:
        return ""
    who = tr.name(inline(given.addressee) if given.addressee else _profile(given.login, content))
    title = tr.translate("Official response by {who}, {day}", who=who, day=tr.day(given.at))
    shown = clean(given.text, _RESPONSE_SHOWN) if content.roster_url else given.text
    paragraphs = [
        "<br>".join(tr.name(_with_links(line)) for line in paragraph.split("\n"))
        for paragraph in _PARAGRAPHS.split(shown)
    ]
    if shown != given.text:
        paragraphs.append(f"[…]({content.roster_url})")
    return "\n>\n> ".join([f"> **📣 {title}**", *paragraphs])


def state(content: BlockContent, tr: Translator) -> str:
    """Format whether it is open, until when, and how it ended."""
    if content.ended_at is not None:
        when = tr.day_and_time(content.ended_at)
        if content.final_count is None:
            closed = tr.translate("**Closed on {time}.**", time=when)
        else:
            closed = tr.count(
                "**Closed on {time} with {number} signature.**",
                "**Closed on {time} with {number} signatures.**",
                content.final_count,
                time=when,
            )
        return " ".join(("🔒", closed, tr.translate("New signatures do not count.")))
    if not content.labelled:
        return "⏸️ " + tr.translate(
            "**Counting is paused** because this issue does not have the label {label}."
            " Comments that you write now will count when it has the label again.",
            label=tr.code(content.label),
        )
    if content.deadline is not None:
        return "⏳ " + tr.translate("Open until {time}.", time=tr.day_and_time(content.deadline))
    return ""


def threads(content: BlockContent, tr: Translator) -> str:
    """Format where the petition goes on, or what this issue continues."""
    links = [tr.name(f"[{name}]({content.site_url}/{name.replace('#', '/issues/')})") for name in content.threads]
    if content.position < len(content.threads):
        full = tr.translate("This issue has reached its limit of comments.")
        if content.ended_at is not None:
            return full
        go_on = tr.translate("Please sign in {issue}.", issue=links[-1])
        return f"➡️ **{full} {go_on}**"
    if content.position > 1:
        return tr.translate(
            "This issue continues {issues}. All signatures are counted together.", issues=tr.all_of(links[:-1])
        )
    return ""


def anonymised(content: BlockContent, tr: Translator) -> str:
    """Format that names are not kept any more."""
    if content.anonymised_at is None:
        return ""
    when = tr.day_and_time(content.anonymised_at)
    return tr.translate("The names were erased on {time}. The count stays.", time=when)


def instructions(content: BlockContent, tr: Translator) -> str:
    """Format what to write, and how one knows what came of it."""
    withdraw = tr.translate("To withdraw, comment {unsign} or delete your comment.", unsign=tr.code("/unsign"))
    if not content.is_signed_here:
        return withdraw
    sign, example = tr.code("/sign"), example_of(content.show, tr)
    if example:
        how_to_sign = tr.translate(
            "**To sign, comment {sign}**, or with your name: {example}", sign=sign, example=tr.code(example)
        )
    else:
        how_to_sign = tr.translate("**To sign, comment {sign}**", sign=sign)
    return "\n".join([how_to_sign, withdraw, tr.translate(REACTIONS)])


def example_of(show: Collection[Detail], tr: Translator) -> str:
    """Return a signature with the details that are shown beside the login; empty where none are.

    Whoever types it as it is signs under the login: nobody's name is in it.
    """
    if Detail.NAME not in show:
        return ""
    both, name = message("Your Name, Your Affiliation"), message("Your Name")
    details = tr.translate(both if Detail.AFFILIATION in show else name)
    return f"/sign {details}"


def signed_this_text(count: int, earlier: int, tr: Translator) -> str:
    """Format how many have signed the letter as it is, and how many an earlier one."""
    return tr.count(
        "{number} person signed this text, {earlier} an earlier one.",
        "{number} people signed this text, {earlier} an earlier one.",
        count,
        earlier=tr.number(earlier),
    )


def more(content: BlockContent, tr: Translator) -> str:
    """Link to where all signatures are."""
    page = tr.translate("all signatures") if content.csv_url else tr.translate("the petition's page")
    named = ((page, content.roster_url), ("CSV", content.csv_url), ("JSON", content.json_url))
    links = " · ".join(_link(name, url) for name, url in named if url)
    rest = content.count - content.unlisted - len(content.newest) - len(content.first)
    if rest <= 0 or not (content.newest or content.first):
        return links if content.count else ""
    if links:
        return tr.count("…and {number} more: {links}", "…and {number} more: {links}", rest, links=links)
    return tr.count("…and {number} more in the comments below.", "…and {number} more in the comments below.", rest)


def asked_not_to_be_listed(count: int, tr: Translator) -> str:
    """Format how many asked not to be listed; empty for nobody."""
    if not count:
        return ""
    return tr.count(
        "{number} person who signed asked not to be listed.",
        "{number} people who signed asked not to be listed.",
        count,
    )


def letter_changed(content: BlockContent, tr: Translator) -> str:
    """Format how many have signed the letter as it is, and how many signed it before it was changed."""
    if content.letter_changed is None:
        return ""
    at, earlier = content.letter_changed
    changed = tr.translate("The letter was changed on {time}.", time=tr.day_and_time(at))
    signed = signed_this_text(content.count - earlier, earlier, tr)
    link = _link(tr.translate("What was changed"), content.versions_url) if content.versions_url else ""
    again = tr.translate("To sign this text, comment {sign} again.", sign=tr.code("/sign"))
    # The link has no full stop, so it comes last.
    parts = (changed, f"**{signed}**", again if content.is_signed_here else "", link)
    return " ".join(part for part in ("⚠️", *parts) if part)


def remarks(content: BlockContent, tr: Translator) -> str:
    """Format what the organizers should know: mistakes in the settings, and commands that were not understood.

    Where they have a page of their own, it is told there: everybody else reads only how much it is.
    """
    if not content.remarks:
        return ""
    count = len(content.remarks)
    title = tr.count("For the organizers: {number} remark", "For the organizers: {number} remarks", count)
    if content.organizers_url:
        return _link(title, content.organizers_url)
    items = [f"- {tr.name(inline(remark))}" for remark in content.remarks[:_MOST_REMARKS]]
    if count > _MOST_REMARKS:
        items.append("- " + tr.count("…and {number} more", "…and {number} more", count - _MOST_REMARKS))
    end = tr.translate(
        "To remove a remark, correct the file, or edit or delete the comment. Until then, the earlier rules apply."
    )
    return "\n".join([f"<details><summary>{title}</summary>\n", *items, f"\n{end}\n\n</details>"])


def help_on_commands(content: BlockContent, tr: Translator) -> str:
    """Explain the commands of organizers, where one asked for it."""
    if not content.helps:
        return ""
    title = tr.translate("Commands for organizers, as comments")
    items = "\n".join(
        f"- {tr.labelled(tr.code(f'/petition {one.usage}'), _explained(one.purpose, tr))}"
        for one in INSTRUCTIONS.values()
    )
    return f"<details><summary>{title}</summary>\n\n{items}\n\n</details>"


def time_of_counting(content: BlockContent, tr: Translator) -> str:
    """Format when it was counted, and how anybody can count again."""
    again = " · " + _link(tr.translate("anybody can recount"), content.verify_url) if content.verify_url else ""
    return f"<sub>{counted(content.as_of, tr)}{again}</sub>"


def counted(as_of: WholeEpochSeconds, tr: Translator) -> str:
    """Format when it was counted."""
    return tr.translate("Counted from the comments on {time}", time=tr.day_and_time(as_of))


def _table(title: str, signatures: Sequence[Signature], content: BlockContent, tr: Translator) -> str:
    """Write signatures as a table; empty for none."""
    if not signatures:
        return ""
    columns = "| --: | :-- |" if tr.is_rtl else "| :-- | --: |"
    rows = (_row(signature, content, tr) for signature in signatures)
    return "\n".join((f"| {title} | UTC |", columns, *rows))


def _row(signature: Signature, content: BlockContent, tr: Translator) -> str:
    """Write one signature, with the details that are shown."""
    # Two columns are what a phone has room for. The reason is left to comment and roster: twenty of them would
    # bury the letter.
    name = inline(signature.name or "") if Detail.NAME in content.show else ""
    affiliation = inline(signature.affiliation or "") if Detail.AFFILIATION in content.show else ""
    moment = tr.moment(signature.signed_at, content.as_of)
    if not signature.login:
        nobody = tr.translate("not named")
        return f"| *{nobody}* | {moment} |"
    profile = tr.name(_profile(signature.login, content))
    who = f"**{tr.name(name)}**" if name else profile
    if affiliation:
        # TRANSLATORS: somebody's name and affiliation
        who = tr.translate("{name}, {affiliation}", name=who, affiliation=tr.name(affiliation))
    # The space before the dot does not break, so that no line begins with the dot.
    who = f"{who}\N{NO-BREAK SPACE}· {profile}" if name else who
    return f"| {who} | {moment} |"


def _link(text: str, url: str) -> str:
    """Return a Markdown link; what would end the address early is quoted."""
    address = quote(url, safe="/:?&=#%@+,;~!$'*[]")
    return f"[{text}]({address})"


_RESPONSE_SHOWN: Final = 1_000
"""Characters of a response that the block shows, where the page shows all of it."""

_PARAGRAPHS = re.compile(r"\n(?:[ \t]*\n)+")


def _with_links(line: str) -> str:
    """Write a line so that nothing in it is live but Markdown's links to web pages."""
    return "".join(_link(inline(text), url) if url else inline(text) for text, url in links_apart(line))


def _explained(what: str, tr: Translator) -> str:
    """Translate an explanation, with its examples as code."""
    parts = tr.translate(what).split("`")
    return "".join(tr.code(part) if number % 2 else part for number, part in enumerate(parts))


def _profile(login: str, content: BlockContent) -> str:
    # In a link's text GitHub links nothing more; left alone, a login can be copied and searched for.
    shown = login if _LOGIN.fullmatch(login) else inline(login)
    return f"[{shown}]({content.site_url}/{quote(login)})"


_LOGIN = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", re.ASCII)


class Section(Struct, frozen=True):
    """A part of the block: what writes it, empty where there is nothing to show, and when it gives way."""

    write: Callable[[BlockContent, Translator], str]
    gives_way: int
    """When room is short, the section with the lowest number is left out first."""


SECTIONS: Final = (
    Section(lambda *_: "---", 150),
    Section(translations, 75),
    Section(response, 100),
    Section(heading, 160),
    Section(coverage, 65),
    Section(progress, 90),
    Section(milestones, 50),
    Section(chart, 10),
    Section(state, 120),
    Section(threads, 140),
    Section(anonymised, 130),
    Section(instructions, 60),
    Section(letter_changed, 110),
    Section(lambda content, tr: _table(tr.translate("First signatories"), content.first, content, tr), 5),
    Section(lambda content, tr: _table(tr.translate("Newest signatures"), content.newest, content, tr), 0),
    Section(more, 40),
    Section(lambda content, tr: asked_not_to_be_listed(content.unlisted, tr), 35),
    Section(remarks, 30),
    Section(help_on_commands, 20),
    Section(time_of_counting, 70),
    Section(lambda *_: NOTE, 80),
)
"""The block from top to bottom. A new line of it is an entry here and a field of `BlockContent`."""
