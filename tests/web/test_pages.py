"""A petition's page and the front page: what people read, and that nothing of it is anybody else's code."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import struct
from collections import Counter

import pytest
from aiohttp import ClientResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.export.badge_and_card import card
from bot.export.letter_comparison import Comparison, compare
from bot.petition.abuse_signals import Account
from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import OrganizerCommand, Phrase, Several, Sign
from bot.petition.comments.mistyped_commands import Fault
from bot.petition.facts_from_github import Continuation, Issue
from bot.petition.i18n import ENGLISH, translator
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Response, Rules
from bot.petition.settings import Settings
from bot.petition.settings_file import read as read_settings
from bot.petition.tally import MISTYPED_ORDER, Reason
from bot.store import NotCounted, PetitionDetails, RosterQuery, Rosters, SortOrder
from bot.web import request_limits
from bot.web.pages import view_models
from bot.web.pages.routes import COMPARED_VERSIONS
from bot.web.pages.uncounted_reasons import explain
from bot.web.petition_requests import RequestedPetition, read_details
from bot.web.route_policies import Pool
from tests.store.scene import INSTALLATION, LETTER, PEOPLE, REPOSITORY, person
from tests.web.html import Read
from tests.web.scene import NOW, PAGE, PUBLIC, Scene, pages_context

TRICKS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "</title><h1>",
    "{{ 7 * 7 }}", "' onmouseover='alert(1)", "--><b>", "]]>", "&lt;b&gt;", "=1+1", "\u202egnp.exe",
)  # fmt: skip


async def read(scene: Scene, path: str = PAGE, status: int = 200) -> Read:
    return Read(await scene.get(path, status))


async def test_a_page_shows_who_has_signed_and_leads_to_their_comments(scene: Scene) -> None:
    comment = await scene.petition.say(person("ada"), Sign("Ada Lovelace", "Analytical Engines", "It is time."))
    page = await read(scene)
    for words in ("Open the archive", "1 person has signed", "Ada Lovelace", "Analytical Engines", "It is time."):
        assert words in page.text
    assert f"https://github.com/acme/letters/issues/7#issuecomment-{comment}" in page.links
    assert "https://github.com/ada" in page.links


async def test_a_page_says_how_to_sign_and_leads_to_the_comment_box(scene: Scene) -> None:
    page = await read(scene)
    assert "Be the first to sign" in page.text
    assert "Nobody has signed yet" in page.text
    assert "https://github.com/acme/letters/issues/7#new_comment_field" in page.links


async def test_who_signs_a_petition_that_goes_on_in_another_issue_is_led_there(scene: Scene) -> None:
    second = Issue(id=1_001, number=8, title="Open the archive (2)", labels=frozenset(), updated_at=100)
    await scene.petition.store.record([Continuation(INSTALLATION, REPOSITORY, second, LETTER.id)])
    page = await read(scene)
    assert "https://github.com/acme/letters/issues/8#new_comment_field" in page.links
    assert not any(link.endswith("/7#new_comment_field") for link in page.links)


async def test_a_closed_petition_asks_nobody_to_sign(scene: Scene) -> None:
    await scene.petition.change_issue(replace(LETTER, closed_at=1_794_950_000))
    page = await read(scene)
    assert "Closed on 17 Nov 2026" in page.text
    assert "To withdraw, comment /unsign or delete your comment." in page.text
    assert not any("new_comment_field" in link for link in page.links)


async def test_who_is_not_counted_is_told_why_and_what_helps(scene: Scene) -> None:
    await scene.petition.say(person("alan"), Phrase("sing", is_attempt=True))
    await scene.petition.say(person("barbara"), None)
    await scene.petition.say(person("ben"), Phrase("", is_cut_off=True))
    hidden = await scene.petition.sign("grace")
    await scene.petition.hide(hidden)
    await scene.petition.sign("linus")
    await scene.petition.unsign("linus")
    told = {login: (await read(scene, f"{PAGE}?q={login}")).text for login in PEOPLE}
    assert "No, alan is not counted." in told["alan"]
    assert (
        "has something like /sign that was not understood. To sign, edit your comment so that it begins with /sign."
        in told["alan"]
    )
    assert "has no line that begins with /sign." in told["barbara"]
    below = (await read(scene, f"{PAGE}?q=ben")).text
    assert "has /sign only below what looks like a quoted email, where nothing is read." in below
    assert "To sign, write another comment, with /sign on its first line." in below
    assert "was hidden by a maintainer of the repository." in told["grace"]
    assert "withdraws your signature." in told["linus"]
    assert "No signature of edsger is counted" in told["edsger"]
    assert f"#issuecomment-{hidden}" in await scene.get(f"{PAGE}?q=GRACE")


async def test_after_the_end_nobody_is_told_to_sign(scene: Scene) -> None:
    await scene.petition.change_issue(replace(LETTER, closed_at=1_794_950_000))
    await scene.petition.say(person("ada"), Sign(), 1_794_960_000)
    await scene.petition.say(person("alan"), Phrase("sing", is_attempt=True), 1_794_960_001)
    assert "was written after the petition had closed." in (await read(scene, f"{PAGE}?q=ada")).text
    assert "edit your comment" not in (await read(scene, f"{PAGE}?q=alan")).text


async def test_what_organizers_do_not_show_is_not_told_by_the_search_either(scene: Scene) -> None:
    await scene.petition.say(person("alan"), Phrase("sing", is_attempt=True))
    await scene.petition.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(show=frozenset()))))
    assert "alan" not in (await read(scene, f"{PAGE}?q=alan")).text


async def test_whoever_gave_a_command_is_not_told_to_edit_it_into_a_signature(scene: Scene) -> None:
    await scene.petition.say(person("alan"), None)
    await scene.petition.say(person("alan"), OrganizerCommand("goal", "5"))
    told = (await read(scene, f"{PAGE}?q=alan")).text
    assert "is a /petition command, which signs nothing. Leave your comment unchanged:" in told
    assert "To sign, write another comment: /sign" in told
    assert "edit your comment" not in told
    await scene.petition.say(person("grace"), OrganizerCommand.mistyped("/petiton", "goal 5"))
    told = (await read(scene, f"{PAGE}?q=grace")).text
    assert "has a misspelled /petition command, which signs nothing. Correct the command there." in told


async def test_whoever_mistypes_beside_a_command_is_not_told_to_edit_it(scene: Scene) -> None:
    commands = (OrganizerCommand("goal", "5"),)
    for login, own in (("alan", Phrase("sing", is_attempt=True)), ("ben", Phrase("", is_cut_off=True))):
        await scene.petition.say(person(login), Several(commands, own))
        told = (await read(scene, f"{PAGE}?q={login}")).text
        assert "Leave your comment unchanged, because it also has a /petition command." in told
        assert "edit your comment" not in told


async def test_whose_account_was_too_new_is_told_from_when_on_it_may_sign(scene: Scene) -> None:
    await scene.petition.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(minimum_account_age=30))))
    for login, born in (("ada", 1_794_800_000), ("grace", 1_792_350_000)):
        await scene.petition.sign(login)
        await scene.petition.store.signer_accounts.record_ages(LETTER.id, [Account(PEOPLE[login], born)])
    told = (await read(scene, f"{PAGE}?q=ada")).text
    assert "was written when your account was too new for this petition." in told
    assert "Your account can sign from 16 Dec 2026, 03:33 UTC on. Comment /sign again then." in told
    told = (await read(scene, f"{PAGE}?q=grace")).text
    assert "Your account is old enough now. Comment /sign again." in told


@pytest.mark.parametrize("reason", Reason)
def test_no_advice_undoes_what_a_comment_does(reason: Reason) -> None:
    """To edit a refusal or a withdrawal is for whoever wants to sign, and to edit a command for nobody."""
    for fault, has_orders in itertools.product(["", MISTYPED_ORDER, *Fault], (False, True)):
        found = NotCounted("ada", reason, 1, REPOSITORY, 7, 1, fault, has_orders)
        _, advice = explain(found, NOW, translator(ENGLISH), is_closed=False)
        assert (
            re.search("(?i)edit (it|your comment)", re.sub("To sign[^,.]*, edit your comment", "", advice)) is None
        ), advice
        assert "edit your comment so" not in advice or not (has_orders or reason is Reason.COMMAND), advice


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "/sing",
            "has a misspelled command. To sign, edit your comment so that it begins with /sign , spelled exactly",
        ),
        ("\\sign", "has a command without / directly before it."),
        ("`/sign`", "has /sign formatted as code, where it is not read."),
        ('"/sign"', "has marks around /sign ."),
    ],
)
async def test_of_a_mistyped_command_it_is_told_what_is_wrong_about_it(scene: Scene, text: str, words: str) -> None:
    await scene.petition.say(person("alan"), parse(text))
    told = (await read(scene, f"{PAGE}?q=alan")).text
    told = re.sub(" (?=[,.])", "", told)
    assert re.sub(" (?=[,.])", "", words) in told


async def test_was_i_counted_is_answered_plainly(scene: Scene) -> None:
    await scene.petition.sign("ada", "Ada Lovelace")
    assert "Yes, ada is counted. Name: Ada Lovelace" in (await read(scene, f"{PAGE}?q=ADA")).text
    assert "Yes, ada is counted" in (await read(scene, f"{PAGE}?q=@ada")).text
    assert "No signature of grace is counted" in (await read(scene, f"{PAGE}?q=grace")).text
    some = (await read(scene, f"{PAGE}?q=love")).text
    assert "Nobody who is counted has exactly the GitHub login love" in some
    assert "If you are among them, you are counted" in some
    assert "Ada Lovelace" in some


async def test_who_asked_not_to_be_listed_is_told_that_it_counts_and_stands_nowhere(scene: Scene) -> None:
    signed = await scene.petition.sign("ada", "Ada Lovelace")
    assert "asked not to be listed" not in (await read(scene, PAGE)).text
    await scene.petition.edit(signed, Sign(unlisted=True))
    for path in (PAGE, f"{PAGE}?sort=name", f"{PAGE}?q=lovelace", f"{PAGE}?q=ad"):
        html = await scene.get(path)
        assert "github.com/ada" not in html
        assert f"issuecomment-{signed}" not in html
        assert "1 person who signed asked not to be listed." in html
    assert "1 person has signed" in (await read(scene, PAGE)).text
    assert "Nobody has signed yet" not in (await read(scene, PAGE)).text
    assert "Yes, ada is counted. Not listed, as requested. Signed: 17" in (await read(scene, f"{PAGE}?q=ada")).text
    by_name = (await read(scene, f"{PAGE}?q=lovelace")).text
    assert "People who asked not to be listed are found only by their GitHub login." in by_name
    await set_up(scene, "show: count")
    assert "asked not to be listed" not in (await read(scene, PAGE)).text


async def test_fifty_names_are_on_a_page_and_the_rest_behind_it(scene: Scene) -> None:
    for number in range(60):
        await scene.petition.say(person(f"p{number:03}" + "x" * number), Sign(f"Person {number}."))
    first = await read(scene)
    assert "Person 59." in first.text
    assert "Person 9." not in first.text
    (more,) = [link for link in first.links if "after=" in link]
    second = await read(scene, more.removeprefix(PUBLIC).partition("#")[0])
    assert "Person 9." in second.text
    assert "Person 10." not in second.text
    assert any("before=" in link for link in second.links)


async def test_a_question_that_makes_no_sense_is_refused_with_a_page(scene: Scene) -> None:
    for query in ("sort=age", "after=x", "after=1", "before=.", "after=99999999999999999999.1", "after=1.-1"):
        page = await read(scene, f"{PAGE}?{query}", 400)
        assert "Bad request" in page.text


async def test_what_is_not_there_is_a_page_that_leads_on(scene: Scene) -> None:
    for path in ("/petitions/acme/letters/8", "/petitions/acme/nothing/7", "/nowhere", "/static/secret.py"):
        page = await read(scene, path, 404)
        assert "Not found" in page.text
        assert "A petition of a private repository opens only with the link in its issue." in page.text
        assert f"{PUBLIC}/" in page.links


async def test_a_link_in_a_chat_shows_title_count_and_a_picture(scene: Scene) -> None:
    await scene.petition.sign("ada")
    said = dict(re.findall(r'<meta property="og:(\S+)" content="([^"]*)">', await scene.get(PAGE)))
    assert (said["title"], said["url"]) == ("Open the archive", PUBLIC + PAGE)
    assert said["description"] == "1 person has signed – Sign it with a comment on GitHub."
    assert said["image"] == f"{PUBLIC}{PAGE}/card.png"
    assert said["image:alt"] == "1 person has signed"
    async with scene.client.get(f"{PAGE}/card.png") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
        picture = await answer.read()
    width, height = struct.unpack(">II", picture[16:24])
    assert (str(width), str(height)) == (said["image:width"], said["image:height"])
    await set_up(scene, "goal: 4")
    async with scene.client.get(f"{PAGE}/card.png") as answer:
        assert await answer.read() == card(1, [4]) != picture
    assert 'content="1 person has signed – 25% of the goal of 4"' in await scene.get(PAGE)
    await scene.petition.change_issue(replace(LETTER, closed_at=1_794_950_000))
    assert "1 person has signed – The petition is closed." in await scene.get(PAGE)


async def test_where_nobody_has_signed_no_empty_chart_is_shown(scene: Scene) -> None:
    assert "<svg" not in await scene.get(PAGE)
    assert "Be the first to sign" in (await read(scene, "/")).text
    await scene.petition.sign("ada")
    assert "<svg" in await scene.get(PAGE)


async def test_another_spelling_leads_to_the_petitions_own_address(scene: Scene) -> None:
    async with scene.client.get("/petitions/ACME/Letters/7", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, PUBLIC + PAGE)


async def test_a_private_petition_is_there_only_for_who_has_the_key(scene: Scene) -> None:
    await scene.petition.sign("ada", "Ada Lovelace")
    key = await scene.make_private()
    for query in ("", "?key=", "?key=x", f"?key={key[:-1]}", f"?key={key}x", "?key=%C3%A9", f"?Key={key}"):
        assert "Ada" not in await scene.get(PAGE + query, 404)
    page = await read(scene, f"{PAGE}?key={key}&q=a")
    assert "Ada Lovelace" in page.text
    assert "Open the archive" not in (await read(scene, "/")).text
    ours = [link for link in page.links if link.startswith(PUBLIC + PAGE)]
    assert ours
    assert all(f"key={key}" in link for link in ours)
    assert f'name="key" value="{key}"' in await scene.get(f"{PAGE}?key={key}")


async def test_a_private_petitions_address_stays_private(scene: Scene) -> None:
    key = await scene.make_private()
    async with scene.client.get(f"{PAGE}?key={key}") as answer:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "no-store" in answer.headers["Cache-Control"]
        assert "anybody who has them can see who has signed" in await answer.text()


async def test_the_front_page_lists_petitions_and_tells_what_to_do_where_there_are_none(scene: Scene) -> None:
    await scene.petition.sign("ada")
    page = await read(scene, "/")
    assert "Open the archive" in page.text
    assert "1 person has signed" in page.text
    assert PUBLIC + PAGE in page.links
    await scene.make_private()
    empty = await read(scene, "/")
    assert "There are no petitions here yet" in empty.text
    assert "Give the issue the label petition" in empty.text


async def test_every_answer_allows_nothing_from_elsewhere(scene: Scene) -> None:
    for path in ("/", PAGE, f"{PAGE}.csv", "/nowhere", "/static/roster.css", "/healthz"):
        async with scene.client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_pages_keep_their_own_rules(scene: Scene) -> None:
    await scene.petition.say(person("ada"), Sign("Ada", "Engines", "Because."))
    for path in ("/", PAGE, f"{PAGE}?q=ada", f"{PAGE}?q=nobody", "/nowhere"):
        async with scene.client.get(path, headers={"Accept": "text/html"}) as answer:
            text = await answer.text()
        page = Read(text)
        assert not any(re.search(r" (on\w+|style)$", name) for name in page.attributes)
        assert page.tags["script"] == 1
        assert page.tags["style"] == 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.tuples(*[st.sampled_from(TRICKS) | st.text(max_size=40) for _ in range(5)]),
)
async def test_no_text_of_strangers_becomes_a_tag(scene: Scene, texts: tuple[str, ...]) -> None:
    name, affiliation, reason, title, search = (
        text.replace("\0", "").encode("utf-8", "ignore").decode() for text in texts
    )
    await scene.petition.change_issue(replace(LETTER, title="plain"))
    await scene.petition.say(person("ada"), Sign("plain", "plain", "plain"))
    plain = await _shapes(scene, "plain")
    await scene.petition.change_issue(replace(LETTER, title=title))
    await scene.petition.say(person("ada"), Sign(name or "x", affiliation or "x", reason or "x"))
    assert await _shapes(scene, search) <= plain


async def _shapes(scene: Scene, search: str) -> set[str]:
    """Give all tags and attributes of the pages that show strangers' text, with how often."""
    shapes: set[str] = set()
    for path, query in (("/", {}), (PAGE, {}), (PAGE, {"q": search or "x"})):
        async with scene.client.get(path, params=query, headers={"Accept": "text/html"}) as answer:
            page = Read(await answer.text())
            counts = {**page.tags, **page.attributes}
            if not query:
                shapes |= {f"{path} {name} {count}" for name, count in counts.items()}
            else:
                shapes |= {f"{path} {name}" for name in page.attributes if re.search(r" (on\w+|style|src)$", name)}
    return shapes


