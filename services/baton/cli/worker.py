"""`baton worker`: one background process that reads, judges and alerts."""

from __future__ import annotations

from typing import NoReturn

from baton.runtime.settings import Settings


def run_worker(settings: Settings) -> NoReturn:
    """Run a worker until it is told to stop. Exits 0 in good order, 70 when in doubt.

    Raises PolicyErrors, PseudonymKeyError or OSError before it starts, for what a person must mend.
    """
    import uvloop

    uvloop.install()

    from baton import topics
    from baton.agents.app import run
    from baton.agents.pseudonym import Pseudonyms, read_key
    from baton.agents.worker import make_worker
    from baton.engine.policy_file import parse_policy
    from baton.runtime.logs import configure_logs

    configure_logs(settings.log_format, "worker")
    # One sentence now instead of aiokafka's traceback later.
    topics.cluster_size(settings.brokers)
    policy = parse_policy(settings.policy.read_text(encoding="utf-8"), str(settings.policy))
    pseudonyms = Pseudonyms(read_key(settings.pseudonym_key_file))
    run(make_worker(settings, policy, pseudonyms))
