"""The recount by anybody: the steps of its action as a runner runs them, and what they sign."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.petition.comments.command_and_phrase_parser import GRAMMAR
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.deploy.bare import plain_environment
from tests.deploy.test_action import HOSTILE, PYTHON, filled, shell
from tests.emissions import RUN
from tests.whole.scene import Scene
from tests.whole.test_verify import forge

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "recount/action.yml").read_text("utf-8")
ACTION: Any = yaml.safe_load(TEXT)
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
EXAMPLE: Any = yaml.safe_load((ROOT / "deploy/recount.yml").read_text("utf-8"))


@pytest.fixture
async def github() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


class Recount:
    """A job with the action as its only step; `signed` is what went to `actions/attest`."""

    def __init__(self, github: Sandbox, runner: Path) -> None:
        self.github, self.runner = github, runner
        self.signed: list[tuple[str, dict[str, Any], str]] = []
        (runner / "bin").mkdir(parents=True)
        (runner / "work").mkdir()
        python = runner / "bin" / "python"
        python.write_text(PYTHON.replace("PYTHON", sys.executable), "utf-8")
        python.chmod(0o755)

    @property
    def summary(self) -> str:
        path = self.runner / "summary.md"
        return path.read_text("utf-8") if path.exists() else ""

    async def run(self, petition: str) -> tuple[int, str]:
        """Run the steps; return the exit code of the first that fails, and all that they say."""
        # A workflow of somebody else's repository runs it.
        elsewhere = self.github.repositories.get_or_create("somebody/recounts")
        token = self.github.workflow_token(elsewhere, issues="read")
        RUN.give(token)
        environment = plain_environment() | {
            "PATH": f"{self.runner / 'bin'}:{os.environ['PATH']}",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT / "recount"),
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_OUTPUT": str(self.runner / "output"),
            "GITHUB_STEP_SUMMARY": str(self.runner / "summary.md"),
            "RUNNER_TEMP": str(self.runner),
        }
        values = {"inputs.petition": petition, "inputs.token": token, "runner.temp": str(self.runner)}
        text = ""
        for step in STEPS:
            if "uses" in step:
                self._use(step, values)
                continue
            more = {name: filled(value, values) for name, value in step.get("env", {}).items()}
            code, said = await shell(step["run"], environment | more, self.runner / "work")
            text += said
            if code:
                return code, text
            if "id" in step:
                lines = (self.runner / "output").read_text("utf-8").splitlines()
                values |= {
                    f"steps.{step['id']}.outputs.{n}": v for n, _, v in (line.partition("=") for line in lines)
                }
        return 0, text

    def _use(self, step: Mapping[str, Any], values: Mapping[str, str]) -> None:
        if step["uses"].startswith("actions/attest@"):
            given = {name: filled(value, values) for name, value in step["with"].items()}
            subject = Path(given["subject-path"]).read_text("utf-8")
            predicate = json.loads(Path(given["predicate-path"]).read_text("utf-8"))
            self.signed.append((subject, predicate, given["predicate-type"]))


async def counted(github: Sandbox, tmp_path: Path, *signers: str) -> tuple[Scene, Issue]:
    """Start a bot, have it count, and stop it."""
    stage = Scene(github, f"sqlite:///{tmp_path / 'counted.db'}")
    petition = stage.petition()
    for login in signers:
        stage.sign(petition, login)
    await stage.start_bot()
    await stage.shows(petition, len(signers))
    await stage.stop_bot()
    return stage, petition


async def test_a_right_tally_is_confirmed_and_signed(github: Sandbox, tmp_path: Path) -> None:
    await counted(github, tmp_path, "ada", "grace")
    job = Recount(github, tmp_path / "runner")
    code, out = await job.run("lovelace/letters#1")
    assert code == 0, out
    ((subject, predicate, kind),) = job.signed
    assert subject == "lovelace/letters#1\n"
    assert kind == "https://github.com/OWNER/REPO/recount/v1"
    assert (predicate["petition"], predicate["agrees"], predicate["grammar"]) == (
        "lovelace/letters#1",
        True,
        GRAMMAR,
    )
    assert predicate["comments"]["count"] == predicate["block"]["count"] == 2
    assert predicate["comments"]["digest"] == predicate["block"]["digest"]
    told = (ROOT / "docs/RECOUNT.md").read_text("utf-8")
    assert f"--predicate-type {kind} " in told
    rows = re.findall(r"^\| (`.*?) \|", told.partition('("predicate")')[2].partition("\n## ")[0], re.MULTILINE)
    assert {field for row in rows for field in re.findall(r"`(\w+)`", row)} == predicate.keys()
    assert "The block and the comments agree." in job.summary
    assert job.summary.count(predicate["comments"]["digest"]) == 2


async def test_differences_are_listed_and_signed_and_fail_the_job(github: Sandbox, tmp_path: Path) -> None:
    stage, petition = await counted(github, tmp_path, "ada", "grace")
    missed = stage.sign(petition, "alan")
    job = Recount(github, tmp_path / "runner")
    code, out = await job.run("lovelace/letters#1")
    assert code == 1
    assert "::error title=lovelace/letters#1::The block and the comments differ" in out
    ((_, predicate, _),) = job.signed
    assert (predicate["agrees"], predicate["differences_total"]) == (False, 2)
    count, difference = predicate["differences"]
    # Within the second of the tally, GitHub's times do not tell what was later.
    causes = {
        "signed_later": "alan signed after the count was published",
        "not_in_block": "alan's signature is not counted",
    }
    assert count["cause"] == "other_count"
    assert difference["url"].endswith(f"#issuecomment-{missed.id}")
    (line,) = [line for line in job.summary.splitlines() if line.endswith(f": <{difference['url']}>")]
    assert causes[difference["cause"]] in line
    assert not {"ada", "grace", "alan"} & set(re.findall(r"\w+", json.dumps(predicate)))


async def test_a_forged_block_is_told_and_its_text_is_not_signed(github: Sandbox, tmp_path: Path) -> None:
    stage, petition = await counted(github, tmp_path, "ada")
    forge(petition, stage, count=9_000, digest="`<b>Ada is a liar</b>")
    job = Recount(github, tmp_path / "runner")
    assert (await job.run("lovelace/letters#1"))[0] == 1
    ((_, predicate, _),) = job.signed
    assert (predicate["block"]["count"], predicate["comments"]["count"]) == (9_000, 1)
    assert "liar" not in json.dumps(predicate) + job.summary


@pytest.mark.parametrize(
    "petition", ["lovelace/nothing#7", "letters", f"lovelace/letters#1{HOSTILE}", "--database"]
)
async def test_what_cannot_be_read_is_not_signed(github: Sandbox, tmp_path: Path, petition: str) -> None:
    job = Recount(github, tmp_path / "runner")
    code, out = await job.run(petition)
    assert (code, job.signed, job.summary) == (1, [], "")
    assert len([line for line in out.splitlines() if line.startswith("::error title=verify::")]) == 1
    assert not [*tmp_path.rglob("pwned"), *ROOT.glob("pwned")]  # noqa: ASYNC240


async def test_no_earlier_recount_of_the_job_is_signed_in_the_place_of_one_that_fails(
    github: Sandbox, tmp_path: Path
) -> None:
    await counted(github, tmp_path, "ada")
    job = Recount(github, tmp_path / "runner")
    assert (await job.run("lovelace/letters#1"))[0] == 0
    for petition in ("lovelace/nothing#7", "letters"):
        assert (await job.run(petition))[0] == 1
    assert [subject for subject, _, _ in job.signed] == ["lovelace/letters#1\n"]


def test_no_expression_reaches_a_shell_and_what_is_used_is_pinned() -> None:
    assert not [step["run"] for step in STEPS if "${{" in step.get("run", "")]
    lines = [line for line in TEXT.splitlines() if "uses:" in line]
    assert len(lines) == 2
    assert all(re.search(r"uses: actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) for line in lines)


def test_the_example_may_sign_and_nothing_else() -> None:
    text = (ROOT / "deploy/recount.yml").read_text("utf-8")
    assert len(text.splitlines()) <= 25
    written = {"attestations": "write", "id-token": "write"}
    assert EXAMPLE["permissions"] == written | {"contents": "read", "issues": "read"}
    assert "run:" not in text
    assert list(EXAMPLE[True]) == ["workflow_dispatch"]
    (job,) = EXAMPLE["jobs"].values()
    (step,) = job["steps"]
    assert step["with"].keys() <= ACTION["inputs"].keys()


def test_both_actions_install_alike() -> None:
    other: list[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    assert STEPS[0] == other[0]
    installs = [next(step["run"] for step in steps if step.get("name") == "Install") for steps in (STEPS, other)]
    assert installs[0].replace("$GITHUB_ACTION_PATH/..", "$GITHUB_ACTION_PATH") == installs[1]
