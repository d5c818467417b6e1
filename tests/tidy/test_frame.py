"""The frame of the project: dependencies, lock, Makefile, documents, settings, CI."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from baton.runtime.settings import Settings, variables

if TYPE_CHECKING:
    from pathlib import Path

WHEEL_WORKS = """
import sys
sys.path[:0] = sys.argv[1:]
import baton.agents.app, baton.cli, baton.replay
from baton.contract.codec import record_names
assert record_names()
assert baton.cli.__file__.startswith(sys.argv[1])
"""

LOCKS = ["requirements.txt", "requirements-dev.txt"]


def test_the_pages_lock_names_hashes_and_no_host(project: Path) -> None:
    """What a browser is given is what was tested, wherever npm fetches it from."""
    text = (project / "dev" / "pages" / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]

    assert {name for name, each in packages.items() if name and "integrity" not in each} == set()
    assert "resolved" not in text


def requirements(project: Path, lock: str) -> dict[str, str]:
    """Return the version of each package that a lock names."""
    return dict(re.findall(r"^([\w.-]+)==(\S+) \\$", (project / lock).read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_versions_and_hashes_and_no_host(lock: str, project: Path) -> None:
    """What is installed is what was tested, wherever it is fetched from."""
    text = (project / lock).read_text()
    named = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert named
    for line in named:
        assert re.fullmatch(r"[\w.-]+==\S+ \\", line), (
            f"{lock} has {line!r}: remake it by `make lock`"
        )
    for requirement in re.split(r"\n(?=\w)", text)[1:]:
        assert "--hash=sha256:" in requirement, f"{requirement[:40]!r} has no hash: `make lock`"
    assert "://" not in text


def test_the_locks_agree(project: Path) -> None:
    """Developers run what deployers run."""
    deployed, developed = (requirements(project, lock) for lock in LOCKS)

    assert deployed.items() <= developed.items()


def test_the_locks_have_each_dependency(project: Path, pyproject: dict[str, Any]) -> None:
    """A dependency that is not in the lock would not be installed."""
    of_project = pyproject["project"]
    wanted = {
        LOCKS[0]: of_project["dependencies"],
        LOCKS[1]: of_project["optional-dependencies"]["dev"],
    }
    for lock, dependencies in wanted.items():
        locked = {name.lower() for name in requirements(project, lock)}
        for dependency in dependencies:
            name = re.split(r"[<>=!~\[]", dependency)[0].lower()
            assert name in locked, f"{name} is not in {lock}: run `make lock`"


def test_each_dependency_and_each_ignore_has_its_reason(project: Path) -> None:
    """A reason is what lets somebody remove it again."""
    lines = (project / "pyproject.toml").read_text().splitlines()
    started = False
    for number, line in enumerate(lines, start=1):
        if re.match(r"(dependencies|dev|ignore|\"[\w/*]+\") = \[$", line):
            started = True
        elif line.startswith("]"):
            started = False
        elif started and line.strip() and not line.strip().startswith("#"):
            assert re.search(r", +# \w", line), (
                f"pyproject.toml:{number} has no reason: add it behind"
            )


def test_each_target_of_the_makefile_is_listed_and_explained(project: Path) -> None:
    """`make help` shows each, and CONTRIBUTING.md says when to use it."""
    makefile = (project / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    shown = subprocess.run(
        ["make", "help"], cwd=project, capture_output=True, text=True, check=True
    )
    contributing = (project / "CONTRIBUTING.md").read_text()

    assert targets == set(phony[1].split())
    for target in targets:
        assert f"make {target} " in shown.stdout, f"{target} has no ## line: say what it does"
        assert f"`make {target}" in contributing, f"CONTRIBUTING.md does not mention make {target}"


def test_each_setting_is_in_the_example_with_its_default(project: Path) -> None:
    """.env.example shows every variable there is, and none that is not."""
    example = (project / ".env.example").read_text()
    shown = dict(re.findall(r"^#(BATON_\w+)=(.*)$", example, re.MULTILINE))
    defaults = {variables()[each.name]: str(each.default) for each in fields(Settings)}

    assert shown == defaults


def test_ci_runs_everything(project: Path) -> None:
    """The one command of CI is the one that developers have."""
    run = project / ".ci" / "run"

    assert os.access(run, os.X_OK), "make .ci/run executable"
    assert "CI=true exec make test" in run.read_text()


def test_nothing_is_skipped_in_ci(tmp_path: Path, project: Path) -> None:
    """A test that would be skipped fails there, with the reason; at home it is skipped."""
    shutil.copy(project / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_skipped.py").write_text(
        "import pytest\n\ndef test_it() -> None:\n    pytest.skip('no time')\n"
    )
    (tmp_path / "test_module.py").write_text(
        "import pytest\npytest.skip('nor here', allow_module_level=True)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "--continue-on-collection-errors"]
    command += ["--rootdir", str(tmp_path), str(tmp_path)]
    home = {name: value for name, value in os.environ.items() if name != "CI"}

    def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    at_home, in_ci = run(home), run(home | {"CI": "true"})

    assert at_home.returncode == pytest.ExitCode.OK, at_home.stdout
    assert "2 skipped" in at_home.stdout
    assert in_ci.returncode != pytest.ExitCode.OK
    assert "no time" in in_ci.stdout
    assert "nor here" in in_ci.stdout


@pytest.mark.parametrize("program", ["python", "java", "maven", "compose", "node", "chromium"])
def test_a_missing_program_is_said_in_one_sentence(
    program: str, project: Path, tmp_path: Path
) -> None:
    """It says what to install, by the name of the Debian package, and setup stops."""
    done = subprocess.run(
        [project / "dev" / "need", program],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert re.fullmatch(
        r"baton needs .* install .*\(Debian: apt install [\w -]+\)\.\n", done.stderr
    )


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "LICENSE",
        "docs/decisions",
        "policy.toml",
    ],
)
def test_what_a_newcomer_looks_for_is_there(name: str, project: Path) -> None:
    """Each is at its usual place."""
    assert (project / name).exists(), f"write {name}"


def test_the_decisions_are_written_down(project: Path) -> None:
    """One page each: the question, what we chose, what it costs, what would change our mind."""
    pages = sorted((project / "docs" / "decisions").glob("*.md"))

    assert len(pages) >= 4, "facts not stages; time in the log; the ledger; namespace packaging"
    for page in pages:
        for part in ("Question", "Chosen", "costs", "change our mind"):
            assert part in page.read_text(), f"{page} lacks the part that says {part!r}"


def test_the_readme_starts_a_newcomer(project: Path) -> None:
    """It names the commands by which somebody sees baton work."""
    readme = (project / "README.md").read_text()

    assert "make demo" in readme
    assert "baton up" in readme


def test_the_changelog_keeps_its_form(project: Path, pyproject: dict[str, Any]) -> None:
    """Keep a Changelog: what operators can expect, under headings they know."""
    text = (project / "CHANGELOG.md").read_text()
    kinds = set(re.findall(r"^### (.*)$", text, re.MULTILINE))

    assert "## [Unreleased]" in text or f"## [{pyproject['project']['version']}]" in text
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_wheel_is_whole(tmp_path: Path, project: Path) -> None:
    """What deployers install has every part and every schema, and works without this repository."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run(build, cwd=project, capture_output=True, text=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as packed:
        names = set(packed.namelist())
        packed.extractall(tmp_path / "installed")

    for root in ("schemas", "streams", "services"):
        for path in (project / root).rglob("*"):
            wanted = path.is_file() and path.suffix in {".py", ".avsc", ".json", ".properties"}
            assert not wanted or path.relative_to(project / root).as_posix() in names, path
    libraries = sysconfig.get_paths()["purelib"]
    # -S: the editable install of this repository is not seen.
    done = subprocess.run(
        [sys.executable, "-S", "-c", WHEEL_WORKS, str(tmp_path / "installed"), libraries],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
