"""What cells print and display, up to a limit: for the probes, and for the executed copy.

`worker` runs every cell inside `captured`.
"""

from __future__ import annotations

import base64
import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any

from IPython.utils.capture import CapturedIO, capture_output

from autograder.inside.protocol import Shown
from autograder.limits import CELL_TEXT, CELL_TEXT_SEEN, DISPLAYED, PICTURE


class Limited(io.StringIO):
    """A text stream that takes everything and keeps the beginning."""

    def write(self, text: str) -> int:
        """Keep what fits."""
        room = CELL_TEXT - self.tell()
        if room > 0:
            super().write(text[:room])
            if len(text) >= room:
                super().write("\n... (cut)\n")
        return len(text)


class Stream(io.TextIOBase):
    """What `sys.stdout` or `sys.stderr` is in every cell, as in Jupyter: who keeps it, such as a
    logger, writes into the cell that runs."""

    def __init__(self) -> None:
        self.cell = Limited()

    def write(self, text: str) -> int:
        """Write into the cell that runs."""
        return self.cell.write(text)

    def writable(self) -> bool:
        """Always."""
        return True


STREAMS = Stream(), Stream()


class Output:
    """What one cell gave."""

    def __init__(self) -> None:
        self.stdout, self.stderr = Limited(), Limited()
        self.captured: CapturedIO | None = None

    def texts(self) -> list[str]:
        """Printed text and displayed objects, as probes look at them."""
        printed = [self.stdout.getvalue()[:CELL_TEXT_SEEN]] if self.stdout.getvalue() else []
        return printed + [str(data["text/plain"])[:CELL_TEXT_SEEN] for data in self._data()]

    def shown(self, error: str = "") -> Shown:
        """The same, for the executed copy."""
        outputs = [
            {mime: kept for mime, value in data.items() if (kept := _text(value)) is not None}
            for data in self._data()
        ]
        streams = self.stdout.getvalue(), self.stderr.getvalue()
        return Shown(stdout=streams[0], stderr=streams[1], outputs=outputs, error=error)

    def _data(self) -> list[dict[str, Any]]:
        rich = self.captured.outputs[:DISPLAYED] if self.captured else []
        return [o.data for o in rich if isinstance(o.data, dict) and "text/plain" in o.data]


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = base64.b64encode(value).decode()
    return value if isinstance(value, str) and len(value) <= PICTURE else None


@contextlib.contextmanager
def captured() -> Iterator[Output]:
    """Collect what the block prints and displays."""
    output = Output()
    with capture_output() as found:
        output.captured = found
        STREAMS[0].cell, STREAMS[1].cell = output.stdout, output.stderr
        sys.stdout, sys.stderr = STREAMS
        yield output
