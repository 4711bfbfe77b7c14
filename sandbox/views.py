"""The page's templates, and what they say of the models: who somebody is here, when something was, who reacted."""

from __future__ import annotations

import colorsys
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import jinja2
from aiohttp import web
from markupsafe import Markup

from sandbox.markdown import render
from sandbox.models import HIDE_REASONS, REACTIONS, Comment, Issue, Reaction, Repository, User
from sandbox.shapes import timestamp
from sandbox.world import World

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SHOWN_COMMENTS = 30
"""Comments on the page until somebody asks for all; GitHub folds long threads too."""
CAST = 8
"""People offered as speakers; anybody else is a name typed into the box beside them."""


def environment() -> jinja2.Environment:
    """Return the templates with the functions that they call."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("sandbox"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"iso": timestamp, "date": _date, "clock": _clock, "profile": _profile}
    made.globals |= {"badge": _badge, "editors": _editors, "markdown": _markdown, "grouped": _grouped}
    return made


def leading_away(text: str, address: str) -> web.Response:
    """Return a page whose form may send the browser on to another address."""
    home = urlsplit(address)
    policy = POLICY.replace("form-action 'self'", f"form-action 'self' {home.scheme}://{home.netloc}")
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})


def sent_on(request: web.Request, address: str, query: Mapping[str, str]) -> web.HTTPFound:
    """Build a redirect to an address with more of a query, and with the `state` that the browser came with."""
    state = {"state": request.query["state"]} if "state" in request.query else {}
    return web.HTTPFound(f"{address}{'&' if urlsplit(address).query else '?'}{urlencode({**query, **state})}")


def issue_values(world: World, issue: Issue, *, speaker: User | None, everything: bool) -> dict[str, object]:
    """Return what the issue's template shows; `speaker` is preselected in the comment box."""
    host = organizer(issue.repository, users := list(world.users.values()))
    visible = issue.visible_comments
    shown = visible if everything else visible[-SHOWN_COMMENTS:]
    cast = _cast(host, users, speaker)
    first = next((who for who in cast if not _badge(who, issue.repository)), cast[0])
    return {
        "issue": issue,
        "edits": sum(edit.editor is world.app.bot for edit in issue.edits),
        "hide_reasons": HIDE_REASONS,
        "path": issue_path(issue),
        "body_digest": hashlib.sha256((issue.body or "").encode("utf-8", "surrogatepass")).hexdigest()[:16],
        "other_labels": [label.name for label in issue.repository.labels.values() if label not in issue.labels],
        "comments": shown,
        "total": len(visible),
        "organizer": host,
        "cast": cast,
        "speaker": (speaker or first).login,
    }


def organizer(repository: Repository, users: Iterable[User]) -> User:
    """Find the person who looks after the repository: its owner, or the first with write access to it."""
    if repository.owner.type == "User":
        return repository.owner
    people = (user for user in users if user.type == "User" and not user.deleted)
    return next((user for user in people if _may_moderate(repository, user)), repository.owner)


def issue_path(issue: Issue) -> str:
    """Return the path of the issue's page."""
    return f"/{issue.repository.full_name}/issues/{issue.number}"


_EMOJI = dict(zip(REACTIONS, "👍👎😄😕❤🎉🚀👀", strict=True))
_NAMES = {"+1": "thumbs up", "-1": "thumbs down"}


def _may_moderate(repository: Repository, user: User) -> bool:
    """Check write access, which is what editing, hiding and deleting for others takes."""
    return user is repository.owner or repository.roles.get(user.id) in {"write", "maintain", "admin"}


def _cast(host: User, users: Sequence[User], speaker: User | None) -> list[User]:
    """Choose who is offered as a speaker: the first people to come, the organizer, and whoever speaks now."""
    people = [user for user in users if user.type == "User" and not user.deleted and user is not host]
    chosen = people[: CAST - 1]
    return [*chosen, *(user for user in people[CAST - 1 :] if user is speaker), host]


def _profile(user: User) -> str:
    return f"apps/{user.login.removesuffix('[bot]')}" if user.type == "Bot" else user.login


def _badge(user: User, repository: Repository) -> str:
    return "bot" if user.type == "Bot" else "organizer" if _may_moderate(repository, user) else ""


def _editors(comment: Comment, host: User) -> list[str]:
    """List the logins that may edit and delete a comment, the author first."""
    writes = comment.user.type == "User" and not comment.user.deleted
    return list(dict.fromkeys([*([comment.user.login] if writes else []), host.login]))


def _markdown(text: str | None, repository: Repository) -> Markup:
    return render(text or "", repository.full_name)


def _grouped(reactions: Sequence[Reaction]) -> Iterable[tuple[str, str, list[str]]]:
    """Return each emoji that somebody gave, its name, and who gave it."""
    for content in REACTIONS:
        logins = [reaction.user.shown.login for reaction in reactions if reaction.content == content]
        if logins:
            yield _EMOJI[content], _NAMES.get(content, content), logins


def _date(at: float) -> str:
    time = datetime.fromtimestamp(int(at), UTC)
    return f"{time.day} {time:%b %Y, %H:%M}"


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(int(at), UTC):%H:%M:%S}"


def picture_values(user: User) -> dict[str, object]:
    """Return what the picture's template draws: two colours and the initials for a person, a face for a bot."""
    seed = hashlib.sha256(str(user.id).encode()).digest()
    hue = int.from_bytes(seed[:2], "big") / 65536
    return {
        "dark": _colour(hue, 0.34),
        "light": _colour((hue + 0.06) % 1, 0.44),
        "turn": seed[2] * 360 // 256,
        "letters": None if user.type == "Bot" else _initials(user),
    }


def _initials(user: User) -> str:
    parts = [part for part in user.login.replace("_", "-").split("-") if part] or ["?"]
    letters = parts[0][0] + parts[1][0] if len(parts) > 1 else parts[0][:2]
    return letters.upper()


def _colour(hue: float, lightness: float) -> str:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.5)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
