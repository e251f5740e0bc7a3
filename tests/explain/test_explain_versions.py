"""Version drift, devices, a line as an argument, and hints that name only what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.reports import explanation as explaining
from autograder.rules.diagnosis import _texts
from course_data.cli import app as data_app

LINES = {
    "run.device": [
        "NotImplementedError: The operator 'aten::scatter_reduce' is not currently implemented for "
        "the MPS device. If you want this op to be added, comment on the issue.",
        "RuntimeError: \"index_add\" not implemented for the 'MPS' device",
        "NotImplementedError: Could not run 'aten::_sparse_coo_tensor' with arguments from the "
        "'SparseMPS' backend.",
        "AssertionError: Torch not compiled with CUDA enabled",
        "RuntimeError: CUDA error: invalid device ordinal",
    ],
    "run.scaffold": ["NotImplementedError", "NotImplementedError:", "NotImplementedError: "],
    "run.read-only": [
        "ValueError: assignment destination is read-only",
        "ValueError: output array is read-only",
        "UserWarning: The given NumPy array is not writable, and PyTorch does not support it.",
    ],
    "run.removed-name": [
        "AttributeError: `np.float_` was removed in the NumPy 2.0 release. Use `np.float64`.",
        "AttributeError: module 'numpy' has no attribute 'int'.",
        "AttributeError: 'DataFrame' object has no attribute 'append'",
    ],
    "run.chained-assignment": [
        "ChainedAssignmentError: A value is being set on a copy of a DataFrame or Series through "
        "chained assignment using an inplace method.",
        "SettingWithCopyWarning: A value is trying to be set on a copy of a slice from a DataFrame",
        "FutureWarning: A value is trying to be set on a copy of a DataFrame through chained "
        "assignment using an inplace method.",
    ],
    "run.weights-only": [
        "UnpicklingError: Weights only load failed. This file can still be loaded.",
        "_pickle.UnpicklingError: Weights only load failed. Unsupported global: GLOBAL Net",
        "UnpicklingError: Unsupported class numpy.core.multiarray._reconstruct; add_safe_globals",
    ],
}


@pytest.mark.parametrize(("id", "line"), [(i, line) for i, ls in LINES.items() for line in ls])
def test_a_line_is_recognised(id: str, line: str) -> None:
    found = explaining.explain(line)
    assert [cause.id for cause in found.causes][:1] == [id]
    assert explaining.text_of(id).title in explaining.render(found)


def test_what_a_library_has_not_implemented_is_no_exercise() -> None:
    found = explaining.explain("NotImplementedError: this layer has no sparse version")
    assert "run.scaffold" not in [cause.id for cause in found.causes]


@pytest.mark.parametrize(
    "words",
    [
        ["NameError: name 'pd' is not defined"],
        ["NameError:", "name", "'pd'", "is", "not", "defined"],
        ["NameError: name 'pd' is not defined", "--json"],
    ],
)
def test_a_line_as_an_argument(words: list[str]) -> None:
    result = CliRunner().invoke(app, ["explain", *words])
    assert result.exit_code == 0 and "run.missing-import" in result.output


@pytest.mark.parametrize("name", ["nowhere.txt", "no/such/file", "traceback"])
def test_one_word_is_a_file(name: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["explain", name])
    assert result.exit_code == 2 and "check the path" in result.output
    path = tmp_path / "error with spaces.txt"
    path.write_text("NameError: name 'pd' is not defined")
    assert "run.missing-import" in CliRunner().invoke(app, ["explain", str(path)]).output
    assert CliRunner().invoke(app, ["explain", "KeyError"]).exit_code == 0


def test_no_hint_names_a_command_that_is_not_there() -> None:
    commands = {
        "autograder": {c.name or c.callback.__name__ for c in app.registered_commands},
        "course_data": {c.name or c.callback.__name__ for c in data_app.registered_commands},
    }
    for id, entry in _texts().items():
        text = " ".join([entry.title, entry.why, entry.question, *entry.hints])
        for program, verb in re.findall(r"`(autograder|course_data) (\w+)", text):
            assert verb in commands[program], f"{id}: {program} {verb}"
