"""What travels between the grader and the sandbox: a task in, messages out, as msgpack frames.

Messages come from a process in which student code ran: decoded by type, never unpickled. What goes
the other way is ours, so that right inputs may travel as a pickle.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import IO, Annotated, TypeVar

import msgspec

from autograder.evidence.schema import Evidence
from autograder.limits import (
    CELL_SECONDS,
    DISPLAYED,
    ELEMENTS,
    MEMORY,
    MESSAGE,
    NOTEBOOK_SECONDS,
)

_LENGTH = struct.Struct("<Q")
Frame = TypeVar("Frame")


class ProtocolError(Exception):
    """The other side closed early, or sent what is no message."""


class TaskCell(msgspec.Struct, frozen=True):
    """One code cell to run, or, where `key` is set, the place of a check cell."""

    source: str
    step: str
    key: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True, tag="task"):
    """One run of one notebook, or of steps 5 and 6 in one go.

    `right_inputs` puts the right values of `checkpoint` into the namespace before each step (for
    free-form notebooks), under the `names` of the notebook too. `before` are the cells of the
    student's own steps 1 to 4, from which step 5 goes on. `files` lie in the working folder; times
    are in seconds. Without `pictures` cells show plain text only: nobody will look at them.
    """

    cells: list[TaskCell]
    data: dict[str, bytes]  # user_artists.dat and, where there is one, artists.dat
    files: dict[str, bytes] = {}
    notebooks: tuple[str, ...] = ()  # names of the files that the cells are from
    free_form: bool = False
    right_inputs: bool = False
    names: dict[str, str] = {}
    before: list[TaskCell] = []
    pictures: bool = True
    imports: dict[str, str] = {}  # of an earlier notebook, which a step uses and lacks
    seed: int = 0
    cell_seconds: float = CELL_SECONDS
    notebook_seconds: float = NOTEBOOK_SECONDS
    memory: int = MEMORY


class Making(msgspec.Struct, frozen=True, kw_only=True, tag="making"):
    """Right inputs of steps to make, with our own code, in a fork that runs none of a student's.

    `modules` are the texts of those that make them, which are not mounted, by name and in the order
    of their imports; the last one has the function `inputs`. Each step is answered by a `Given`.
    """

    modules: dict[str, str]
    steps: list[str]
    data: bytes  # user_artists.dat


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell printed and displayed, cut to a bounded length."""

    stdout: str = ""
    stderr: str = ""
    outputs: Annotated[
        list[dict[str, str]], msgspec.Meta(max_length=2 * DISPLAYED)
    ] = []  # MIME type -> text, or base64 where it is an image
    error: str = ""

    def size(self) -> int:
        """Characters, and one more for each text: an empty one takes room too."""
        texts = [self.stdout, self.stderr, self.error]
        texts += [text for kinds in self.outputs for pair in kinds.items() for text in pair]
        return sum(map(len, texts)) + len(texts) + len(self.outputs)


class Given(msgspec.Struct, frozen=True):
    """The right inputs of a step, as a pickle that the grader made; empty where it refuses."""

    data: bytes = b""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of a run: the cell it is at, all evidence so far, or the end.

    `over` is a step that is done: its evidence is final. `wants` asks for the inputs of a step.
    """

    cell: int = -1
    shown: Shown | None = None
    evidence: Evidence | None = None
    over: str = ""
    wants: str = ""
    flags: Annotated[list[str], msgspec.Meta(max_length=100_000)] = []  # tampering that was noticed
    notes: Annotated[list[str], msgspec.Meta(max_length=100_000)] = []  # what was repaired
    done: bool = False
    fault: str = ""  # of the grader's own code


# msgspec looks at a type when it is first decoded, and crashes where two threads do so at once.
for _kind in (Task, Making, Given, Message):
    msgspec.msgpack.Decoder(_kind)


def send(stream: IO[bytes], value: Task | Making | Message | Given) -> None:
    """Write one frame."""
    data = msgspec.msgpack.encode(value)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def elements(data: bytes, most: int) -> int:
    """How many values msgpack holds: a text or an array of bytes is one. It stops counting there.

    What a value takes when it is decoded is up to a hundred times what it takes here.
    """
    at, count = 0, 0
    while at < len(data) and count <= most:
        head = data[at]
        size, length = _SIZES[head], _LENGTHS.get(head, 0)
        at += size + (int.from_bytes(data[at + 1 : at + 1 + length], "big") if length else 0)
        count += 1
    return count


def _size(head: int) -> int:
    """Bytes of a value with this first byte, without those whose number follows it."""
    if 0xA0 <= head <= 0xBF:  # a short text
        return 1 + (head & 0x1F)
    return _LONGER.get(head, 1)


_LENGTHS = {  # first byte of texts and bytes -> in how many bytes their number stands
    **{0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4},
}
_LONGER = {
    **{0xC4: 2, 0xC5: 3, 0xC6: 5, 0xC7: 3, 0xC8: 4, 0xC9: 6, 0xCA: 5, 0xCB: 9},
    **{0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9, 0xD0: 2, 0xD1: 3, 0xD2: 5, 0xD3: 9},
    **{0xD4: 3, 0xD5: 4, 0xD6: 6, 0xD7: 10, 0xD8: 18, 0xD9: 2, 0xDA: 3, 0xDB: 5},
    **{0xDC: 3, 0xDD: 5, 0xDE: 3, 0xDF: 5},
}
_SIZES = tuple(_size(head) for head in range(256))


def receive(
    stream: IO[bytes], kind: type[Frame], counted: Callable[[int], None] | None = None
) -> Frame:
    """Read one frame of that kind, or of one of these kinds.

    `counted` hears how many values it holds before they are decoded; it may raise.

    Raises:
        ProtocolError: closed, too long, or not of that kind.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise ProtocolError("closed")
    (length,) = _LENGTH.unpack(head)
    if length > MESSAGE:
        raise ProtocolError(f"a message of {length} bytes, more than {MESSAGE}")
    data = stream.read(length)
    if len(data) < length:
        raise ProtocolError("closed within a message")
    if counted is not None:
        counted(elements(data, ELEMENTS))
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError, MemoryError) as error:
        raise ProtocolError(str(error)) from None
