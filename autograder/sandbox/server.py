"""The warm process: imports torch and the rest once, answers each connection in a fork of itself.

The sandbox starts it with `python -m autograder.sandbox.server SOCKET`, or, where processes cannot
be forked, once a task with `--once` and talks over standard input and output.
"""

from __future__ import annotations

import os
import socketserver
import sys
import tempfile
from pathlib import Path
from typing import IO, cast

from autograder.reference import one_thread

one_thread()  # before anything else uses torch: a fork of a many-threaded parent hangs

import IPython.core.interactiveshell  # noqa: E402, F401
import matplotlib  # noqa: E402, F401
import sklearn.metrics  # noqa: E402, F401
import torch_geometric.nn  # noqa: E402, F401
import torch_geometric.transforms  # noqa: E402, F401

from autograder.sandbox.task import Message, ProtocolError, Task, receive, send  # noqa: E402
from autograder.sandbox.worker import run  # noqa: E402


def answer(reader: IO[bytes], writer: IO[bytes]) -> None:
    """Read one task, run it in a temporary folder, write messages until it is done."""
    try:
        task = receive(reader, Task)
    except ProtocolError:
        return  # the grader has gone, or only tried whether we are there
    assert isinstance(task, Task)
    send(writer, Message(pid=os.getpid()))
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as folder:
        try:
            run(task, Path(folder), lambda message: send(writer, message))
        except (BrokenPipeError, ConnectionError):
            return
        except Exception as error:  # the grader's own fault: say so, the student pays nothing
            send(writer, Message(done=True, fault=f"{type(error).__name__}: {error}"[:400]))
        finally:
            os.chdir(tempfile.gettempdir())


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Answer one connection, in a session of its own so that all it starts can be ended."""
        os.setsid()
        _silence()
        answer(cast(IO[bytes], self.rfile), cast(IO[bytes], self.wfile))


def _silence() -> None:
    """Let descriptors 0, 1 and 2 lead nowhere: what a student's C code prints is not ours."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdin = open(os.devnull)  # noqa: SIM115  (stays open as long as the process)


def serve(path: str) -> None:
    """Answer connections on a Unix socket, each in a fork, until the parent closes our stdin."""
    import threading

    class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
        max_children = 1024
        block_on_close = False
        request_queue_size = 128

    with Server(path, _Handler) as server:
        print("ready", flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        server.serve_forever(poll_interval=0.2)


def once() -> None:
    """Answer one task on standard input and output."""
    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    _silence()
    answer(reader, writer)


if __name__ == "__main__":
    once() if sys.argv[1:] == ["--once"] else serve(sys.argv[1])
