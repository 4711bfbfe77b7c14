"""Where a petition can be read: on GitHub, and on our pages when they can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from msgspec import Struct

from bot.petition.facts_from_github import Repository

GITHUB = "https://github.com"

SIGNED_IN = "/organizers/signed-in"
"""Where GitHub sends the browser of whoever has signed in; the App has to name it as a callback URL."""


class Site(Struct, frozen=True):
    """GitHub's site, which a GitHub Enterprise Server has somewhere else."""

    url: str = GITHUB

    def person(self, login: str) -> str:
        """Return the address of somebody's profile."""
        return f"{self.url}/{quote(login, safe='')}"

    def issue(self, repository: Repository, number: int) -> str:
        """Return the address of an issue."""
        return f"{self.url}/{_path(repository)}/issues/{number}"

    def file(self, repository: Repository, path: str) -> str:
        """Return the address of a file on the default branch."""
        return f"{self.url}/{_path(repository)}/blob/HEAD/{quote(path)}"

    def comment(self, repository: Repository, number: int, comment_id: int) -> str:
        """Return the address of a comment on an issue."""
        return f"{self.issue(repository, number)}#issuecomment-{comment_id}"

    def comment_box(self, repository: Repository, number: int) -> str:
        """Return the address where one writes a new comment."""
        return f"{self.issue(repository, number)}#new_comment_field"


class Pages(Struct, frozen=True):
    """Our pages about one petition, below `base`; `key` opens those of a private repository."""

    base: str
    repository: Repository
    number: int
    key: str | None = None

    @property
    def roster(self) -> str:
        """Return the address of the page."""
        return self.of("")

    def translation(self, language: str) -> str:
        """Return the address of the letter in another language."""
        return self.of(f"/letter/{quote(language, safe='')}")

    def of(self, what: str, **query: str) -> str:
        """Return the address of one form of the petition, such as `.csv` or `/badge.svg`."""
        asked = urlencode({**({"key": self.key} if self.key else {}), **query})
        path = f"/petitions/{_path(self.repository)}/{self.number}{what}"
        return f"{self.base}{path}?{asked}" if asked else f"{self.base}{path}"


SITE_FILES: Final[Mapping[str, str]] = {
    "": "index.html",
    "/letter": "letter.html",
    ".csv": "signatures.csv",
    ".json": "petition.json",
    "/badge.json": "badge.json",
    "/badge.svg": "badge.svg",
    "/card.png": "card.png",
    "/chart.svg": "chart.svg",
    "/feed.atom": "feed.atom",
}
"""The file of each form of a petition that `site` writes; a server has more forms."""


class SitePages(Pages, frozen=True):
    """The files about one petition that `site` writes; `base` leads to their folder, with a slash at its end.

    `index` is how their page is linked: by the name of its file, or by the folder where a web server knows it.
    """

    index: str = SITE_FILES[""]

    def of(self, what: str, **_query: str) -> str:
        """Return the address of one form of the petition; of what only a server has, that of the page."""
        return self.base + (SITE_FILES.get(what) or self.index if what else self.index)

    def translation(self, language: str) -> str:
        """Return the address of the letter in another language."""
        return f"{self.base}{translation_site_file(language)}"


def translation_site_file(language: str) -> str:
    """Return the file of a translation that `site` writes."""
    return f"letter.{language}.html"


def site_folder(repository: Repository, number: int) -> str:
    """Return the folder of a petition's files below a site, with a slash at its end."""
    # What uploads a site for GitHub Pages leaves out all names with a dot in front.
    name = f"~{repository.name}" if repository.name.startswith(".") else repository.name
    return f"petitions/{repository.owner}/{name}/{number}/"


def published_pages(site_url: str, repository: Repository, number: int) -> SitePages:
    """Return a petition's files as the site at an address has them."""
    return SitePages(f"{site_url}/{site_folder(repository, number)}", repository, number, index="")


def pages_of(base: str, repository: Repository, number: int, key: str) -> Pages:
    """Return a petition's pages; only where the repository is private do their addresses carry the key."""
    return Pages(base, repository, number, key if repository.private else None)


class Addresses(Struct, frozen=True):
    """GitHub's site, and where our pages can be reached from outside, if anywhere.

    `lets_sign_in`: organizers can sign in there, and read what is for them alone.
    """

    site: Site = Site()
    public_url: str | None = None
    lets_sign_in: bool = False

    def pages(self, repository: Repository, number: int, key: str, site_url: str | None = None) -> Pages | None:
        """Return a petition's pages as others reach them; None where they do not.

        Without a server of ours these are the files at `site_url`, which has none of a private repository.
        """
        if self.public_url:
            return pages_of(self.public_url, repository, number, key)
        return published_pages(site_url, repository, number) if site_url and not repository.private else None


def _path(repository: Repository) -> str:
    return f"{quote(repository.owner, safe='')}/{quote(repository.name, safe='')}"
