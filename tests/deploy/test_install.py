"""README's *Run the bot*, typed line by line into a folder that had nothing in it, up to a counted signature."""

from __future__ import annotations

import asyncio
import html
import re
import socket
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from sandbox.server import Sandbox
from tests.deploy.bare import ROOT, link, plain_environment, push
from tests.whole.command_line import read_until
from tests.whole.scene import Scene

INSTALL = "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt"


def typed() -> list[str]:
    """Give the lines that the section tells people to type."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## Run the bot\n")[2].partition("\n## ")[0]
    assert re.findall(r"^(\d)\. ", section, re.MULTILINE) == ["1", "2", "3", "4", "5"]
    return [
        line.strip() for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in block.splitlines()
    ]


async def test_five_steps_from_an_empty_folder_to_a_counted_signature(tmp_path: Path) -> None:
    home, sandbox = tmp_path / "clone", Sandbox()
    installing, key, serve, doctor = [line for line in typed() if line.strip()]
    assert installing == INSTALL
    push(home)
    await asyncio.to_thread(link, home, home / ".venv")
    await sandbox.start()
    repository = sandbox.repositories.get_or_create("lovelace/letters")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    environment = plain_environment() | {
        "GITHUB_API_URL": sandbox.api_url, "HOST": "127.0.0.1", "PORT": port, "LOG_FORMAT": "json",
    }  # fmt: skip
    assert "PUBLIC_URL=https://YOUR-HOST " in serve
    serve = serve.replace("https://YOUR-HOST", f"http://127.0.0.1:{port}")
    made = await shell(key, home, environment)
    assert (await made.communicate(), made.returncode) == ((b"", b""), 0)
    assert (home / "secret.key").stat().st_mode & 0o077 == 0

    bot = await shell(f"exec env {serve}", home, environment)
    try:
        address = await read_until(bot.stderr, r'"open": "([^"]+)"')
        assert address.startswith(f"http://127.0.0.1:{port}/setup?token=")
        await set_up(address, sandbox)
        petition = sandbox.petition(repository=repository)
        sandbox.comment(petition, "ada", "/sign Ada Lovelace")
        assert "Ada Lovelace" in await Scene(sandbox, "").shows(petition, 1)
        examined = await shell(doctor, home, environment)
        out, err = await examined.communicate()
        assert (examined.returncode, err) == (0, b""), out.decode()
    finally:
        bot.terminate()
        await bot.communicate()
        await sandbox.stop()


async def set_up(link: str, sandbox: Sandbox) -> None:
    """Do in step 4 what a browser does: come in, look it over, create, install, wait for the first delivery."""
    home = "{0.scheme}://{0.netloc}".format(urlsplit(link))
    # A connection for each request: the set-up hands over to the bot in between, and hangs up on who is idle. A
    # browser would ask once more by itself.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(link) as page:
            assert "Create your GitHub App" in await page.text()
        wishes = {"name": "Our letters", "public_url": home}
        async with session.get(f"{home}/setup/review", params=wishes) as page:
            form = re.search(r'action="([^"]+)">\s*<input .*name="manifest" value="([^"]+)"', await page.text())
            assert form
        manifest = {"manifest": html.unescape(form[2])}
        async with session.post(html.unescape(form[1]), data=manifest) as page:
            assert page.status == 200
        async with session.post(
            f"{sandbox.web_url}/apps/our-letters/installations/new", data={"account": "lovelace"}
        ):
            pass
        async with asyncio.timeout(60):
            while not (await progress(session, home))["delivered"]:  # noqa: ASYNC110 - the page looks again and again too
                await asyncio.sleep(0.05)


async def progress(session: aiohttp.ClientSession, home: str) -> dict[str, object]:
    try:
        async with session.get(f"{home}/setup/status") as answer:
            found: dict[str, object] = await answer.json() if answer.ok else {"delivered": False}
            return found
    except aiohttp.ServerDisconnectedError:
        # It hands over just now; a browser asks once more by itself.
        return {"delivered": False}


async def shell(line: str, folder: Path, environment: dict[str, str]) -> Process:
    return await asyncio.create_subprocess_exec(
        "bash", "-c", line, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE
    )
