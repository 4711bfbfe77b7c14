"""Read a page as a browser does, as far as tests ask."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser


class Read(HTMLParser):
    """A page's text, and what would be live in it."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.links: list[str] = []
        self.metas: dict[str, str] = {}
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        self.attributes.update(f"{tag} {name}" for name in given)
        self.links += [given[name] for name in ("href", "src", "action") if name in given]
        if tag == "meta":
            self.metas[given.get("name", given.get("property", ""))] = given.get("content", "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
