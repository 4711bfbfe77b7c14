"""Sites that `site` writes from what `sync` has counted, and a plain web server that has them below a path."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aiohttp import web

from tests.web.html import Read
from tests.whole.command_line import run

BELOW = "/letters"
"""The path at which GitHub Pages has the site of a repository `letters`."""


async def write_site(database: Path, out: Path, *options: str) -> tuple[int | None, str, str]:
    """Run `site` on the database of `workflow_runs.run`."""
    url = f"sqlite:///{database / 'counted.db'}"
    return await run("site", *options, "--out", str(out), DATABASE_URL=url)


def texts(site: Path) -> dict[str, str]:
    """Return the text of each file of a site but its pictures, by name."""
    return {
        path.relative_to(site).as_posix(): path.read_text("utf-8")
        for path in sorted(site.rglob("*"))
        if path.is_file() and path.suffix != ".png"
    }


def broken_links(site: Path) -> Iterator[str]:
    """Yield each link of a page that leads to no file of the site, or to no place in it."""
    pages = {name: text for name, text in texts(site).items() if name.endswith(".html")}
    assert pages
    for name, text in pages.items():
        for link in Read(text).links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//"):
                continue
            path = (site / name).parent / unquote(parts.path) if parts.path else site / name
            resolved = path.resolve()
            if parts.path.startswith("/") or not resolved.is_relative_to(site.resolve()) or not resolved.is_file():
                yield f"{name}: {link}"
            elif parts.fragment and f'id="{parts.fragment}"' not in resolved.read_text("utf-8"):
                yield f"{name}: nothing is called #{parts.fragment} there"


@asynccontextmanager
async def hosted(site: Path) -> AsyncIterator[str]:
    """Serve a folder below `BELOW` and nothing else; gives the address of its front page."""

    async def send(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        path = site / f"{name}index.html" if name.endswith("/") or not name else site / name
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path)

    application = web.Application()
    application.router.add_get(f"{BELOW}/{{name:.*}}", send)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{BELOW}/"
    finally:
        await runner.cleanup()
