"""The repository's own rules about where things are and what must not be in a file."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

ROOTS = ["schemas", "streams", "services"]


@pytest.mark.parametrize("root", ROOTS)
def test_a_source_root_is_part_of_a_namespace_package(root: str, project: Path) -> None:
    """An `__init__.py` here would hide the other two roots: `No module named 'baton.contract'`."""
    for stray in (project / root / "__init__.py", project / root / "baton" / "__init__.py"):
        assert not stray.exists(), f"{stray} is in a part of a namespace package: remove the file"


@pytest.mark.parametrize("root", ROOTS)
def test_a_package_says_what_it_is(root: str, project: Path) -> None:
    """Each folder below a root is an ordinary package, whose docstring says what belongs in it."""
    for package in (project / root / "baton").iterdir():
        if not package.is_dir() or package.name == "__pycache__":
            continue
        start = package / "__init__.py"
        assert start.exists(), f"{package} has no __init__.py: add one that says what belongs here"
        said = ast.get_docstring(ast.parse(start.read_text()))
        assert said, f"{start} has no docstring: say what belongs in this folder"


def test_no_two_roots_hold_the_same_package(project: Path) -> None:
    """Of two packages of one name, one would never be found."""
    names = [each.name for root in ROOTS for each in (project / root / "baton").iterdir()]
    names = [name for name in names if name != "__pycache__"]

    assert len(names) == len(set(names))


def test_no_test_folder_is_a_package(project: Path) -> None:
    """Tests are imported by path (importmode importlib): helpers live in a folder's conftest.py."""
    assert list((project / "tests").rglob("__init__.py")) == []


def test_no_file_names_a_machine(texts: dict[Path, str]) -> None:
    """A path of one person's machine works on that machine only."""
    # Put together here, so that this file does not name one itself.
    a_home = re.compile(r"(?<![\w.])/(?:" + "home|Users|root|work" + r")/\w")
    for path, text in texts.items():
        found = a_home.search(text)
        assert found is None, (
            f"{path} names a folder of one machine ({found}): use a path of the project"
        )


def test_no_file_names_a_registry(texts: dict[Path, str]) -> None:
    """Packages come from wherever this machine's pip, Maven and apt are told to look."""
    hosts = [
        "pypi" + ".org",
        "python" + "hosted",
        "repo." + "maven",
        "repo1" + ".maven",
        "deb." + "debian",
        "npm" + "js.org",
    ]
    options = [
        "--index" + "-url",
        "--extra-index" + "-url",
        "--find" + "-links",
        "--trusted" + "-host",
    ]
    for path, text in texts.items():
        for name in hosts + [option + " " for option in options]:
            assert name not in text, f"{path} names {name}: leave it to the machine's own settings"


def test_no_file_holds_a_secret(texts: dict[Path, str]) -> None:
    """Keys are made where they are used, and are in .gitignore."""
    for path, text in texts.items():
        assert "PRIVATE" + " KEY-----" not in text, (
            f"{path} holds a private key: remove and replace it"
        )
        assert path.suffix not in {".key", ".pem", ".p12", ".jks"}, f"{path} is a key: remove it"


def test_each_schema_has_an_example(project: Path) -> None:
    """A schema nobody has seen a message of is not understood: examples/<record>.ndjson has one."""
    contract = project / "schemas" / "baton" / "contract"
    schemas = sorted(contract.glob("*.avsc"))
    assert schemas

    for schema in schemas:
        record = schema.name.split(".v")[0]
        example = contract / "examples" / f"{record}.ndjson"
        assert example.exists(), f"{schema.name} has no example: write {example.name}"
        assert example.read_text().strip(), f"{example} is empty: write an invented message in it"


def test_links_between_documents_lead_somewhere(texts: dict[Path, str]) -> None:
    """A document that moved is still found."""
    link = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)")
    for path, text in texts.items():
        if path.suffix != ".md":
            continue
        for target in link.findall(text):
            assert (path.parent / target).exists(), f"{path} links to {target}, which is not there"
