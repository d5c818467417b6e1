"""docker-compose.yml: what the Compose Specification allows, and as careful as the rest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from baton.localkafka.node import CLUSTER_ID
from baton.runtime.settings import variables

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE = PROJECT / "docker-compose.yml"
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
OURS = ["topics", "worker", "notify", "console", "clock", "watchdog"]


def test_it_is_what_the_compose_specification_allows() -> None:
    """The file meets the published schema of the specification, as packaged with check-jsonschema."""
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", COMPOSE],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_itself_reads_it() -> None:
    """`docker-compose config` resolves every reference and variable."""
    if shutil.which("docker-compose"):
        compose = ["docker-compose"]
    elif shutil.which("docker"):
        compose = ["docker", "compose"]
    else:
        pytest.fail("Install Docker Compose: dev/need compose says how.")
    bare = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}

    done = subprocess.run(
        [*compose, "--file", COMPOSE, "config"],
        capture_output=True,
        text=True,
        check=False,
        env=bare,
    )

    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)["services"].keys() == SERVICES.keys()


def test_kafka_is_the_one_developers_use() -> None:
    """One version and one set of settings, so that what was tested is what is tried out."""
    pom = (PROJECT / "dev" / "pom.xml").read_text()
    version = re.search(r"<kafka.version>(.*)</kafka.version>", pom)
    assert version is not None
    kafka = SERVICES["kafka"]

    assert kafka["image"] == f"apache/kafka:{version[1]}"
    assert kafka["environment"]["CLUSTER_ID"] == CLUSTER_ID
    shared = "./services/baton/localkafka/server.properties"
    assert f"{shared}:/mnt/shared/config/server.properties:ro" in kafka["volumes"]
    assert (PROJECT / shared).is_file()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    """No capabilities, no way to gain any, nothing privileged; ours cannot write to their own image."""
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "network_mode", "pid", "devices"}
    assert service.get("read_only", False) == (name in OURS)
    assert "docker.sock" not in str(service.get("volumes"))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_published_port_is_of_loopback(name: str) -> None:
    """Nothing of this is reachable from another machine."""
    for port in SERVICES[name].get("ports", []):
        assert str(port).startswith("127.0.0.1:")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_an_image_is_pinned(name: str) -> None:
    """No image is `latest`, or left to the day."""
    _, _, tag = SERVICES[name]["image"].partition(":")

    assert re.fullmatch(r"\d+\.\d+\.\d+", tag)


def test_our_image_is_pinned_and_run_by_nobody() -> None:
    """The image is built on an exact version, installs by hash, and its user has no rights."""
    dockerfile = (PROJECT / "Dockerfile").read_text()

    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    pages, *others = bases
    assert len(set(others)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", others[0])
    assert re.fullmatch(r"node:20\.\d+\.\d+-\w+-slim", pages)
    assert "npm ci" in (PROJECT / "dev" / "pages" / "make").read_text()
    assert re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes -r requirements.txt" in dockerfile


def test_what_the_image_copies_is_not_ignored() -> None:
    """Whatever Dockerfile copies is there, and is let through by .dockerignore."""
    ignore = (PROJECT / ".dockerignore").read_text().splitlines()
    copies = re.findall(
        r"^COPY (?!--from)(.*) \S+$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE
    )
    sources = [source for line in copies for source in line.split()]

    assert sources
    for source in sources:
        assert (PROJECT / source).exists(), f"Dockerfile copies {source}, which is not there"
        assert f"!{source}" in ignore, f"let {source} through in .dockerignore"


@pytest.mark.parametrize("name", ["kafka", "worker", "console", "watchdog"])
def test_a_lasting_service_says_how_it_is(name: str) -> None:
    """Each has a health check, of the worker that it is ready, which takes ticks of the clock."""
    check = SERVICES[name]["healthcheck"]

    assert {"test", "interval", "timeout", "retries"} <= check.keys()
    assert name != "worker" or "/-/ready" in str(check["test"])


@pytest.mark.parametrize("name", ["kafka", "worker", "notify", "console", "clock", "watchdog"])
def test_a_lasting_service_comes_back_by_itself(name: str) -> None:
    """A worker in doubt and a clock that cannot tick exit; something has to start them again."""
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_nothing_starts_before_what_it_needs() -> None:
    """Topics wait for a healthy Kafka; the rest waits until the topics are there, and who tells people for a worker."""
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert SERVICES["notify"]["depends_on"] == {"worker": {"condition": "service_healthy"}}
    for name in ("worker", "console", "clock", "watchdog"):
        expected = {"topics": {"condition": "service_completed_successfully"}}
        assert SERVICES[name]["depends_on"] == expected


@pytest.mark.parametrize("name", OURS)
def test_only_settings_that_exist_are_set(name: str) -> None:
    """A mistyped variable would stop the service; and no secret stands in the file."""
    environment = SERVICES[name]["environment"]

    assert set(environment) <= set(variables().values())
    key_file = environment.get("BATON_PSEUDONYM_KEY_FILE", "/run/secrets/")
    assert key_file.startswith("/run/secrets/")


@pytest.mark.parametrize("name", OURS)
def test_each_service_is_a_command_of_baton(name: str) -> None:
    """What the container is told to do is a command that exists."""
    command = SERVICES[name]["command"]
    baton = Path(sys.executable).with_name("baton")

    done = subprocess.run(
        [baton, *command, "--help"], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr
