"""Exit codes, and what a person did or lacks as one clear sentence: the one place for both."""

from __future__ import annotations

from typing import Final

FINE: Final = 0
DIFFERS: Final = 1
WRONG: Final = 2
MISSING: Final = 3
IN_DOUBT: Final = 70
INTERRUPTED: Final = 130

CODES: Final = {
    FINE: "fine",
    DIFFERS: "an expectation is not met, or there are differences",
    WRONG: "what was given is wrong: an argument, a file, a setting",
    MISSING: "something that is needed is missing or cannot be reached",
    IN_DOUBT: "a worker was in doubt and stopped: start it again",
    INTERRUPTED: "interrupted, where that was not the way to end it",
}
"""What each exit code means; `baton --help` shows it."""

EPILOG: Final = "Exit codes: " + "; ".join(f"{code} {means}" for code, means in CODES.items()) + "."


class CommandError(Exception):
    """Something that a person can mend: the message is a sentence that says what to do."""

    def __init__(self, message: str, code: int) -> None:
        """Take the sentence and the exit code."""
        super().__init__(message)
        self.code = code


_KNOWN: Final = {
    "baton.access.users.UsersFileError": MISSING,
    "baton.agents.pseudonym.PseudonymKeyError": MISSING,
    "baton.clock.ClockError": MISSING,
    "baton.console.serve.NotMadeError": MISSING,
    "baton.contract.errors.InvalidEvent": WRONG,
    "baton.engine.toml_lines.Mistakes": WRONG,
    "baton.localkafka.needs.LocalKafkaError": MISSING,
    "baton.notify.recipients.RecipientsError": WRONG,
    "baton.notify.service.NotifyError": MISSING,
    "baton.reading.alerts.UnreadableAlertError": MISSING,
    "baton.reading.reader.TopicMissingError": MISSING,
    "baton.runtime.settings.SettingsError": WRONG,
    "baton.topics.differences.TooFewBrokersError": MISSING,
    "baton.topics.differences.TopicsDifferError": DIFFERS,
    "kafka.errors.KafkaError": MISSING,
}
"""Errors whose text is a sentence for people already, by name: importing them would be slow."""


def told_of(error: BaseException) -> CommandError | None:
    """Give what to tell of an error that a person can mend; None for a fault of our own."""
    if isinstance(error, CommandError):
        return error
    for kind in type(error).__mro__:
        code = _KNOWN.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return CommandError(str(error), code)
    return None
