"""Files are read from the default branch; of translations, what a folder lists as something else is left alone."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import cast

import pytest

from bot.github.errors import NotFound
from bot.github.installation_client import InstallationClient
from bot.github.repository_file_reader import RepositoryFiles
from bot.petition.letter_versions_and_translations import SIZE_LIMIT, TranslationFault, TranslationRead

COMMIT = [{"commit": {"committer": {"date": "2026-11-30T12:00:00Z"}}}]


class Answers:
    """The answers of a GitHub by what is asked of a repository."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def request(self, _method: str, url: str, _variables: object) -> SimpleNamespace:
        what = url.removeprefix("/repos/{owner}/{name}/")
        self.asked.append(what)
        found = self.answers.get(what.replace("contents/", "in_").replace("/", "_").partition("?")[0])
        if found is None:
            raise NotFound("Not Found")
        return SimpleNamespace(data=found)


def files(answers: Answers) -> RepositoryFiles:
    return RepositoryFiles(cast("InstallationClient", SimpleNamespace(session=answers)), "lovelace/letters")


def entry(path: str, type_: str = "file", size: int = 10) -> dict[str, object]:
    return {"path": path, "type": type_, "size": size}


def content(text: str) -> dict[str, object]:
    return {"type": "file", "encoding": "base64", "content": base64.encodebytes(text.encode()).decode()}


async def test_a_file_is_read_with_its_last_commit_and_each_folder_once() -> None:
    answers = Answers(
        in_=[entry("letters", "dir")], in_letters=[entry("letters/a#1.md"), entry("letters/b.md")], commits=COMMIT,
        **{"in_letters_a%231.md": content("Eins"), "in_letters_b.md": content("Zwei")},
    )  # fmt: skip
    reading = files(answers)
    assert await reading.read_translation("letters/a#1.md") == TranslationRead("Eins", 1796040000)
    assert await reading.read_translation("letters/b.md") == TranslationRead("Zwei", 1796040000)
    assert answers.asked == [
        "contents/",
        "contents/letters",
        "contents/letters/a%231.md",
        "commits?path=letters%2Fa%231.md&per_page=1",
        "contents/letters/b.md",
        "commits?path=letters%2Fb.md&per_page=1",
    ]


@pytest.mark.parametrize("kind", ["symlink", "submodule", "dir"])
async def test_a_link_is_not_followed(kind: str) -> None:
    answers = Answers(in_=[entry("a.md", kind)], **{"in_a.md": content("elsewhere")})
    assert await files(answers).read_translation("a.md") is TranslationFault.NOT_TEXT
    assert isinstance(await files(Answers(in_=[entry("x", kind)])).read_translation("x/a.md"), TranslationFault)
    assert answers.asked == ["contents/"]


async def test_a_submodule_that_is_listed_as_a_file_is_none() -> None:
    answers = Answers(in_=[entry("a.md", size=0)], **{"in_a.md": {"type": "submodule"}})
    assert await files(answers).read_translation("a.md") is TranslationFault.NOT_TEXT


async def test_what_is_too_large_is_not_fetched() -> None:
    answers = Answers(in_=[entry("a.md", size=SIZE_LIMIT + 1)])
    assert await files(answers).read_translation("a.md") is TranslationFault.TOO_LARGE
    assert answers.asked == ["contents/"]


async def test_a_file_is_missing_where_its_folder_lists_others_unless_the_list_is_cut() -> None:
    assert await files(Answers(in_=[entry("b.md")])).read_translation("a.md") is TranslationFault.MISSING
    assert await files(Answers()).read_translation("a.md") is TranslationFault.MISSING
    many = [entry(f"{number}.md") for number in range(1_000)]
    long = Answers(in_=many, commits=COMMIT, **{"in_z.md": content("Da")})
    assert await files(long).read_translation("z.md") == TranslationRead("Da", 1796040000)
    assert await files(Answers(in_=many)).read_translation("z.md") is TranslationFault.MISSING


async def test_a_file_is_listed_unless_a_whole_list_lacks_it() -> None:
    assert await files(Answers(in_=[entry("a.md")])).is_listed("a.md")
    assert not await files(Answers(in_=[entry("x", "dir")], in_x=[entry("x/b.md")])).is_listed("x/a.md")
    assert await files(Answers(in_=[entry(f"{number}.md") for number in range(1_000)])).is_listed("z.md")


async def test_without_a_commit_it_is_read_another_time() -> None:
    answers = Answers(in_=[entry("a.md")], commits=[], **{"in_a.md": content("Da")})
    assert await files(answers).read_translation("a.md") is TranslationFault.UNREADABLE
