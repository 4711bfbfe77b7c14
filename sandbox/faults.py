"""Everything GitHub is known to do to a bot on a bad day: seeded, reproducible, and off by default.

`Faults` says how often, `FaultInjector` draws. Shares are between 0 and 1. Deliveries and API requests draw from
separate streams, so that the one does not disturb the other.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from sandbox import shapes
from sandbox.models import Comment, Issue, JsonObject
from sandbox.world import Event, World

T = TypeVar("T", bound=Enum)


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong."""

    seed: int = 0

    lost: float = 0.0
    """Share of deliveries that do not reach the bot and are logged as failed, to be redelivered on request."""
    vanished: float = 0.0
    """Share of deliveries that are neither sent nor logged."""
    doubled: float = 0.0
    """Share of deliveries that are sent twice under one GUID."""
    late: float = 0.0
    """Share of deliveries that are held back and come after up to five later ones, or after `quiet_seconds`."""
    unanswered: float = 0.0
    """Share of deliveries that arrive but whose answer is lost, so that they are logged as timed out."""
    quiet_seconds: float = 0.2
    """Real seconds without other deliveries after which the held ones go."""

    lag_seconds: float = 0.0
    """Seconds by which the API's reads lag behind deliveries: 404 or old data."""
    token_lag_seconds: float = 0.0
    """Seconds for which a fresh installation token is answered with 401 or 403."""
    etag_by_token: bool = False
    """Whether an ETag is good for one token only."""

    where: str = ""
    """Limits the faults below to requests whose `METHOD /path` contains this."""
    server_error: float = 0.0
    """Share of requests answered 502 `Server Error`."""
    unavailable: float = 0.0
    """Share of requests answered 503."""
    truncated: float = 0.0
    """Share of requests whose answer breaks off in the middle of its body."""
    hanging: float = 0.0
    """Share of requests that are not answered for `hang_seconds`, then with 502."""
    hang_seconds: float = 11.0
    applied_anyway: float = 0.0
    """Share of the writes that fail in one of these four ways although they were carried out."""
    primary: float = 0.0
    """Share of requests refused as over the hourly budget."""
    secondary: float = 0.0
    """Share of requests refused by a secondary limit, with `retry-after` or without."""
    throttle_seconds: int = 1
    """What such a refusal asks the client to wait."""
    graphql_error: float = 0.0
    """Share of GraphQL requests answered 200 with errors and no data."""
    reactions_missing: bool = False
    """Whether the reactions API answers 404, as where it does not exist."""
    reactions_failing: float = 0.0
    """Share of requests for reactions answered 500."""

    @classmethod
    def bad_day(cls, seed: int = 0) -> Faults:
        """Return a mix of everything, bad enough to meet each within minutes, and short enough waits for a demo."""
        return cls(
            seed=seed,
            lost=0.05, vanished=0.02, doubled=0.1, late=0.1, unanswered=0.03,
            lag_seconds=1.0, token_lag_seconds=1.0,
            server_error=0.03, unavailable=0.02, truncated=0.02, hanging=0.01, hang_seconds=3.0, applied_anyway=0.5,
            primary=0.01, secondary=0.02, graphql_error=0.05, reactions_failing=0.05,
        )  # fmt: skip


class DeliveryFault(Enum):
    """What may become of a delivery; the value is the field of `Faults` with its share."""

    IS_LOST = "lost"
    VANISHES = "vanished"
    COMES_TWICE = "doubled"
    COMES_LATE = "late"
    IS_UNANSWERED = "unanswered"


class RequestFault(Enum):
    """What may become of an API request; the value is the field of `Faults` with its share, if it is a share."""

    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    TRUNCATED = "truncated"
    HANGS = "hanging"
    PRIMARY = "primary"
    SECONDARY = "secondary"
    GRAPHQL_ERROR = "graphql_error"
    REACTIONS_FAIL = "reactions_failing"
    REACTIONS_MISSING = "reactions_missing"


@dataclass(frozen=True, slots=True)
class Failure:
    """How one request fails; `applied` says that it was carried out although the client is answered otherwise."""

    fault: RequestFault
    applied: bool = False
    status: int = 403
    """What a throttled request is answered with."""
    says_when: bool = True
    """Whether a throttled request is told how long to wait."""