# What the organizers have set


async def set_up(scene: Scene, text: str, response: Response | None = None) -> None:
    settings = read_settings(text)
    assert isinstance(settings, Settings)
    await scene.petition.store.commands.apply(LETTER.id, CommandResults(Rules(settings, response=response)))


async def test_nobody_is_asked_for_a_name_that_is_not_shown(scene: Scene) -> None:
    assert "/sign Your Name, Your Affiliation" in (await read(scene)).text
    await set_up(scene, "show: login")
    page = await read(scene)
    assert (
        "To sign, comment /sign The bot adds 👍 to comments that count and 😕 to comments that do not." in page.text
    )
    assert "Your Name" not in page.text


async def test_first_signatories_stand_above_the_list_and_in_it(scene: Scene) -> None:
    await scene.petition.say(person("ada"), Sign("Ada Lovelace"))
    for login in ("alan", "grace"):
        await scene.petition.sign(login)
    await set_up(scene, "first: [grace, nobody, ADA]")
    page = await read(scene)
    first = page.text.partition("First signatories")[2].partition("All signatures")
    assert first[0].index("grace") < first[0].index("Ada Lovelace")
    assert "alan" not in first[0]
    assert all(name in first[2] for name in ("grace", "Ada Lovelace", "alan"))
    ids = re.findall(r'id="(\w+)"', await scene.get(PAGE))
    assert len(ids) == len(set(ids))
    for other in (f"{PAGE}?q=ada", f"{PAGE}?sort=name&after=~00.1"):
        assert "First signatories" not in (await read(scene, other)).text
    await scene.petition.say(person("grace"), Sign(unlisted=True))
    assert "grace" not in (await read(scene)).text
    await set_up(scene, "first: [grace]\nshow: count")
    assert "First signatories" not in await scene.get(PAGE)


