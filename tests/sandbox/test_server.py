"""The sandbox starts where it is told, tells its own time, and may say things nobody has heard before."""

import time

import pytest

from sandbox.events import publish
from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock, Mailbox
from tests.sandbox.truth import check_answer


async def test_a_taken_port_is_told_and_another_one_does(sandbox: Sandbox) -> None:
    taken = int(sandbox.web_url.rpartition(":")[2])
    second = Sandbox()

    with pytest.raises(OSError, match="in use"):
        await second.start(port=taken)
    await second.start()

    assert second.web_url != sandbox.web_url
    await second.stop()


async def test_answers_carry_the_sandbox_s_own_time(api: Api, clock: Clock) -> None:
    assert (await api("GET", "/meta", token="")).headers["Date"] == "Sun, 22 Nov 2026 12:00:00 GMT"
    clock.pass_by(1)
    assert (await api("GET", "/meta", token="")).headers["Date"] == "Sun, 22 Nov 2026 12:00:01 GMT"


async def test_without_a_clock_it_is_now() -> None:
    before = int(time.time())

    assert before <= Sandbox().petition().created_at <= time.time()


async def test_github_may_send_actions_that_nobody_knows(sandbox: Sandbox, mailbox: Mailbox) -> None:
    petition = sandbox.petition()
    publish(sandbox.world, "issue_comment", "whispered", petition.user, petition.repository, issue=petition)
    await sandbox.settled()

    assert mailbox.events[-1] == "issue_comment.whispered"


async def test_a_scene_is_set_in_a_line(sandbox: Sandbox) -> None:
    petition = sandbox.petition("A letter", "Dear all,", label="letter")

    assert petition.repository is sandbox.repository("Lovelace/Letters")
    assert [label.name for label in petition.labels] == ["letter"]
    assert sandbox.user("ADA") is sandbox.user("ada")
    assert sandbox.repositories.role(petition.repository, sandbox.organizer("grace")) == "write"
    assert len(sandbox.world.installations) == 1


async def test_a_person_is_looked_up_by_the_present_login(sandbox: Sandbox, api: Api) -> None:
    ada = sandbox.user("ada")
    sandbox.repository()
    sandbox.accounts.rename(ada, "countess")

    found, former = await api.get("/users/countess"), await api.get("/users/ada")

    assert (found.json["id"], former.status) == (ada.id, 404)
    check_answer("PublicUser", found.json)
