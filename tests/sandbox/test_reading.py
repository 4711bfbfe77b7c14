"""Lists come in pages with links, unchanged things cost nothing, and `since` looks at `updated_at`."""

from sandbox.server import Sandbox
from sandbox.shapes import timestamp
from tests.sandbox.scene import Api, Clock

LETTERS = "/repos/lovelace/letters"
COMMENTS = f"{LETTERS}/issues/1/comments"


async def test_all_comments_are_found_by_following_the_links(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    written = [sandbox.comment(petition, f"person-{number}").id for number in range(250)]

    found: list[int] = []
    pages = 0
    url: str | None = f"{COMMENTS}?per_page=100"
    while url is not None:
        reply = await api.get(url)
        found += [one["id"] for one in reply.json]
        pages += 1
        url = reply.link("next")

    assert (found, pages) == (written, 3)


async def test_links_are_absolute_and_name_the_repository_by_its_number(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    for _ in range(5):
        sandbox.comment(petition, "ada")

    reply = await api.get(f"{COMMENTS}?per_page=2&page=2")

    base = f"{sandbox.api_url}/repositories/{petition.repository.id}/issues/1/comments?per_page=2"
    assert {rel: reply.link(rel) for rel in ("prev", "next", "last", "first")} == {
        "prev": f"{base}&page=1",
        "next": f"{base}&page=3",
        "last": f"{base}&page=3",
        "first": f"{base}&page=1",
    }
    assert "Link" not in (await api.get(COMMENTS)).headers
    beyond = await api.get(f"{COMMENTS}?per_page=2&page=9")
    assert (beyond.json, beyond.link("next")) == ([], None)


async def test_a_page_has_thirty_lines_unless_asked_and_never_more_than_a_hundred(
    sandbox: Sandbox, api: Api
) -> None:
    petition = sandbox.petition()
    for _ in range(120):
        sandbox.comment(petition, "ada")

    sizes = [
        len((await api.get(f"{COMMENTS}{query}")).json)
        for query in ("", "?per_page=100", "?per_page=500", "?per_page=x")
    ]

    assert sizes == [30, 100, 100, 30]


async def test_an_unchanged_thing_is_304_and_a_changed_one_is_not(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    signed = sandbox.comment(petition, "ada")
    paths = (
        f"{LETTERS}/issues/1",
        COMMENTS,
        f"{LETTERS}/issues?state=all",
        f"{LETTERS}/issues/comments/{signed.id}",
    )
    etags = {path: (await api.get(path)).headers["ETag"] for path in paths}

    for path, etag in etags.items():
        again = await api.get(path, If_None_Match=etag)
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", etag)

    sandbox.comments.edit(signed, signed.user, "/unsign")
    sandbox.issues.edit(petition, petition.user, title="New")
    for path, etag in etags.items():
        assert (await api.get(path, If_None_Match=etag)).status == 200


async def test_an_etag_may_be_good_for_one_token_only(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    sandbox.faults = type(sandbox.faults)(etag_by_token=True)
    etag = (await api.get(COMMENTS)).headers["ETag"]
    assert (await api.get(COMMENTS, If_None_Match=etag)).status == 304

    api.token = await api.new_token()

    assert (await api.get(COMMENTS, If_None_Match=etag)).status == 200


async def test_since_finds_what_was_updated_and_cannot_find_what_was_deleted(
    sandbox: Sandbox, api: Api, clock: Clock
) -> None:
    petition = sandbox.petition()
    first, second, third = (sandbox.comment(petition, login) for login in ("ada", "grace", "mary"))
    clock.pass_by(100)
    since = timestamp(clock.time)
    sandbox.comments.edit(first, first.user, "/unsign")
    sandbox.comments.hide(second, petition.user)
    sandbox.comments.delete(third, third.user)
    late = sandbox.comment(petition, "emmy")

    here = await api.get(f"{COMMENTS}?since={since}")

    assert [one["id"] for one in here.json] == [first.id, second.id, late.id]
    assert (await api.get(f"{COMMENTS}?since=yesterday")).status == 422


async def test_issues_are_listed_by_label_and_state_with_pull_requests_among_them(
    sandbox: Sandbox, api: Api
) -> None:
    letters = sandbox.repository()
    open_one, closed_one, other = sandbox.petition("A"), sandbox.petition("B"), sandbox.petition("C", label="bug")
    pull = sandbox.issues.open(letters, letters.owner, "D", labels=["Petition"], pull_request=True)
    sandbox.issues.close(closed_one, letters.owner)

    async def numbers(query: str) -> list[int]:
        return [one["number"] for one in (await api.get(f"{LETTERS}/issues{query}")).json]

    assert await numbers("") == [pull.number, other.number, open_one.number]
    assert await numbers("?labels=PETITION&state=all&direction=asc") == [
        open_one.number,
        closed_one.number,
        pull.number,
    ]
    assert await numbers("?state=closed") == [closed_one.number]
    assert await numbers("?labels=petition,bug") == []
    assert "pull_request" in (await api.get(f"{LETTERS}/issues/{pull.number}")).json
