"""The sandbox's page without a browser: what it shows, and its forms as they are sent without JavaScript."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest_asyncio
from aiohttp import ClientSession, FormData, web

from sandbox.models import Comment, Issue, User
from sandbox.page import HEADERS, mount
from sandbox.server import Sandbox

PETITION = "/lovelace/letters/issues/1"


@dataclass
class Form:
    """A form of a page: where it goes, what it holds, and its buttons as (name, value)."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Reader(HTMLParser):
    """Read a page as somebody would: its visible words and its forms."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.forms: list[Form] = []
        self._area = ""
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag == "textarea":
            self._area = name
            self.forms[-1].fields[name] = ""
        elif tag == "button" and "form" not in given:
            self.forms[-1].buttons.append((name, given.get("value", "")))
        elif tag == "select" or (tag == "input" and given.get("type") != "radio"):
            self.forms[-1].fields.setdefault(name, given.get("value", ""))
        elif tag == "input" and name and "checked" in given:
            self.forms[-1].fields[name] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] += data.removeprefix("\n")
        else:
            self.words.append(data)


@dataclass
class Site:
    """The sandbox with one petition, and a visitor."""

    sandbox: Sandbox
    petition: Issue
    organizer: User
    visitor: ClientSession

    async def read(self, path: str = PETITION, status: int = 200) -> Reader:
        async with self.visitor.get(path) as answer:
            assert answer.status == status
            return Reader(await answer.text())

    async def send(
        self, action: str, button: tuple[str, str] = ("", ""), *, status: int = 200, **fields: str
    ) -> Reader:
        """Fill in one of the page's forms and press one of its buttons."""
        page = await self.read(f"{PETITION}?all=1")
        form = next(form for form in page.forms if form.action == PETITION + action)
        fields = {name.rstrip("_"): value for name, value in fields.items()}
        assert fields.keys() <= form.fields.keys()
        assert button in form.buttons
        filled = form.fields | fields | ({button[0]: button[1]} if button[0] else {})
        return await self.post(PETITION + action, filled, status=status)

    async def post(self, path: str, fields: dict[str, str], *, status: int = 200, **headers: str) -> Reader:
        async with self.visitor.post(path, data=FormData(fields), headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return Reader(await answer.text())

    async def call(self, path: str, **body: str) -> None:
        """Call the API as ada does; the page takes whoever calls for the bot."""
        headers = {"Authorization": f"Bearer {self.sandbox.token_of('ada')}"}
        async with self.visitor.post(f"/api/v3/{path}", json=body, headers=headers) as answer:
            assert answer.ok

    def say(self, login: str, body: str) -> Comment:
        return self.sandbox.comments.create(self.petition, self.sandbox.user(login), body)


async def hear(_: web.Request) -> web.Response:
    return web.Response(status=202)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    sandbox = Sandbox(now=lambda: 1_800_000_000.0)
    petition = sandbox.petition("Read <what> you sign", "Dear all,\n\nplease.")
    for login in ("ada", "grace"):
        sandbox.user(login)
    mount(sandbox)
    sandbox.app.router.add_post("/webhook", hear)
    await sandbox.start()
    async with ClientSession(sandbox.web_url) as visitor:
        yield Site(sandbox, petition, petition.user, visitor)
    await sandbox.stop()


async def test_a_newcomer_is_taken_to_the_petition(site: Site) -> None:
    page = await site.read("/")
    assert "Read <what> you sign #1" in page.text
    assert "Open" in page.text
    assert "petition" in page.text
    assert "Dear all," in page.text
    assert "Without JavaScript, this page does not update by itself. Reload it" in page.text


async def test_one_comments_as_whoever_one_chooses(site: Site) -> None:
    page = await site.send("/comments", as_="grace", body="/sign Grace\r\nbecause")
    (comment,) = site.petition.comments
    assert (comment.user.login, comment.body) == ("grace", "/sign Grace\r\nbecause")
    assert "grace commented" in page.text


async def test_a_new_issue_gets_the_labels_that_the_address_asks_for(site: Site) -> None:
    page = await site.read("/lovelace/letters/issues/new?labels=petition")
    (form,) = page.forms
    assert "With the label petition." in page.text
    read = await site.post(form.action, form.fields | {"title": "Another letter", "body": "Dear all,"})
    issue = site.sandbox.repository().issues[2]
    assert (issue.title, issue.body, [one.name for one in issue.labels]) == (
        "Another letter",
        "Dear all,",
        ["petition"],
    )
    assert issue.user is site.organizer
    assert "Another letter #2" in read.text
    await site.read("/lovelace/none/issues/new", status=404)
    await site.post(form.action, {"title": "x"}, status=400)


async def test_whoever_spoke_last_is_chosen_next(site: Site) -> None:
    page = await site.send("/comments", as_="grace", body="/sign")
    assert next(form for form in page.forms if form.action.endswith("/comments")).fields["as"] == "grace"


async def test_an_example_is_one_click(site: Site) -> None:
    await site.send("/comments", ("example", "/sign Ada Lovelace, Analytical Engines"))
    assert [(one.user.login, one.body) for one in site.petition.comments] == [
        ("ada", "/sign Ada Lovelace, Analytical Engines")
    ]


async def test_a_typed_name_makes_a_new_person(site: Site) -> None:
    page = await site.send("/comments", newcomer=" Émilie du Châtelet ", body="/sign")
    assert site.petition.comments[0].user.login == "Emilie-du-Chatelet"
    assert "Emilie-du-Chatelet commented" in page.text


async def test_a_typed_name_finds_who_is_there(site: Site) -> None:
    await site.send("/comments", newcomer="Grace", body="/sign")
    assert site.petition.comments[0].user is site.sandbox.user("grace")


async def test_a_name_without_a_letter_from_a_to_z_is_explained(site: Site) -> None:
    page = await site.send("/comments", newcomer="智恵子", body="/sign", status=422)
    assert "Enter a name with letters" in page.text
    assert site.petition.comments == []


async def test_the_author_edits_and_the_page_says_so(site: Site) -> None:
    comment = site.say("ada", "/sign")
    page = await site.send(f"/comments/{comment.id}/edit", ("as", "ada"), body="/unsign")
    assert comment.body == "/unsign"
    assert "edited by ada" in page.text


async def test_the_organizer_edits_what_others_wrote(site: Site) -> None:
    comment = site.say("ada", "/sign Rude Name")
    page = await site.send(f"/comments/{comment.id}/edit", ("as", "lovelace"), body="/sign")
    assert comment.editor is site.organizer
    assert "edited by lovelace" in page.text


async def test_comments_are_deleted_by_their_author_or_the_organizer(site: Site) -> None:
    mine, theirs = site.say("ada", "/sign"), site.say("grace", "/sign")
    await site.send(f"/comments/{mine.id}/delete", ("as", "ada"))
    await site.send(f"/comments/{theirs.id}/delete", ("as", "lovelace"))
    assert site.petition.comments == []


async def test_the_organizer_hides_and_unhides(site: Site) -> None:
    comment = site.say("ada", "/sign")
    page = await site.send(f"/comments/{comment.id}/hide", ("as", "lovelace"), reason="spam")
    assert comment.minimized == "spam"
    assert "This comment was hidden as spam" in page.text
    page = await site.send(f"/comments/{comment.id}/unhide", ("as", "lovelace"))
    assert comment.minimized is None
    assert "hidden as" not in page.text


async def test_the_organizer_edits_the_letter(site: Site) -> None:
    page = await site.send("/edit", title="Another title", body="Dear you,")
    assert (site.petition.title, site.petition.body) == ("Another title", "Dear you,")
    assert "Another title #1" in page.text


async def test_saving_the_letter_as_it_is_changes_nothing(site: Site) -> None:
    body = site.petition.body = '\r\n\r\n  first\r\n<!-- kept --> & "quoted" \' &amp; \r\n'
    await site.send("/edit")
    assert site.petition.body == body


async def test_the_organizer_closes_locks_and_labels(site: Site) -> None:
    assert "Closed" in (await site.send("/state", ("state", "closed"))).text
    assert "Open" in (await site.send("/state", ("state", "open"))).text
    await site.post(f"{PETITION}/lock", {"as": "lovelace", "lock": "on"})
    assert "only lovelace can comment" in (await site.read()).text
    page = await site.send("/comments", as_="ada", body="/sign", status=403)
    assert "Unable to create comment because issue is locked." in page.text
    await site.post(f"{PETITION}/lock", {"as": "lovelace", "lock": "off"})
    assert not site.petition.locked
    await site.send("/labels", ("remove", "petition"))
    assert site.petition.labels == []
    await site.send("/labels", add="urgent")
    assert [label.name for label in site.petition.labels] == ["urgent"]


async def test_the_bots_reactions_and_edits_are_seen(site: Site) -> None:
    comment = site.say("ada", "/sign")
    site.sandbox.deliveries.url = f"{site.sandbox.web_url}/webhook"
    site.sandbox.issues.edit(site.petition, site.sandbox.world.app.bot, "Dear all,\n\n### 1 person has signed")
    await site.sandbox.settled()
    await site.call(f"repos/lovelace/letters/issues/comments/{comment.id}/reactions", content="+1")
    page = await site.read()
    assert "thumbs up: ada" in page.text
    assert "1 person has signed" in page.text
    assert "edited by undersigned[bot]" in page.text
    assert f"Bot to GitHub: reacts to a comment POST …/{comment.id}/reactions · 201" in page.text
    assert "GitHub to bot: the issue’s text was edited issues.edited · 202" in page.text


async def test_long_threads_show_their_end_and_the_rest_on_demand(site: Site) -> None:
    for number in range(40):
        site.say(f"person-{number}", f"comment number {number}.")
    page = await site.read()
    assert "Show 10 earlier comments" in page.text
    assert "comment number 9." not in page.text
    assert "comment number 39." in page.text
    assert "comment number 0." in (await site.read(f"{PETITION}?all=1")).text


async def test_vanished_and_flagged_people(site: Site) -> None:
    for login in ("gone", "spammer"):
        site.say(login, f"/sign {login} was here")
    site.sandbox.accounts.delete(site.sandbox.user("gone"))
    site.sandbox.accounts.flag(site.sandbox.user("spammer"))
    page = await site.read()
    assert "ghost commented" in page.text
    assert "spammer was here" not in page.text


async def test_strangers_text_stays_text(site: Site) -> None:
    nasty = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'
    site.petition.title = nasty
    site.petition.body = nasty
    site.say("ada", nasty)
    site.sandbox.issues.label(site.petition, site.organizer, "<b>&\"'")
    async with site.visitor.get(PETITION) as answer:
        html = await answer.text()
    assert "<script>" not in html
    assert "onerror=" not in html.replace("onerror=alert(1)&gt;", "")
    assert "<b>&" not in html
    assert nasty in Reader(html).text


async def test_everything_is_sealed(site: Site) -> None:
    for path in (PETITION, "/-/static/page.js", "/nowhere/at/all", "/avatars/u/1", "/nobody"):
        async with site.visitor.get(path) as answer:
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


async def test_what_is_not_there_is_said_plainly(site: Site) -> None:
    for path, words in {
        "/lovelace/letters/issues/2": "There is no issue #2 in lovelace/letters.",
        "/lovelace/poems/issues/1": "There is no repository lovelace/poems",
        "/lovelace/poems": "There is no repository lovelace/poems",
        "/nobody": "This sandbox has nobody called nobody.",
        "/not/a/page/at/all": "There is no such page.",
        "/-/static/../page.py": "Not found",
        "/lovelace/letters/issues/99999999999": "There is no such page.",
    }.items():
        assert words in (await site.read(path, status=404)).text
    site.sandbox.issues.delete(site.petition, site.organizer)
    assert "This issue was deleted." in (await site.read(status=410)).text


async def test_people_repositories_and_the_app_have_pages(site: Site) -> None:
    assert "A person of this sandbox" in (await site.read("/ada")).text
    assert "installed here as a GitHub App" in (await site.read("/apps/undersigned")).text
    assert "Read <what> you sign" in (await site.read("/lovelace/letters")).text
    site.sandbox.issues.open(site.petition.repository, site.organizer, "Another", "")
    assert "Another" in (await site.read("/")).text


async def test_renamed_and_moved_things_are_found(site: Site) -> None:
    site.sandbox.repositories.rename(site.petition.repository, site.organizer, "papers")
    assert "Read <what> you sign" in (await site.read()).text
    target = site.sandbox.repositories.get_or_create("lovelace/archive")
    site.sandbox.issues.transfer(site.petition, site.organizer, target)
    assert "lovelace/archive / Issues" in (await site.read()).text


async def test_bad_forms_get_an_answer_that_helps(site: Site) -> None:
    comments = f"{PETITION}/comments"
    comment = site.say("ada", "/sign")
    for path, fields, status, words in (
        (comments, {"body": "/sign"}, 400, "Choose who comments"),
        (comments, {"as": "undersigned[bot]", "body": "/sign"}, 400, "cannot do this here"),
        (comments, {"as": "nobody", "body": "/sign"}, 400, "cannot do this here"),
        (comments, {"as": "ada", "body": " "}, 422, "Body cannot be blank"),
        (comments, {"as": "ada", "body": "x" * 300_000}, 422, "Body is too long"),
        (f"{comments}/1/edit", {"as": "ada", "body": "x"}, 404, "does not exist any more"),
        (f"{comments}/{comment.id}/hide", {"as": "ada"}, 403, "Must have"),
        (f"{comments}/{comment.id}/edit", {"as": "grace", "body": "x"}, 403, "Must have"),
        (f"{comments}/{comment.id}/hide", {"as": "lovelace", "reason": "ugly"}, 422, "Validation Failed"),
        (f"{PETITION}/edit", {"as": "lovelace", "body": "x" * 65_537}, 422, "body is too long (maximum is 65536"),
        (f"{PETITION}/labels", {"as": "lovelace", "add": " "}, 422, "Validation Failed"),
        (f"{PETITION}/labels", {"as": "lovelace", "remove": "other"}, 404, "Label does not exist"),
    ):
        assert words in (await site.post(path, fields, status=status)).text
    assert (comment.body, comment.minimized) == ("/sign", None)


async def test_unreadable_forms_get_an_answer_that_helps(site: Site) -> None:
    for kind, data in (
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--y\r\nnonsense"),
        ("application/x-www-form-urlencoded; charset=klingon", b"as=ada&body=x"),
        ("application/x-www-form-urlencoded", b"as=ada&body=%ff%fe\xff"),
        ("application/json", b'{"as": "ada", "body": "/sign"}'),
    ):
        async with site.visitor.post(f"{PETITION}/comments", data=data, headers={"Content-Type": kind}) as answer:
            assert answer.status == 400, kind
            assert "That did not come through" in await answer.text()
    assert site.petition.comments == []


async def test_other_sites_cannot_send_forms(site: Site) -> None:
    page = await site.post(
        f"{PETITION}/comments", {"as": "ada", "body": "/sign"}, status=403, Origin="https://elsewhere.example"
    )
    assert "came from another site" in page.text
    assert site.petition.comments == []


async def test_watchers_hear_of_changes_and_are_let_go(site: Site) -> None:
    async with site.visitor.get(f"{PETITION}/events") as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readuntil(b"\n\n") == b"retry: 1000\n\n"
        first = await stream.content.readuntil(b"\n\n")
        site.say("ada", "/sign")
        second = await stream.content.readuntil(b"\n\n")
        assert first != second
        assert {first[:14], second[:14]} == {b"event: change\n"}
        await site.sandbox.stop()
        assert await stream.content.read() == b""


async def test_watchers_hear_of_deliveries_that_changed_nothing(site: Site) -> None:
    async with site.visitor.get(f"{PETITION}/events") as stream:
        await stream.content.readuntil(b"data: ")
        before = await stream.content.readuntil(b"\n\n")
        site.sandbox.deliveries.url = f"{site.sandbox.web_url}/webhook"
        site.sandbox.deliveries.ping()
        await site.sandbox.settled()
        await stream.content.readuntil(b"data: ")
        assert await stream.content.readuntil(b"\n\n") != before
    assert "GitHub to bot: the webhook was set up ping · 202" in (await site.read()).text


async def test_pictures_are_drawn_for_everybody(site: Site) -> None:
    for login in ("ada", "undersigned[bot]", "lovelace"):
        user = site.sandbox.accounts.find(login)
        assert user is not None
        async with site.visitor.get(f"/avatars/u/{user.id}") as answer:
            assert answer.content_type == "image/svg+xml"
            assert (await answer.text()).startswith("<svg")