async def test_an_official_response_stands_above_the_letter(scene: Scene) -> None:
    await set_up(scene, "", Response("We will.\n<b>Soon.</b>", "librarian", 1_794_950_000))
    page = await read(scene)
    assert "Official response We will. <b>Soon.</b> By librarian:" in page.text
    found = json.loads(await scene.get(f"{PAGE}.json"))
    assert found["petition"]["response"]["login"] == "librarian"
    assert found["petition"]["response"]["addressee"] is None
    await set_up(scene, "", Response("No.", "librarian", 1_794_950_000, "ACME <b>Inc.</b>"))
    assert "Official response No. By ACME <b>Inc.</b>, posted by librarian:" in (await read(scene)).text
    found = json.loads(await scene.get(f"{PAGE}.json"))
    assert found["petition"]["response"]["addressee"] == "ACME <b>Inc.</b>"


async def test_an_official_response_is_shown_as_the_markdown_that_it_is(scene: Scene) -> None:
    text = "We **agree**.\n\n- in May\n- in June\n\n# Thanks\n\n> all\n\n![x](https://example.org/x.png)\none\ntwo"
    await set_up(scene, "", Response(text, "librarian", 1_794_950_000))
    shown = (await scene.get(PAGE)).partition('aria-labelledby="response"')[2].partition("</section>")[0]
    for html in ("<strong>agree</strong>", "<li>in May</li>", "<h3>Thanks</h3>", "<blockquote>", "one<br>"):
        assert html in shown, shown
    assert "<img" not in shown


