"""A site without a server: `sync` counts, `site` writes plain files, and nothing is in them that no page shows."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Author
from bot.petition.settings import PATH
from bot.store import Store
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.store.scene import Scene
from tests.web.html import Read
from tests.whole.command_line import run as run_command
from tests.whole.scene import scene
from tests.whole.site_runs import broken_links, texts, write_site
from tests.whole.workflow_runs import calls, clock, folders, github, run

__all__ = ["calls", "clock", "folders", "github"]

PAGE = "petitions/lovelace/letters/1/"
SITE = "https://lovelace.github.io/letters"


def signed(github: Sandbox, *logins: str) -> Issue:
    petition = github.petition("Open the archive")
    for login in logins:
        github.comment(petition, login, f"/sign {login.title()} Example, Analytical Engines\nBecause I read it.")
    return petition


async def written(github: Sandbox, folder: Path, *options: str) -> dict[str, str]:
    """Count, and write the site; gives its files."""
    await run(github, folder)
    code, _, err = await write_site(folder, folder / "site", *options)
    assert code == 0, err
    assert [*broken_links(folder / "site")] == []
    return texts(folder / "site")


async def test_a_site_has_the_whole_list_in_every_form_and_links_to_nothing_that_it_lacks(
    github: Sandbox, tmp_path: Path
) -> None:
    people = [f"person-{number}" for number in range(120)]
    signed(github, *people)
    files = await written(github, tmp_path)
    page = Read(files[PAGE + "index.html"])
    assert "120 people have signed" in page.text
    assert page.tags["blockquote"] == 120
    assert "Was I counted? Search this page for your GitHub login or name: press Ctrl + F" in page.text
    assert "This page was written on " in page.text
    assert (page.tags["form"], page.tags["script"], page.attributes["section data-live"]) == (0, 0, 0)
    assert "For organizers" not in page.text
    record = json.loads(files[PAGE + "petition.json"])
    assert [one["login"] for one in record["signatures"]] == people[::-1]
    assert (record["next"], record["petition"]["count"]) == (None, 120)
    rows = list(csv.DictReader(io.StringIO(files[PAGE + "signatures.csv"].removeprefix("\ufeff"), newline="")))
    assert [row["login"] for row in rows] == people
    assert ET.fromstring(files[PAGE + "feed.atom"]).tag.endswith("feed")  # noqa: S314 - we wrote it
    assert ">120<" in files[PAGE + "badge.svg"]
    assert json.loads(files[PAGE + "badge.json"])["message"] == "120"
    assert files[PAGE + "chart.svg"].startswith("<svg")
    assert (tmp_path / "site" / PAGE / "card.png").read_bytes().startswith(b"\x89PNG")
    front = Read(files["index.html"])
    assert "Open the archive" in front.text
    assert PAGE + "index.html" in front.links
    assert front.tags["form"] == front.tags["nav"] == 0


async def test_the_versions_of_the_letter_are_a_page_of_their_own(github: Sandbox, tmp_path: Path) -> None:
    petition = signed(github, "ada")
    await run(github, tmp_path)
    github.issues.edit(petition, petition.user, body="Dear all, please.")
    files = await written(github, tmp_path)
    assert "letter.html" in Read(files[PAGE + "index.html"]).links
    versions = Read(files[PAGE + "letter.html"])
    assert "Version 2" in versions.text
    assert "index.html" in versions.links


async def test_translations_are_pages_of_their_own_and_go_when_their_files_do(
    github: Sandbox, tmp_path: Path
) -> None:
    petition = signed(github, "ada")
    github.repositories.write_file(petition.repository, "letter.ar.md", "افتحوا الأرشيف.")
    github.repositories.write_file(petition.repository, PATH, "translations: {ar: letter.ar.md}\n")
    files = await written(github, tmp_path)
    page = files[PAGE + "letter.ar.html"]
    assert '<div class="markdown" lang="ar" dir="rtl"><p>افتحوا الأرشيف.' in page
    assert "canonical" not in page
    for name in ("index.html", "letter.html"):
        assert "letter.ar.html" in Read(files[PAGE + name]).links
    (listed,) = json.loads(files[PAGE + "petition.json"])["petition"]["translations"]
    assert listed["page"].endswith("/lovelace/letters/blob/HEAD/letter.ar.md")
    github.repositories.write_file(petition.repository, PATH, f"site: {SITE}\ntranslations: {{ar: letter.ar.md}}\n")
    files = await written(github, tmp_path)
    address = f"{SITE}/{PAGE}letter.ar.html"
    assert f"[العربية]({address})" in (petition.body or "")
    assert f'<link rel="canonical" href="{address}">' in files[PAGE + "letter.ar.html"]
    assert f'hreflang="ar" href="{address}"' in files[PAGE + "index.html"]
    assert json.loads(files[PAGE + "petition.json"])["petition"]["translations"][0]["page"] == address
    github.repositories.write_file(petition.repository, "letter.ar.md", None)
    assert PAGE + "letter.ar.html" not in await written(github, tmp_path)


async def test_no_text_of_strangers_becomes_a_tag_and_a_page_loads_nothing_from_elsewhere(
    github: Sandbox, tmp_path: Path
) -> None:
    petition = github.petition("<script>alert(1)</script>", 'Dear all, <script src="//x.example"></script>')
    github.comment(petition, "ada", '/sign <img src=//x.example onerror=alert(1)>\n"><script>alert(1)</script>')
    files = await written(github, tmp_path)
    for name in ("index.html", PAGE + "index.html", PAGE + "letter.html"):
        page = Read(files[name])
        assert (page.tags["script"], page.attributes["img onerror"]) == (0, 0), name
        # The policy that a server sends is in the page.
        assert "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'" in files[name]


async def test_who_asked_not_to_be_listed_is_in_no_file(github: Sandbox, tmp_path: Path) -> None:
    petition = signed(github, "ada")
    github.comment(petition, "shy-person", "/sign unlisted Shy Person, Hidden Works")
    files = await written(github, tmp_path)
    assert "2 people have signed" in files[PAGE + "index.html"]
    assert "1 person who signed asked not to be listed." in files[PAGE + "index.html"]
    for words in ("shy-person", "Shy Person", "Hidden Works"):
        assert [name for name, text in files.items() if words in text] == []


async def test_where_organizers_show_only_how_many_no_file_tells_who(github: Sandbox, tmp_path: Path) -> None:
    petition = signed(github, "ada-of-ockham", "grace-of-yale")
    github.repositories.write_file(petition.repository, PATH, "show: count")
    files = await written(github, tmp_path)
    assert "2 people have signed" in files[PAGE + "index.html"]
    assert {PAGE + "signatures.csv", PAGE + "feed.atom"} & files.keys() == set()
    assert [name for name, text in files.items() if "of-ockham" in text or "Analytical" in text] == []
    github.repositories.write_file(petition.repository, PATH, "roster: private")
    files = await written(github, tmp_path)
    assert {PAGE + "signatures.csv", PAGE + "feed.atom"} & files.keys() == set()
    assert [name for name, text in files.items() if "of-ockham" in text or "Analytical" in text] == []
    github.repositories.write_file(petition.repository, PATH, "show: [affiliation]")
    files = await written(github, tmp_path)
    assert {name for name, text in files.items() if "Analytical" in text} >= {PAGE + "signatures.csv"}
    assert [name for name, text in files.items() if "Example" in text or "I read it" in text] == []


async def test_who_withdraws_and_what_is_removed_is_gone_after_the_next_run(
    github: Sandbox, tmp_path: Path
) -> None:
    petition = signed(github, "ada-of-ockham", "grace-of-yale")
    other = github.petition("Another letter")
    files = await written(github, tmp_path)
    assert "petitions/lovelace/letters/2/index.html" in files
    (comment, *_) = petition.comments
    github.comments.delete(comment, comment.user)
    github.issues.delete(other, other.repository.owner)
    files = await written(github, tmp_path)
    assert [name for name, text in files.items() if "of-ockham" in text or "Another letter" in text] == []
    assert "petitions/lovelace/letters/2/index.html" not in files


async def test_who_was_forgotten_is_a_signature_without_a_name(github: Sandbox, tmp_path: Path) -> None:
    signed(github, "ada-of-ockham", "grace-of-yale")
    await run(github, tmp_path)
    code, _, err = await run_command("forget", "@ada-of-ockham", DATABASE_URL=f"sqlite:///{tmp_path}/counted.db")
    assert code == 0, err
    assert (await write_site(tmp_path, tmp_path / "site"))[0] == 0
    files = texts(tmp_path / "site")
    assert "not named" in files[PAGE + "index.html"]
    assert "2 people have signed" in files[PAGE + "index.html"]
    assert [name for name, text in files.items() if "of-ockham" in text] == []


async def test_a_paused_petition_keeps_its_page_and_leaves_the_list(github: Sandbox, tmp_path: Path) -> None:
    petition = signed(github, "ada")
    await run(github, tmp_path)
    github.issues.unlabel(petition, petition.repository.owner, "petition")
    files = await written(github, tmp_path)
    assert "Counting is paused" in files[PAGE + "index.html"]
    assert "There are no petitions here yet" in files["index.html"]


async def test_the_block_links_to_the_site_that_the_settings_name_and_the_pages_know_their_address(
    github: Sandbox, tmp_path: Path
) -> None:
    petition = signed(github, "ada")
    files = await written(github, tmp_path)
    assert "github.io" not in (petition.body or "")
    assert Read(files[PAGE + "index.html"]).metas.keys() & {"og:url", "og:image"} == set()
    assert json.loads(files[PAGE + "petition.json"])["petition"]["page"].endswith("/lovelace/letters/issues/1")
    github.repositories.write_file(petition.repository, PATH, f"site: {SITE}/")
    files = await written(github, tmp_path)
    body, page = petition.body or "", Read(files[PAGE + "index.html"])
    assert f"[Was I counted?]({SITE}/{PAGE}#roster)" in body
    assert f"({SITE}/{PAGE}signatures.csv)" in body
    assert f"[anybody can recount]({SITE}/{PAGE}#recount)" in body
    assert (page.metas["og:url"], page.metas["og:image"]) == (f"{SITE}/{PAGE}", f"{SITE}/{PAGE}card.png")
    assert f"[![signatures]({SITE}/{PAGE}badge.svg)]({SITE}/{PAGE})" in page.text
    assert json.loads(files[PAGE + "petition.json"])["petition"]["page"] == f"{SITE}/{PAGE}"
    # Each of these leads to a file, or to a place in one.
    for link in {part.partition(")")[0] for part in body.split("](")[1:]}:
        if link.startswith(SITE):
            path, _, place = link.removeprefix(f"{SITE}/").partition("#")
            text = files[path + "index.html" if path.endswith("/") else path]
            assert not place or f'id="{place}"' in text


async def test_a_server_links_to_its_own_pages_whatever_the_settings_say(sqlite_url: str) -> None:
    async with scene(sqlite_url, start=False) as stage:
        stage.public_url = "https://petitions.example.org"
        await stage.start_bot()
        petition = stage.petition()
        stage.sandbox.repositories.write_file(petition.repository, PATH, f"site: {SITE}")
        stage.sign(petition, "ada")
        body = await stage.shows(petition, 1)
        assert "(https://petitions.example.org/petitions/lovelace/letters/1#roster)" in body
        assert SITE not in body


async def test_private_repositories_are_left_out_unless_told_otherwise(tmp_path: Path) -> None:
    database, site = tmp_path / "counted.db", tmp_path / "site"
    async with scene(f"sqlite:///{database}") as stage:
        secret = stage.sandbox.repository("lovelace/secrets", private=True)
        hidden = stage.sandbox.petition("A hidden letter", repository=secret)
        shown = stage.petition(title="A letter for all")
        stage.sandbox.repositories.write_file(secret, PATH, f"site: {SITE}")
        for petition in (hidden, shown):
            stage.sign(petition, "ada-of-ockham")
            await stage.shows(petition, 1)
        assert "github.io" not in (hidden.body or "")
        code, out, _ = await write_site(tmp_path, site)
        assert (code, out.splitlines()[0].partition(": ")[2][:11]) == (0, "1 petition,")
        assert "1 petition of private repositories left out" in out
        assert [name for name, text in texts(site).items() if "hidden letter" in text or "secrets" in text] == []
        code, _, _ = await write_site(tmp_path, site, "--include-private", "lovelace/secrets")
        page = Read(texts(site)["petitions/lovelace/secrets/1/index.html"])
        assert (code, page.metas["robots"]) == (0, "noindex, nofollow")
        assert "A letter for all" not in texts(site)["index.html"]
        assert "A hidden letter" in texts(site)["index.html"]
        assert [*broken_links(site)] == []
        assert "key=" not in "".join(texts(site).values())
        # What is private from now on leaves the site.
        code, _, _ = await write_site(tmp_path, site, "lovelace/secrets")
        assert [name for name, text in texts(site).items() if "hidden letter" in text] == []


async def test_a_site_is_of_one_repository_or_of_all(tmp_path: Path) -> None:
    async with scene(f"sqlite:///{tmp_path / 'counted.db'}") as stage:
        other = stage.sandbox.petition("Another letter", repository=stage.sandbox.repository("hopper/.github"))
        for petition in (stage.petition(), other):
            stage.sign(petition, "ada")
            await stage.shows(petition, 1)
        await write_site(tmp_path, tmp_path / "all")
        await write_site(tmp_path, tmp_path / "one", "LOVELACE/Letters")
    names = {name for name in texts(tmp_path / "all") if name.endswith("1/index.html")}
    assert names == {PAGE + "index.html", "petitions/hopper/~.github/1/index.html"}
    assert [*broken_links(tmp_path / "all")] == []
    assert "Another letter" not in "".join(texts(tmp_path / "one").values())


async def test_a_folder_of_somebody_elses_is_refused(github: Sandbox, tmp_path: Path) -> None:
    signed(github, "ada")
    await run(github, tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("mine", "utf-8")
    code, out, err = await write_site(tmp_path, tmp_path / "mine")
    assert (code, out) == (2, "")
    assert "holds files that `site` has not written. Name a new or empty folder" in err
    assert texts(tmp_path / "mine") == {"index.html": "mine"}


async def test_a_folder_that_cannot_be_written_is_said(github: Sandbox, tmp_path: Path) -> None:
    signed(github, "ada")
    await run(github, tmp_path)
    code, _, err = await write_site(tmp_path, tmp_path / "counted.db" / "site")
    assert code == 1
    assert "cannot be written: Not a directory" in err


async def test_without_a_database_or_with_an_unknown_repository_nothing_is_written(
    github: Sandbox, tmp_path: Path
) -> None:
    code, _, err = await write_site(tmp_path, tmp_path / "site")
    assert code == 1
    assert "does not exist" in err
    signed(github, "ada")
    await run(github, tmp_path)
    code, _, err = await write_site(tmp_path, tmp_path / "site", "lovelace/leters")
    assert code == 2
    assert "lovelace/leters has no petition in this database. Is the name right?" in err
    (tmp_path / "counted.db").write_bytes(b"nothing of ours" * 1_000)
    code, _, err = await write_site(tmp_path, tmp_path / "site")
    assert (code, "Traceback" in err) == (1, False)
    assert not (tmp_path / "site").exists()


async def test_before_the_first_petition_the_front_page_says_how_to_begin(github: Sandbox, tmp_path: Path) -> None:
    github.repository()
    await run(github, tmp_path)
    code, _, err = await write_site(tmp_path, tmp_path / "site", "lovelace/letters")
    assert code == 2
    assert "see that an issue there carries the label" in err
    code, out, _ = await write_site(tmp_path, tmp_path / "site")
    assert code == 0
    assert "There is no public petition yet; the front page says how to begin one." in out
    assert "GitHub App" not in texts(tmp_path / "site")["index.html"]
    assert [*broken_links(tmp_path / "site")] == []


async def test_ten_thousand_people_are_on_one_page(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'counted.db'}")
    petition = Scene(store)
    await petition.label()
    facts = [petition.fact(Author(100_000 + number, f"p{number}"), Sign("Ada")) for number in range(10_000)]
    for begin in range(0, len(facts), 500):
        await store.record(facts[begin : begin + 500])
    await store.close()
    code, _, err = await write_site(tmp_path, tmp_path / "site")
    assert code == 0, err
    page = texts(tmp_path / "site")["petitions/acme/letters/7/index.html"]
    assert page.count('class="entry"') == 10_000
    assert len(page) < 8_000_000
