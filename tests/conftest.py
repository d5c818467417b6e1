"""Fixtures that all tests share: a real Kafka, a prefix for one test's topics, and no silent skips."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, TypeVar

import pytest

from baton.localkafka import start_kafka

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

ReportT = TypeVar("ReportT", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the bootstrap servers of a real Kafka: that of BATON_BROKERS, else a node of this session's own."""
    elsewhere = os.environ.get("BATON_BROKERS")
    if elsewhere:
        yield elsewhere
        return
    node = start_kafka(tmp_path_factory.mktemp("kafka"), heap="768m")
    yield node.bootstrap
    node.stop()


@pytest.fixture
def topic_prefix() -> str:
    """Give a prefix that no other test uses, for topics, groups and transactional ids (BATON_TOPIC_PREFIX)."""
    return f"test-{uuid.uuid4().hex[:12]}-"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that asks for a Kafka as `broker`, so that `make test-fast` cannot start one by accident."""
    for item in items:
        if isinstance(item, pytest.Function) and "kafka" in item.fixturenames:
            item.add_marker(pytest.mark.broker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a skipped test a failed one in CI: there, everything is installed and everything runs."""
    report = yield
    return _refuse_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Make a skipped test module a failed one in CI."""
    report = yield
    return _refuse_skip(report)


def _refuse_skip(report: ReportT) -> ReportT:
    expected_to_fail = hasattr(report, "wasxfail")
    if os.environ.get("CI") and report.skipped and not expected_to_fail:
        report.outcome = "failed"
        report.longrepr = f"Skipped in CI, where nothing may be: {report.longrepr}"
    return report