class FaultInjector:
    """Draws what goes wrong; the same seed and the same requests go wrong the same way."""

    def __init__(self, faults: Faults | None = None) -> None:
        self._planned: list[tuple[str, Failure]] = []
        self.faults = faults or Faults()

    @property
    def faults(self) -> Faults:
        """What may go wrong; setting it starts the draws anew from its seed."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._deliveries = random.Random(f"deliveries {faults.seed}")  # noqa: S311 - reproducible, not secret
        self._requests = random.Random(f"requests {faults.seed}")  # noqa: S311 - reproducible, not secret

    def plan(self, where: str, failure: Failure) -> None:
        """Make the next request whose `METHOD /path` contains `where` fail, once."""
        self._planned.append((where, failure))

    def with_delivery(self) -> DeliveryFault | None:
        """Draw what becomes of a delivery; None where nothing goes wrong."""
        return self._draw(self._deliveries, DeliveryFault)

    def places(self) -> int:
        """Draw how many later deliveries overtake one that is held back."""
        return self._deliveries.randint(1, 5)

    def with_request(self, method: str, path: str) -> Failure | None:
        """Draw what becomes of an API request; None where nothing goes wrong."""
        request = f"{method} {path}"
        for place, (where, failure) in enumerate(self._planned):
            if where in request:
                del self._planned[place]
                return failure
        impossible = {RequestFault.REACTIONS_MISSING}
        if "/reactions" not in path:
            impossible.add(RequestFault.REACTIONS_FAIL)
        elif self._faults.reactions_missing:
            return Failure(RequestFault.REACTIONS_MISSING)
        if not path.endswith("/graphql"):
            impossible.add(RequestFault.GRAPHQL_ERROR)
        if self._faults.where not in request:
            return None
        draw = self._requests
        fault = self._draw(draw, (one for one in RequestFault if one not in impossible))
        if fault is None:
            return None
        applied = draw.random() < self._faults.applied_anyway
        return Failure(fault, applied, draw.choice((403, 429)), says_when=draw.random() < 0.5)

    def refuses_token(self, age: float) -> int:
        """Draw how a token of this age (seconds) is refused: 401, 403, or 0 for not at all."""
        return self._requests.choice((401, 403)) if age < self._faults.token_lag_seconds else 0

    def _draw(self, source: random.Random, faults: Iterable[T]) -> T | None:
        """Draw one of the faults, or None with the share that is left; costs one draw only where there are any."""
        shares: dict[T, float] = {one: getattr(self._faults, one.value) for one in faults}
        if not any(shares.values()):
            return None
        left = source.random()
        for fault, share in shares.items():
            if left < share:
                return fault
            left -= share
        return None


class StaleReads:
    """A view of the world that may lag behind it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lag = 0.0
        self._shown: dict[int, JsonObject] = {}
        self._stale: dict[int, tuple[float, JsonObject | None]] = {}
        world.on_event.append(self._remember)

    @property
    def lag(self) -> float:
        """Seconds by which the API lags behind."""
        return self._lag

    @lag.setter
    def lag(self, seconds: float) -> None:
        self._lag = seconds
        if seconds:
            known = [one for one in self._world.nodes.values() if isinstance(one, Issue | Comment)]
            self._shown = {one.id: self._present(one) for one in known if not one.deleted}
        else:
            self._shown, self._stale = {}, {}

    def read(self, of: Issue | Comment) -> JsonObject | None:
        """Return the JSON of an issue or comment; None while its creation is not visible yet."""
        stale = self._past(of.id)
        return self._present(of) if stale is None else stale[0]

    def shows(self, comment: Comment) -> bool:
        """Check whether a comment can be seen: there, not flagged, and its creation visible."""
        if comment.user.spam:
            return False
        stale = self._past(comment.id)
        return not comment.deleted if stale is None else stale[0] is not None

    def comments(self, issue: Issue) -> list[Comment]:
        """List the comments to be seen on an issue, oldest first."""
        if not self._lag:
            return issue.visible_comments
        lingering = {
            comment.id: comment
            for comment in (self._world.comments.get(one) for one in self._stale)
            if comment is not None and comment.issue is issue
        }
        candidates = lingering | {comment.id: comment for comment in issue.comments}
        return [candidates[one] for one in sorted(candidates) if self.shows(candidates[one])]

    def _past(self, thing: int) -> tuple[JsonObject | None] | None:
        stale = self._stale.get(thing)
        if stale is None:
            return None
        until, shown = stale
        if self._world.now() < until:
            return (shown,)
        del self._stale[thing]
        return None

    def _remember(self, event: Event) -> None:
        if not self._lag:
            return
        until = self._world.now() + self._lag
        for changed in (event.issue, event.comment):
            if changed is not None:
                past = self._past(changed.id)
                self._stale[changed.id] = (until, self._shown.get(changed.id) if past is None else past[0])
                self._shown[changed.id] = self._present(changed)

    def _present(self, of: Issue | Comment) -> JsonObject:
        return shapes.issue(self._world, of) if isinstance(of, Issue) else shapes.comment(self._world, of)
