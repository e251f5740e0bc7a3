"""The student's objects while probes look at them: methods by name, a recorder for a block.

The probes of steps 4 to 6 use it, and leave everything as it was.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from autograder.inside.log import Log
from autograder.inside.recorder import Recorder
from autograder.inside.session import Session


@contextlib.contextmanager
def recording(session: Session) -> Iterator[Log]:
    """A log of what the block does, wherever the recorder is installed already or not."""
    recorder = session.recorder
    with contextlib.ExitStack() as stack:
        if recorder is None:
            recorder = Recorder(session.history.cell_of)
            recorder.install(session.ns)
            stack.callback(recorder.remove)
        for value in list(session.ns.values()):
            if isinstance(value, nn.Module):
                with contextlib.suppress(Exception):  # a module without super().__init__()
                    recorder.registry.adopt(value)
        yield stack.enter_context(recorder.apart())


def aside(session: Session) -> contextlib.AbstractContextManager[Any]:
    """Nothing that the block does is the notebook's own doing."""
    return contextlib.nullcontext() if session.recorder is None else session.recorder.paused()


def find_method(model: object, name: str) -> str:
    """`encode`, or else the one method whose name begins like it (`encoder`); empty if none."""
    if callable(getattr(model, name, None)):
        return name
    stem = name[:3]
    like = [m for m in methods(model) if m.lower().lstrip("_").startswith(stem)]
    return like[0] if len(like) == 1 else ""


def methods(model: object) -> list[str]:
    """Names of the methods that the student's class itself defines."""
    return names_of(type(model))


def names_of(cls: type) -> list[str]:
    """Names of the methods that a class itself defines."""
    return [k for k, v in vars(cls).items() if callable(v) and not k.startswith("__")]


@contextlib.contextmanager
def untouched(session: Session) -> Iterator[None]:
    """Put models, optimizers and the loss list back as they were before the block."""
    ns, recorder = session.ns, session.recorder
    values = [ns.get(name) for name in ("model", "optimizer", "losses")]
    values += [v for v in ns.values() if isinstance(v, (nn.Module, torch.optim.Optimizer))][:20]
    values += [recorder.log.model(), recorder.log.optimizer()] if recorder is not None else []
    with contextlib.ExitStack() as undo:
        for value in {id(v): v for v in values}.values():
            if isinstance(value, nn.Module):
                undo.callback(value.zero_grad)
                undo.callback(value.train, value.training)
                undo.callback(value.load_state_dict, copy.deepcopy(value.state_dict()))
            elif isinstance(value, torch.optim.Optimizer):
                undo.callback(value.load_state_dict, copy.deepcopy(value.state_dict()))
            elif isinstance(value, list):
                undo.callback(value.__setitem__, slice(None), list(value))
        yield
