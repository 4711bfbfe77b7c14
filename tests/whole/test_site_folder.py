"""The folder of a site: what a run wrote before and not now goes, and nothing of anybody else's is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.site import LIST, NotOurs, open_folder


def write(folder: Path, *names: str, text: str = "new") -> int:
    opened = open_folder(folder)
    for name in names:
        opened.write(name, text.encode())
    return opened.finish()


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {LIST}


def test_what_is_not_written_again_is_deleted_with_its_folders(tmp_path: Path) -> None:
    site = tmp_path / "new" / "site"
    assert write(site, "index.html", "petitions/a/b/1/index.html", "petitions/a/b/2/index.html", text="old") == 0
    assert write(site, "index.html", "petitions/a/b/2/index.html") == 1
    assert files(site) == {"index.html", "petitions/a/b/2/index.html"}
    assert (site / "index.html").read_text("utf-8") == "new"
    assert not (site / "petitions/a/b/1").exists()
    assert write(site, "index.html") == 1
    assert files(site) == {"index.html"}
    assert not (site / "petitions").exists()


@pytest.mark.parametrize("name", ["letter.txt", "index.html", ".gitignore"])
def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine", "utf-8")
    with pytest.raises(NotOurs, match="holds files that `site` has not written"):
        write(tmp_path, "index.html")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text("utf-8") == "mine"


def test_what_somebody_puts_into_the_folder_stays(tmp_path: Path) -> None:
    write(tmp_path, "a/1/index.html")
    for name in ("CNAME", "a/1/mine.txt"):
        (tmp_path / name).write_text("mine", "utf-8")
    write(tmp_path, "index.html")
    assert files(tmp_path) == {"CNAME", "a/1/mine.txt", "index.html"}


def test_what_somebody_puts_in_the_place_of_a_file_is_not_written_over(tmp_path: Path) -> None:
    write(tmp_path, "a.html")
    (tmp_path / "b.html").write_text("mine", "utf-8")
    with pytest.raises(NotOurs, match=r"b\.html is in the way"):
        write(tmp_path, "a.html", "b.html")
    assert (tmp_path / "b.html").read_text("utf-8") == "mine"


def test_what_a_run_wrote_that_was_ended_half_way_the_next_one_knows(tmp_path: Path) -> None:
    write(tmp_path, "old.html", "kept.html")
    opened = open_folder(tmp_path)
    opened.write("half.html", b"half")
    # It ends here, with the next file not yet in its place.
    (tmp_path / "half.html").rename(tmp_path / "half.html.undersigned-new")
    assert write(tmp_path, "kept.html", "new.html") == 2
    assert files(tmp_path) == {"kept.html", "new.html"}


@pytest.mark.parametrize("name", ["../mine.txt", "a/../../mine.txt", "/etc/mine.txt", "a/./b", "a b", ""])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    site, mine = tmp_path / "site", tmp_path / "mine.txt"
    mine.write_text("mine", "utf-8")
    with pytest.raises(NotOurs, match="leads out of"):
        write(site, name)
    write(site, "index.html")
    with (site / LIST).open("a", encoding="utf-8") as listed:
        listed.write(f"{name}\n")
    with pytest.raises(NotOurs, match="leads out of"):
        write(site, "index.html")
    assert mine.read_text("utf-8") == "mine"


def test_a_link_leads_nowhere_out_of_the_folder(tmp_path: Path) -> None:
    site, other = tmp_path / "site", tmp_path / "other"
    write(site, "a/index.html")
    other.mkdir()
    (other / "index.html").write_text("mine", "utf-8")
    (site / "a/index.html").unlink()
    (site / "a").rmdir()
    (site / "a").symlink_to(other)
    for names in (["a/index.html"], ["index.html"]):
        with pytest.raises(NotOurs, match="leads out of"):
            write(site, *names)
    assert (other / "index.html").read_text("utf-8") == "mine"


@pytest.mark.parametrize("name", ["index.html", "new.html", LIST])
def test_no_link_that_somebody_puts_where_a_file_is_written_leads_out(tmp_path: Path, name: str) -> None:
    site, mine = tmp_path / "site", tmp_path / "mine.txt"
    write(site, "index.html")
    mine.write_text("mine", "utf-8")
    (site / f"{name}.undersigned-new").symlink_to(mine)
    write(site, "index.html", "new.html")
    assert (site / name).is_file()
    assert not (site / name).is_symlink()
    assert mine.read_text("utf-8") == "mine"


def test_a_link_in_the_place_of_the_list_or_of_a_file_is_refused(tmp_path: Path) -> None:
    site, mine = tmp_path / "site", tmp_path / "mine.txt"
    write(site, "index.html")
    (site / "new.html").symlink_to(mine)
    with pytest.raises(NotOurs, match=r"new\.html is in the way"):
        write(site, "index.html", "new.html")
    mine.write_bytes((site / LIST).read_bytes())
    before = mine.read_bytes()
    (site / LIST).unlink()
    (site / LIST).symlink_to(mine)
    with pytest.raises(NotOurs, match="is a link to somewhere else"):
        write(site, "other.html")
    assert mine.read_bytes() == before


def test_a_name_that_a_full_disk_has_cut_off_in_the_list_is_in_nobodys_way(tmp_path: Path) -> None:
    write(tmp_path, "static/mark.svg", "index.html")
    with (tmp_path / LIST).open("a", encoding="utf-8") as listed:
        listed.write("static")
    # The next run is ended half-way as well.
    open_folder(tmp_path).write("half.html", b"half")
    assert write(tmp_path, "static/mark.svg", "index.html") == 1
    assert files(tmp_path) == {"static/mark.svg", "index.html"}