async def test_links_in_an_official_response_lead_somewhere_and_nothing_else_does(scene: Scene) -> None:
    text = "See [the plan](https://example.org/plan), not [this](javascript:alert(1)) <a href=x>or that</a>."
    await set_up(scene, "", Response(text, "librarian", 1_794_950_000))
    page = await read(scene)
    assert "See the plan, not [this](javascript:alert(1)) <a href=x>or that</a>." in page.text
    assert "https://example.org/plan" in page.links
    assert not any(link == "x" or link.startswith("javascript") for link in page.links)


async def test_a_goal_is_shown_with_the_way_to_it_and_what_is_behind(scene: Scene) -> None:
    await set_up(scene, "goal: [2, 4]")
    for login in ("ada", "grace", "alan"):
        await scene.petition.sign(login)
    page = await read(scene)
    assert "75% of the goal of 4" in page.text
    assert "2 on 17 Nov 2026" in page.text
    assert "75% of the goal of 4" in (await read(scene, "/")).text
    await scene.petition.sign("linus")
    assert "The goal of 4 is reached" in (await read(scene)).text


async def test_a_deadline_is_shown_and_ends_it(scene: Scene) -> None:
    await set_up(scene, "deadline: 2026-12-31")
    assert "Open until 31 Dec 2026, 23:59 UTC" in (await read(scene)).text
    await set_up(scene, "deadline: 2026-11-17")
    page = await read(scene)
    assert "Closed on 17 Nov 2026, 23:59 UTC" in page.text
    assert not any("new_comment_field" in link for link in page.links)


async def test_a_detail_that_is_not_shown_cannot_be_found_either(scene: Scene) -> None:
    await set_up(scene, "show: [name]")
    await scene.petition.say(person("ada"), Sign("Ada Byron", "Harbour Library", "It is time."))
    for path in (PAGE, f"{PAGE}.json", f"{PAGE}.csv", f"{PAGE}/feed.atom"):
        text = await scene.get(path)
        assert "Ada Byron" in text
        assert "Harbour" not in text
        assert "It is time." not in text
    assert "No signature of Harbour is counted" in (await read(scene, f"{PAGE}?q=Harbour")).text
    await set_up(scene, "show: login")
    assert "Byron" not in await scene.get(f"{PAGE}?q=ada&sort=name")
    assert "No signature of Byron is counted" in (await read(scene, f"{PAGE}?q=Byron")).text


@pytest.mark.parametrize("settings", ["show: count", "roster: private"])
async def test_where_only_the_count_is_shown_no_form_names_anybody(scene: Scene, settings: str) -> None:
    await set_up(scene, settings)
    await scene.petition.say(person("ada"), Sign("Ada Byron", "Harbour Library"))
    page = await read(scene, f"{PAGE}?q=ada")
    assert "1 person has signed" in page.text
    assert "show how many people have signed, but not who" in page.text
    assert page.tags["form"] == 0
    for path in (PAGE, f"{PAGE}.json", f"{PAGE}.json?q=ada"):
        text = await scene.get(path)
        assert "Byron" not in text
        assert '"login"' not in text
        assert "github.com/ada" not in text
    for path in (f"{PAGE}.csv", f"{PAGE}/feed.atom"):
        await scene.get(path, 404)
    assert "Byron" not in str(await scene.petition.store.rosters.list_changed({LETTER.id: -1}))


