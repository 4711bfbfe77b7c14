"""A server of one's own and a container start the bot by the same line as Heroku does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from bot import config
from tests.deploy.bare import link, push

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "deploy/undersigned.service").read_text(encoding="utf-8")
SCRIPT = (ROOT / "deploy/undersigned").read_text(encoding="utf-8")
CONTAINER = (ROOT / "deploy/Containerfile").read_text(encoding="utf-8")


def test_all_start_by_the_same_line() -> None:
    web = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()[0].partition(": ")[2]
    (unit,) = re.findall(r"^ExecStart=\S+/bin/(.*)$", UNIT, re.MULTILINE)
    (container,) = re.findall(r"^CMD (\[.*\])$", CONTAINER, re.MULTILINE)
    assert (unit, " ".join(json.loads(container))) == (web, web)


def test_what_they_set_is_what_the_bot_reads() -> None:
    known = config.VARIABLES.keys()
    (line,) = re.findall(r"^Environment=(.*)$", UNIT, re.MULTILINE)
    given = dict(pair.split("=", 1) for pair in line.split())
    assert set(given) <= known
    config.read(given, credentials=False)
    assert re.findall(r"DATABASE_URL=(\S+)", CONTAINER) == ["sqlite:////data/undersigned.db"]


def test_a_command_beside_the_unit_has_its_user_its_key_and_its_database(tmp_path: Path) -> None:
    """The script is run as it is, but for the folders, with a `systemd-run` that starts the command itself."""
    state, env, clone = tmp_path / "state", tmp_path / "undersigned.env", tmp_path / "clone"
    state.mkdir()
    env.write_text(f"SECRET_KEY={'s' * 40}\nPETITION_LABEL=letter\n")
    push(clone)
    link(clone, clone / ".venv")
    text = SCRIPT.replace("/var/lib/undersigned", str(state)).replace("/srv/undersigned", str(clone))
    script = tmp_path / "undersigned"
    script.write_text(text.replace("/etc/undersigned.env", str(env)))
    script.chmod(0o755)
    started = tmp_path / "systemd-run"
    started.write_text(f"#!{sys.executable}\n{SYSTEMD_RUN}")
    started.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([script, "migrate"], env=path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n"), done.stderr
    done = subprocess.run([script, "doctor", "--bearer"], env=path, capture_output=True, text=True, check=False)
    assert (done.returncode, "There is no App yet" in done.stderr) == (2, True)
    done = subprocess.run([script, "backup", "nightly copy"], env=path, capture_output=True, text=True, check=False)
    made = {file.name for file in state.iterdir()}
    assert (done.returncode, made >= {"nightly copy", "undersigned.db"}) == (0, True), done.stderr


SYSTEMD_RUN = """\
import os, sys
words = sys.argv[1:]
options = [word for word in words[:words.index(next(w for w in words if not w.startswith('--')))]]
given = [word.partition('=')[::2] for word in options]
properties = dict(value.split('=', 1) for name, value in given if name == '--property')
assert properties['DynamicUser'] == 'yes' and properties['User'] == properties['StateDirectory'] == 'undersigned'
for name, value in given:
    if name == '--setenv':
        os.environ.update([value.split('=', 1)])
os.environ.update(line.split('=', 1) for line in open(properties['EnvironmentFile']).read().splitlines())
os.chdir(dict(given)['--working-directory'])
command = words[len(options):]
os.execv(command[0], command)
"""


def test_the_script_and_the_unit_name_the_same_places() -> None:
    (line,) = re.findall(r"^Environment=(.*)$", UNIT, re.MULTILINE)
    assert f"--setenv={next(one for one in line.split() if one.startswith('DATABASE_URL='))}" in SCRIPT
    for setting in ("DynamicUser", "StateDirectory", "EnvironmentFile"):
        (value,) = re.findall(rf"^{setting}=(.*)$", UNIT, re.MULTILINE)
        assert f"--property={setting}={value} " in SCRIPT
    assert re.findall(r"^ExecStart=(\S+) -m bot", UNIT, re.MULTILINE)[0] in SCRIPT
    assert os.access(ROOT / "deploy/undersigned", os.X_OK)
    assert "cp deploy/undersigned /usr/local/bin/" in (ROOT / "docs/DEPLOYING.md").read_text(encoding="utf-8")


def test_the_container_is_of_the_python_that_heroku_takes_and_of_the_pins() -> None:
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert f"python:{version}-slim" in CONTAINER
    assert "pip install --no-cache-dir -r requirements.txt" in CONTAINER


def test_what_the_bot_may_not_write_beside_its_files_is_compiled_before() -> None:
    guide = (ROOT / "docs/DEPLOYING.md").read_text(encoding="utf-8")
    assert "ProtectSystem=strict" in UNIT
    assert re.search(r"requirements\.txt && \S+python -m compileall -q bot$", guide, re.MULTILINE)
    before, _, after = CONTAINER.partition("RUN python -m compileall -q bot\n")
    assert "COPY bot bot\n" in before
    assert "USER undersigned\n" in after


def test_the_unit_gives_a_stop_the_time_that_it_takes() -> None:
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert int(seconds) > 10


def test_the_line_that_runs_the_image_fits_it() -> None:
    guide = (ROOT / "docs/DEPLOYING.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^docker run (.*)$", guide, re.MULTILINE)
    given = dict(re.findall(r"-e (\w+)=(\S+)", line))
    config.read(given | {"PUBLIC_URL": "https://petitions.example.org", "SECRET_KEY": "0" * 64}, credentials=False)
    assert set(given) == {"PUBLIC_URL", "SECRET_KEY", "TRUSTED_PROXIES"} <= config.VARIABLES.keys()
    (port,) = re.findall(r"^EXPOSE (\d+)$", CONTAINER, re.MULTILINE)
    assert f"-p 127.0.0.1:{port}:{port} " in line
    (volume,) = re.findall(r"^VOLUME (\S+)$", CONTAINER, re.MULTILINE)
    assert f"-v undersigned:{volume} " in line
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.*)"$', project, re.MULTILINE)
    assert line.endswith(f"ghcr.io/OWNER/REPO:{version}")
    examples = [file.read_text(encoding="utf-8") for file in (ROOT / "deploy").glob("*.yml")]
    assert {found for text in examples for found in re.findall(r"@0{40} # v(.*)", text)} == {version}
