"""What can be wrong with an event that somebody sent: the sender's fault, never ours.

Every error has a `reason` from a closed list and a `detail` that names the field and the limit. A
detail never repeats what the field held, because it is logged and written beside the rejected
message, and the content may be personal.
"""

from collections.abc import Sequence
from typing import Final

REASONS: Final = frozenset(
    {
        # The framing.
        "bad-magic",  # does not begin with the mark of Avro's single-object encoding
        "unknown-schema",  # the fingerprint is of no schema that is known here
        "truncated",  # ends before the record does
        "trailing-bytes",  # goes on after the record has ended
        "too-large",  # the message is longer than the record allows
        "malformed",  # not the Avro that its fingerprint promises
        # The record and its fields.
        "unknown-record",  # no record of this name
        "unknown-field",  # the record has no such field
        "missing-field",  # a required field was left out
        "wrong-type",  # such as text where a number is due
        "unknown-code",  # a coded value outside its closed list
        "empty",  # text without a character: what is not stated is null
        "too-long",  # text or bytes
        "too-many",  # items of an array
        "out-of-range",  # a number, or a time that cannot be meant
        "naive-time",  # a time without an offset from UTC
        "bad-time",  # text that is no time, such as 25 o'clock
        "bad-date",  # text that is no date, such as 30 February
        "bad-text",  # text that has no UTF-8 form, or bytes that are not base64
        "nhs-number",  # not ten digits with a right check digit
    },
)


class InvalidEvent(ValueError):  # noqa: N818 - it says what was sent; it is not an error of ours
    """Something was sent that is not an event of the contract.

    `reason` is one of `REASONS`; `detail` is a sentence for people, without the content.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Take a reason of the closed list, and a sentence that names no content."""
        if reason not in REASONS:
            message = f"{reason!r} is not in the closed list of reasons"
            raise LookupError(message)
        super().__init__(reason, detail)
        self.reason = reason
        self._detail = detail

    @property
    def detail(self) -> str:
        """What is wrong, without the content."""
        return self._detail

    def __str__(self) -> str:
        """Give reason and detail as one line."""
        return f"{self.reason}: {self.detail}"


class BadMagic(InvalidEvent):
    """The message is not in Avro's single-object encoding."""

    def __init__(self) -> None:
        """Say what it should have begun with."""
        super().__init__("bad-magic", "the message does not begin with the bytes c3 01")


class UnknownSchema(InvalidEvent):
    """The message names a schema that is not known here."""

    def __init__(self, fingerprint: bytes) -> None:
        """Take the eight bytes as they stand in the message."""
        super().__init__("unknown-schema", f"no schema has the fingerprint {fingerprint.hex()}")


class Truncated(InvalidEvent):
    """The message ends before its record does."""

    def __init__(self, detail: str) -> None:
        """Take where it ended."""
        super().__init__("truncated", detail)


class TrailingBytes(InvalidEvent):
    """The message goes on after its record has ended."""

    def __init__(self, record: str, count: int) -> None:
        """Take the record's name and the number of bytes that follow it."""
        super().__init__("trailing-bytes", f"{count} bytes follow the {record}")


class TooLarge(InvalidEvent):
    """The message is longer than its record allows."""

    def __init__(self, record: str, size: int, limit: int) -> None:
        """Take both sizes in bytes."""
        super().__init__("too-large", f"the {record} has {size} bytes; at most {limit} are allowed")


class Malformed(InvalidEvent):
    """The body is not the Avro that its fingerprint promises."""

    def __init__(self, record: str, detail: str) -> None:
        """Take the record's name and what went wrong."""
        super().__init__("malformed", f"{record}: {detail}")


class UnknownRecord(InvalidEvent):
    """The contract has no record of this name."""

    def __init__(self, near: Sequence[str]) -> None:
        """Take the names of records that may be meant; the name that was sent is not repeated."""
        hint = f"; did you mean {near[0]}?" if near else ""
        super().__init__("unknown-record", f"there is no record of this name{hint}")


class InvalidField(InvalidEvent):
    """A field does not hold what the contract says it holds. `path` is like `people[0].role`."""

    def __init__(self, reason: str, detail: str, path: str = "") -> None:
        """Take the reason, a sentence without the field's name, and the field if it is known."""
        super().__init__(reason, detail)
        self.path = path

    @property
    def detail(self) -> str:
        """Which field, and what is wrong with it."""
        return f"{self.path}: {self._detail}" if self.path else self._detail

    def inside(self, outer: str) -> None:
        """Note that the field lies within `outer`: a field's name, or an item as `[3]`."""
        separator = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{outer}{separator}{self.path}"
