"""The rings and layers are contracts of import-linter; each of them holds, and each would notice."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import grimp
import pytest
from importlinter import configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract

if TYPE_CHECKING:
    from importlinter.domain.contract import Contract

KINDS: dict[str, type[Contract]] = {"layers": LayersContract, "forbidden": ForbiddenContract}

LAYERS = "services, then streams, then schemas; no agent or service imports another"
CORE = "rules and engine know no wire, no settings, no Kafka, no log"
GROUND = "the contract and the runtime import nothing of ours"
REPLAY = "replay runs without Kafka, Faust and the ledger"
AUDITOR = "the auditor shares nothing with what it audits"


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Give who imports whom, as it is."""
    return grimp.build_graph("baton", include_external_packages=True, cache_dir=None)


@pytest.fixture(scope="module")
def contracts(pyproject: dict[str, Any]) -> dict[str, Contract]:
    """Give the contracts of pyproject.toml by name."""
    configuration.configure()
    settings = pyproject["tool"]["importlinter"]
    session = {"root_packages": settings["root_packages"], "include_external_packages": "true"}
    return {
        each["name"]: KINDS[each["type"]](
            each["name"],
            session,
            # Written as import-linter itself reads them from a file: words, not booleans.
            {
                key: str(value) if isinstance(value, bool) else value
                for key, value in each.items()
                if key not in {"name", "type"}
            },
        )
        for each in settings["contracts"]
    }


def test_every_contract_holds(graph: grimp.ImportGraph, contracts: dict[str, Contract]) -> None:
    """`make check` prints which import breaks one."""
    assert set(contracts) == {LAYERS, CORE, GROUND, REPLAY, AUDITOR}
    for contract in contracts.values():
        assert contract.check(graph=deepcopy(graph), verbose=False).kept, contract.name


@pytest.mark.parametrize(
    ("name", "importer", "imported"),
    [
        (LAYERS, "baton.agents", "baton.cli"),
        (LAYERS, "baton.agents", "baton.clock"),
        (LAYERS, "baton.clock", "baton.localkafka"),
        (LAYERS, "baton.ledger", "baton.engine"),
        (LAYERS, "baton.engine", "baton.ledger"),
        (LAYERS, "baton.engine", "baton.agents"),
        (LAYERS, "baton.rules", "baton.engine"),
        (LAYERS, "baton.ledger", "baton.publish"),
        (LAYERS, "baton.contract", "baton.runtime"),
        (CORE, "baton.rules", "baton.contract"),
        (CORE, "baton.engine", "baton.runtime"),
        (CORE, "baton.engine", "structlog"),
        (CORE, "baton.engine", "faust"),
        (CORE, "baton.rules", "fastavro"),
        (GROUND, "baton.contract", "baton.rules"),
        (GROUND, "baton.runtime", "baton.ledger"),
        (REPLAY, "baton.replay", "kafka"),
        (REPLAY, "baton.replay", "faust"),
        (REPLAY, "baton.replay", "baton.ledger"),
        (REPLAY, "baton.replay", "baton.agents"),
        (AUDITOR, "baton.auditor", "baton.rules"),
        (AUDITOR, "baton.auditor", "baton.engine"),
        (AUDITOR, "baton.auditor", "holidays"),
    ],
)
def test_a_contract_notices(
    name: str,
    importer: str,
    imported: str,
    graph: grimp.ImportGraph,
    contracts: dict[str, Contract],
) -> None:
    """One import in the wrong direction breaks the contract that forbids it."""
    planted = deepcopy(graph)
    if imported not in planted.modules:
        planted.add_module(imported, is_squashed=True)
    planted.add_import(importer=importer, imported=imported)

    assert not contracts[name].check(graph=planted, verbose=False).kept