async def test_the_letter_and_its_versions_are_shown(scene: Scene) -> None:
    store, clock = scene.petition.store, scene.petition.clock
    await store.letters.record(LETTER.id, LETTER.id, "Please **open** the archive. <script>x</script>", clock)
    assert "What was changed" not in (await read(scene)).text
    await scene.petition.sign("ada")
    await store.letters.record(LETTER.id, LETTER.id, "Please **open** the whole archive.", clock + 60)
    page = await read(scene)
    assert "Please open the whole archive." in page.text
    assert "The letter was changed on 17 Nov 2026" in page.text
    versions = await read(scene, f"{PAGE}/letter")
    assert "Version 2" in versions.text
    assert "1 person had signed before" in versions.text
    assert "1 passage was added. Go to the first change" in versions.text
    assert "Please open the added: whole archive." in versions.text
    assert "**" not in versions.text
    assert (versions.tags["ins"], versions.tags["script"]) == (2, 1)


async def test_of_a_letter_with_many_versions_a_page_reads_and_compares_a_few(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []

    def note(before: str, after: str) -> Comparison:
        compared.append(after)
        return compare(before, after)

    monkeypatch.setattr("bot.web.pages.view_models.compare", note)
    plea = f"in {id(scene)}"
    for number in range(30):
        await scene.petition.store.letters.record(LETTER.id, LETTER.id, f"Plea {plea} {number}.", 1_000 + number)
    page = await read(scene, f"{PAGE}/letter")
    assert page.tags["article"] == 30
    assert page.text.count("is too old to be shown here") == 30 - COMPARED_VERSIONS
    assert len(compared) == COMPARED_VERSIONS - 1
    details = await scene.petition.store.rosters.get_details(LETTER.id, RosterQuery(size=1))
    assert details is not None
    assert [one.text for one in details.letters if one.text] == [f"Plea {plea} 29."]


async def test_of_long_letters_fewer_versions_are_compared(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_models, "COMPARED_CHARACTERS", 100)
    for number in range(6):
        await scene.petition.store.letters.record(LETTER.id, LETTER.id, f"Plea {number:035}", 1_000 + number)
    page = await read(scene, f"{PAGE}/letter")
    # The newest two; each is of 40 characters.
    assert (page.tags["ins"], page.text.count("is too old to be shown here")) == (1 + 2, 4)


SEARCHES_OF_ONE, SEARCHES = map(int, request_limits.PLACES[Pool.SEARCHES])


@pytest.mark.parametrize("query", ["?q=ada", "?q=ada&sort=name", ".json?q=ada&sort=oldest"])
async def test_many_who_search_at_once_leave_the_pages_to_others(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """Wherever they are, and also to who asks from the same address."""
    go = hold_searches(monkeypatch)
    searches = [
        asyncio.ensure_future(scene.client.get(PAGE + query, headers={"X-Forwarded-For": f"198.51.100.{n % 20}"}))
        for n in range(60)
    ]
    done: set[asyncio.Future[ClientResponse]] = set()
    async with asyncio.timeout(60):
        while len(done) < 60 - SEARCHES:
            done, _ = await asyncio.wait(searches, return_when=asyncio.FIRST_COMPLETED)
    assert {one.result().status for one in done} == {503}
    assert {int(one.result().headers["Retry-After"]) > 0 for one in done} == {True}
    pages = [scene.client.get(PAGE, headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(20)]
    assert [(await page).status for page in pages] == [200] * 20
    go.set()
    assert Counter([(await one).status for one in searches])[200] == SEARCHES


async def test_one_address_does_not_make_all_searches(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    go, query = hold_searches(monkeypatch), f"{PAGE}?q=ada"
    searches = [asyncio.ensure_future(scene.client.get(query)) for _ in range(20)]
    done: set[asyncio.Future[ClientResponse]] = set()
    async with asyncio.timeout(60):
        while len(done) < 20 - SEARCHES_OF_ONE:
            done, _ = await asyncio.wait(searches, return_when=asyncio.FIRST_COMPLETED)
    other = asyncio.ensure_future(scene.client.get(query, headers={"X-Forwarded-For": "198.51.100.1"}))
    go.set()
    assert (await other).status == 200


@pytest.mark.parametrize("form", ["", ".json"])
async def test_who_is_sorted_by_name_is_not_held_by_a_search(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    await scene.petition.sign("ada", "Ada Lovelace")
    go = hold_searches(monkeypatch)
    searches = [
        asyncio.ensure_future(scene.client.get(f"{PAGE}?q=ada", headers={"X-Forwarded-For": f"198.51.100.{n}"}))
        for n in range(SEARCHES)
    ]
    async with asyncio.timeout(60):
        assert "Ada Lovelace" in await scene.get(f"{PAGE}{form}?sort=name")
    go.set()
    assert {(await one).status for one in searches} == {200}


@pytest.mark.parametrize(
    ("show", "text", "waits"),
    [("name", "", False), ("login", "", True), ("name", "ada", True), ("login", "x", True)],
)
async def test_what_no_index_answers_takes_its_turn(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, show: str, text: str, waits: bool
) -> None:
    await set_up(scene, f"show: {show}")
    context, get_details = pages_context(scene.petition.store), Rosters.get_details
    ref = await context.lookups.find("acme", "letters", 7)
    assert ref is not None

    async def look(rosters: Rosters, petition_id: int, wanted: RosterQuery) -> PetitionDetails | None:
        assert context.long_read.locked() is waits
        return await get_details(rosters, petition_id, wanted)

    monkeypatch.setattr(Rosters, "get_details", look)
    await read_details(context, RequestedPetition(ref, PUBLIC), RosterQuery(SortOrder.NAME, text))


async def test_one_search_is_made_at_a_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, read_details = 0, 0, Rosters.get_details

    async def counting(rosters: Rosters, petition_id: int, wanted: RosterQuery) -> PetitionDetails | None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await read_details(rosters, petition_id, wanted)
        finally:
            running -= 1

    monkeypatch.setattr(Rosters, "get_details", counting)
    answers = await asyncio.gather(*(scene.client.get(f"{PAGE}?q=ada") for _ in range(SEARCHES_OF_ONE)))
    assert ({one.status for one in answers}, most) == ({200}, 1)


def hold_searches(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let searches wait for an event."""
    go, read_details = asyncio.Event(), Rosters.get_details

    async def slow(rosters: Rosters, petition_id: int, wanted: RosterQuery) -> PetitionDetails | None:
        if wanted.text:
            await go.wait()
        return await read_details(rosters, petition_id, wanted)

    monkeypatch.setattr(Rosters, "get_details", slow)
    return go


async def test_a_signature_says_which_version_it_was_given_to_where_another_one_stands_now(scene: Scene) -> None:
    store, clock = scene.petition.store, scene.petition.clock
    await store.letters.record(LETTER.id, LETTER.id, "Please open the archive.", clock)
    await scene.petition.sign("ada")
    assert "of the letter" not in (await read(scene)).text
    await store.letters.record(LETTER.id, LETTER.id, "Please open the whole archive.", clock + 60)
    scene.petition.clock = clock + 120
    await scene.petition.sign("grace")
    page = await read(scene)
    assert page.text.count("Signed version 1 of the letter") == 1
    assert f"{PUBLIC}{PAGE}/letter#v1" in page.links
    told = json.loads(await scene.get(f"{PAGE}.json?sort=oldest"))
    first, second = [one["letter"] for one in told["signatures"]]
    assert (first != second, second) == (True, told["petition"]["letter"])
    table = await scene.get(f"{PAGE}.csv")
    assert (table.count(first), table.count(second)) == (1, 1)
    (news,) = await store.rosters.list_changed({LETTER.id: -1})
    told_live = view_models.view_update(news, pages_context(store))
    assert f'<a href="{PAGE}/letter#v1">version 1</a>' in str(told_live["entries"])


async def test_a_page_says_up_to_when_every_comment_is_counted(scene: Scene) -> None:
    store, clock = scene.petition.store, scene.petition.clock
    assert "Every comment up to" not in (await read(scene)).text
    assert json.loads(await scene.get(f"{PAGE}.json"))["petition"]["counted_to"] is None
    await scene.petition.sign("ada")
    await read(scene)
    await store.threads.record_known(LETTER.id, clock)
    said = "Every comment up to 17 Nov 2026, 07:20:01 UTC is counted, and 1 signature since."
    assert said in (await read(scene)).text
    # That it becomes known has no revision, and is shown all the same.
    await store.threads.record_known(LETTER.id, clock + 9)
    said = "Every comment up to 17 Nov 2026, 07:20:10 UTC is counted."
    assert said in (await read(scene)).text
    told = json.loads(await scene.get(f"{PAGE}.json"))["petition"]
    assert (told["counted_to"], told["waiting"]) == ("2026-11-17T07:20:10Z", 0)
    (news,) = await store.rosters.list_changed({LETTER.id: -1})
    assert view_models.view_update(news, pages_context(store))["covered"] == said
    await scene.petition.change_issue(replace(scene.petition.issue, closed_at=clock + 3))
    assert "Every comment up to 17 Nov 2026, 07:20:04 UTC is counted." in (await read(scene)).text


async def test_a_page_says_how_many_signed_which_text(scene: Scene) -> None:
    store, clock = scene.petition.store, scene.petition.clock
    await store.letters.record(LETTER.id, LETTER.id, "Please open the archive.", clock)
    for login in ("ada", "grace"):
        await scene.petition.sign(login)
    await store.letters.record(LETTER.id, LETTER.id, "Please open the whole archive.", clock + 60)
    again = "To sign this text, comment /sign again."
    page = await read(scene)
    assert f"0 people signed this text, 2 an earlier one. {again}" in page.text
    assert f"{PUBLIC}{PAGE}/letter" in page.links
    scene.petition.clock = clock + 120
    await scene.petition.sign("grace")
    assert "1 person signed this text, 1 an earlier one." in (await read(scene)).text
    told = json.loads(await scene.get(f"{PAGE}.json"))["petition"]
    assert (told["count"], told["signed_other_text"]) == (2, 1)
    await scene.petition.change_issue(replace(scene.petition.issue, closed_at=clock + 130))
    assert again not in (await read(scene)).text
    await scene.petition.unsign("ada")
    assert "this text" not in (await read(scene)).text
