"""What a student calls in a notebook, right and wrong: an explanation and the next step."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import networkx as nx
import pandas as pd
import pytest
from checks_course import BLANKS, Course, execute, solution
from torch_geometric.data import Data
from typer.testing import CliRunner

import course_data
from autograder import notebook
from autograder.cli import app
from autograder.contract import EXERCISES, GIVES, NOTEBOOKS, TOYS
from autograder.desk import missing_names, progress
from autograder.desk.cli import app as students
from autograder.desk.hints import OF_CHECKS, OF_EXERCISES, Hint
from autograder.handin.submission import read
from autograder.inside import chain as chains
from autograder.inside.chain import Chain
from autograder.inside.history import History
from autograder.inside.inputs import RightInputs
from autograder.inside.session import Session
from autograder.rules import catalogue

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kernel(
    tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """The namespace of a kernel that has just been started, in an empty folder."""
    monkeypatch.setenv(progress.CACHE, str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    ns: dict[str, Any] = {"__name__": "__main__"}
    for name, value in {
        "_session": Session(ns=ns, data=course.data),
        "_reports": {},
        "_from_kit": {},
        "_hints": None,
        "_checked": {},
    }.items():
        monkeypatch.setattr(notebook, name, value)
    monkeypatch.setattr(chains, "current", Chain(RightInputs()))
    yield ns


def solve(kernel: dict[str, Any], step: str, *ids: str) -> None:
    """Run the solution's cells of a step, as the student would."""
    exec("import pandas as pd, networkx as nx, course_data", kernel)
    for name, source in solution(step).items():
        if not ids or name in ids:
            exec(source, kernel)


def test_every_exercise_has_its_help() -> None:
    assert set(OF_EXERCISES) == set(EXERCISES)
    assert all(len(pieces) == 4 and all(pieces) for pieces in OF_EXERCISES.values())


OF_STEP_1 = Hint("step1.load", "Hint 1 of 3", "The cell with `repr` shows both.", True)


def test_hints_come_one_at_a_time(kernel: dict[str, Any]) -> None:
    told = [str(notebook.hint("step1.load")) for _ in range(5)]
    question, *hints = OF_EXERCISES["step1.load"]
    assert f"A question first: {question}" in told[0] and hints[0] not in told[0]
    assert [f"Hint {n} of 3" in told[n] for n in (1, 2, 3)] == [True] * 3
    assert told[3] == told[4] and "ask your TA" in told[4]
    assert "<code>repr</code>" in OF_STEP_1._repr_html_()


def test_hints_are_about_what_the_check_found(kernel: dict[str, Any]) -> None:
    notebook.hint("step1.load")
    exec("import pandas as pd, course_data", kernel)
    columns = "names=['userID', 'artistID', 'listen_count']"
    path = 'course_data.path("user_artists.dat")'
    exec(f"df = pd.read_csv({path}, sep='\\t', {columns})", kernel)
    notebook.check("step1.load")
    first = notebook.hint("step1.load")
    assert first.label == "A question first" and "header" in str(first).lower()
    assert first.text not in OF_EXERCISES["step1.load"]
    assert notebook.hint("step1").label == "Hint 1 of 3"
    solve(kernel, "step1", "load")
    notebook.check("step1.load")
    assert "every check passes" in str(notebook.hint("step1.load"))


def test_progress_is_kept_for_the_folder(
    kernel: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Next: step1.load" in str(notebook.progress())
    solve(kernel, "step1", "load")
    notebook.check("step1.load")
    shown = str(notebook.progress())
    assert "7 of 10" in shown and "Next: step1.explore, exercise 2 in step1" in shown
    for program in (app, students):
        done = CliRunner().invoke(program, ["progress", str(tmp_path)])
        assert done.exit_code == 0 and "7 of 10" in done.output
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    elsewhere = notebook.progress()
    for text in (str(elsewhere), elsewhere._repr_html_()):
        assert "0 of 90" in text and "Nothing has been checked in this folder yet" in text
        assert f"The last check was in {tmp_path}" in text and "autograder progress" in text


def test_a_check_in_another_notebook_takes_no_points_away(
    kernel: dict[str, Any], tmp_path: Path
) -> None:
    kernel.update(dict(zip(GIVES["step3"], notebook.checkpoint("step3"), strict=True)))
    (note,) = notebook.check("step1").notes
    assert note.startswith("step1.explore and step1.load: your own work is not in this notebook")
    assert "the kit's `df`, `n_artists`, `n_users`, which `checkpoint`" in note
    assert progress.read(tmp_path) == {}  # the kit's table is nobody's work
    kernel.clear()
    notebook._from_kit.clear()
    solve(kernel, "step1")
    assert notebook.check("step1") == 10
    kernel.clear()
    assert notebook.check("step1") == 0
    shown = str(notebook.progress())
    assert (
        "10 of 10" in shown
        and "step1.load: its last check ran where your work on it is not" in shown
    )
    kernel.update(dict(zip(GIVES["step2"], notebook.checkpoint("step2"), strict=True)))
    kernel["n_users"] = 3
    notebook.check("step1")
    assert "10 of 10" in str(notebook.progress())
    run(kernel, "import pandas as pd", "n_users = 3; n_artists = 4")
    notebook.check("step1.explore")
    shown = str(notebook.progress())
    assert "7 of 10" in shown and "step1.explore: its" not in shown


def test_a_checkpoint_says_what_it_hands_over(
    kernel: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.checkpoint("step3")
    said = capsys.readouterr().out
    assert said.startswith("From the kit: df (") and "G (160 nodes" in said
    notebook.checkpoint("step5")
    said = capsys.readouterr().out
    assert "step4_model.ipynb is not in this folder" in said and "stand-in" in said


def test_one_notebook_goes_on_with_what_its_kernel_has(
    kernel: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    solve(kernel, "step1")
    notebook.check("step1")
    capsys.readouterr()
    assert notebook.checkpoint("step2")[0] is kernel["df"]
    assert capsys.readouterr().out.startswith("Your own: df")
    kernel["df"] = kernel["df"].head()
    notebook.check("step1")
    df, *_ = notebook.checkpoint("step2")
    assert len(df) > 5 and "From the kit: df" in capsys.readouterr().out


def problem(call: Any, *words: str) -> None:
    """It raises one line, and a notebook shows that line and no traceback."""
    with pytest.raises(notebook.NotebookProblem) as raised:
        call()
    (line,) = raised.value._render_traceback_()
    assert "\n" not in line and all(word in line for word in words), line


def test_an_exercise_that_is_not_there(kernel: dict[str, Any]) -> None:
    problem(lambda: notebook.check("step2.graph"), "step2.nodes, step2.edges")
    problem(lambda: notebook.check("step3.maping"), 'did you mean check("step3.mapping")?')
    problem(lambda: notebook.hint("mapping"), 'did you mean hint("step3.mapping")?')
    problem(lambda: notebook.hint("all of it"), "step1.load")
    problem(lambda: notebook.hint(), "step1.load")
    problem(lambda: notebook.checkpoint("step1"), "step2 to step6")
    problem(lambda: notebook.answer("step3.mapping"), 'answer("step3.think")', "hint(")
    problem(lambda: notebook.answer("think"), "step1.think, step2.think")
    problem(lambda: notebook.answer(), "step1.think")
    assert notebook.answer("step3") == notebook.answer("step3.think")


def test_an_import_of_a_name_that_is_gone(
    kernel: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook, "_shell", lambda: True)
    problem(lambda: exec("from autograder.notebook import grade_me", {}), "grade_me", "same zip")
    assert not hasattr(notebook, "_nothing")


def test_a_folder_that_was_moved(
    kernel: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "moved"
    place.mkdir()
    os.chdir(place)
    try:
        place.rmdir()
    except OSError:
        pytest.skip("here a folder that is in use cannot be deleted")
    for call in (lambda: notebook.check("step1"), lambda: notebook.checkpoint("step2")):
        problem(call, "moved or deleted", "restart the kernel")
    problem(notebook.progress, "moved or deleted")


def test_data_that_is_not_there_shows_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", "nowhere")
    with pytest.raises(course_data.DataError) as raised:
        course_data.path("user_artists.dat")
    assert raised.value._render_traceback_() == [str(raised.value)]


def test_a_missing_name_is_said_with_its_exercise(kernel: dict[str, Any], course: Course) -> None:
    kernel.update(course.inputs("step5"))
    kernel["train"] = lambda data: 0.5
    for outcome in notebook.check("step5.train").outcomes:
        assert "`model` (exercise 1 of step 5)" in outcome.message.next


def test_a_kernel_from_before_an_update(
    kernel: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook, "_version_here", 1.0)
    for call in (lambda: notebook.check("step1"), lambda: notebook.checkpoint("step2")):
        problem(call, "updated", "Restart the kernel")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "Give sample, lastfm"),
        ("a,b,c\n1,2,3\n", "line 1"),
        ("userID\tartistID\tweight\n1\t2\n", "line 2"),
        ("", "empty"),
    ],
)
def test_a_wrong_data_file(
    kernel: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
    words: str,
) -> None:
    path = tmp_path / "mine.dat"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("COURSE_DATA", str(path))
    problem(lambda: notebook.check("step1"), words)
    problem(lambda: notebook.checkpoint("step2"), words)


def test_cells_out_of_order(kernel: dict[str, Any]) -> None:
    session = notebook._session
    assert session is not None
    source = solution("step1")["explore"]
    try:
        exec(source, kernel)
    except NameError as error:
        session.history.failed(source, error)
    report = str(notebook.check("step1.explore"))
    assert "`df` is made in exercise 1" in report and "run that cell" in report


def test_a_deleted_cell_is_said_at_the_end(tmp_path: Path) -> None:
    from autograder.desk import one_notebook

    for path in (ROOT / "solutions" / "gnn_recommender").glob("*.ipynb"):
        book = json.loads(path.read_text(encoding="utf-8"))
        book["cells"] = [cell for cell in book["cells"] if cell["id"] != "check_mapping"]
        (tmp_path / path.name).write_text(json.dumps(book), encoding="utf-8")
    target = tmp_path / "one.ipynb"
    one_notebook.write(one_notebook.join(tmp_path), target)
    marks = {
        key: progress.Mark(1.0, 1, 1, True, 0.0) for key in EXERCISES if key != "step3.mapping"
    }
    (line,) = one_notebook.lacking(target, marks)
    assert line.startswith("step3.mapping: its check cell is not there")


def test_doctor_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_the_sample: None
) -> None:
    monkeypatch.setenv(progress.CACHE, str(tmp_path))
    good = CliRunner().invoke(app, ["doctor", str(ROOT / "assignments" / "gnn_recommender")])
    assert good.exit_code == 0, good.output
    assert good.output.count(" OK ") == len(good.output.splitlines()) >= 7
    monkeypatch.setenv("COURSE_DATA", "nowhere")
    bad = CliRunner().invoke(app, ["doctor", str(tmp_path)])
    assert bad.exit_code == 1 and "Traceback" not in bad.output
    assert "Give sample, lastfm" in bad.output and "the six notebooks" in bad.output


def test_explain_and_hints_name_commands_that_there_are() -> None:
    import re

    known = {command.name or command.callback.__name__ for command in students.registered_commands}  # type: ignore[union-attr]
    texts = [(ROOT / "autograder" / "reports" / "explanation.py")]
    for folder in ("explain", "rules", "desk"):
        texts += (ROOT / "autograder" / folder).glob("*.py")
    named = {
        word
        for path in texts
        for line in path.read_text(encoding="utf-8").splitlines()
        if '"' in line
        for word in re.findall(r"`autograder ([a-z]+)", line)
    }
    assert {"check", "join"} <= named
    assert named <= known, named - known


def test_watching_checks_again_after_a_save(tmp_path: Path) -> None:
    from autograder.desk import cli

    file = tmp_path / "a.ipynb"
    file.write_text("1")
    runs: list[int] = []

    def sleep(_: float) -> None:
        if len(runs) == 2:
            raise KeyboardInterrupt
        stamp = 10.0 * (len(runs) + 1)
        os.utime(file, (stamp, stamp))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli.time, "sleep", sleep)
        cli.again_when_saved([file], lambda: runs.append(1))
    assert len(runs) == 2


def run(kernel: dict[str, Any], *sources: str) -> None:
    """Run cells as the shell would: what they raise is remembered, and they are the last to run."""
    session = notebook._session
    assert session is not None and session.ns is kernel
    for source in sources:
        session.history.forget(source)
        session.history.cells.append(source)
        execute(session, f"<cell {len(session.history.cells)}>", source)


def test_names_of_our_own_cells_are_never_offered(kernel: dict[str, Any]) -> None:
    for step in ("step1", "step2", "step3"):
        cells = read(BLANKS / f"{NOTEBOOKS[step]}.ipynb").cells
        run(kernel, *(c.source for c in cells if c.kind == "code" and "check(" not in c.source))
        assert "Your notebook made" not in str(notebook.check(step))
    named = {k for k, v in kernel.items() if isinstance(v, pd.DataFrame | nx.Graph | dict | Data)}
    assert named - {"df", "G", "data"} - {k for k in named if k[:1] == "_"} <= set(TOYS)
    del kernel["df"]
    run(kernel, "my_table = toy_wrong")
    assert "Your notebook made `my_table`" in str(notebook.check("step1.load"))
    assert "another name" in str(notebook.hint("step1.load"))


def test_a_hint_says_what_the_panel_has_not_said(kernel: dict[str, Any]) -> None:
    run(kernel, 'import pandas as pd\ndf = pd.read_csv("user_artists.dat")')
    report = notebook.check("step1.load")
    assert 'course_data.path("user_artists.dat")' in report.outcomes[0].message.next
    assert "in the cell that begins `import pandas as pd`, line 2" in str(report)
    told = "".join(str(notebook.hint("step1.load")) for _ in range(4))
    assert report.outcomes[0].message.next not in told and "In which folder" in told


def test_a_check_without_a_cause_has_its_own_hints(kernel: dict[str, Any], course: Course) -> None:
    kernel.update(course.inputs("step3"))
    exec("id_mapping = {n: i for i, n in enumerate(G)}; num_nodes = len(G) - 1", kernel)
    report = notebook.check("step3.mapping")
    assert report.outcomes[0].proof is None
    told = [notebook.hint("step3.mapping") for _ in range(4)]
    assert [hint.text for hint in told[:3]] == [*OF_CHECKS["step3.mapping.size"]]
    assert [hint.label for hint in told[1:]] == ["Hint 1 of 2", "Hint 2 of 2", "Hint 2 of 2"]


def test_hints_of_checks_are_of_checks_that_there_are() -> None:
    assert set(OF_CHECKS) <= {check.id for check in catalogue()}
    assert all(len(pieces) == 3 and all(pieces) for pieces in OF_CHECKS.values())


def test_each_cause_goes_on_with_its_own_hints(kernel: dict[str, Any], course: Course) -> None:
    kernel.update(course.inputs("step3"))
    short = "id_mapping = {n: i for i, n in enumerate(G)}; num_nodes = len(G) - 1"
    from_one = "id_mapping = {n: i for i, n in enumerate(G, start=1)}; num_nodes = len(G)"

    def hints(source: str, calls: int) -> list[str]:
        exec(source, kernel)
        notebook.check("step3.mapping")
        return [str(notebook.hint("step3.mapping")) for _ in range(calls)]

    first, second = hints(short, 2)
    assert "A question first" in first and "Hint 1 of 2" in second
    begin, then = hints(from_one, 2)
    assert "A question first" in begin and "something else than at your last call" in begin
    assert "Hint 1 of 3" in then and "something else" not in then
    (back,) = hints(short, 1)
    assert "Hint 2 of 2" in back and "something else" in back


def test_right_inputs_of_ours_are_not_blamed(kernel: dict[str, Any], course: Course) -> None:
    kernel.update(course.inputs("step4"))
    exec("import torch\nfrom torch import Tensor, nn", kernel)
    exec("from torch_geometric.nn import SAGEConv", kernel)
    model = solution("step4")["model"]
    for right, wrong, words in (
        ("self.conv1(h, edge_index)", "self.conv1(edge_index, h)", "in this order?"),
        ("self.embedding(x)", "x", "Is `x` looked up in the embedding"),
        ("self.embedding(x)", "x.float().unsqueeze(1)", "Is `x` looked up in the embedding"),
    ):
        run(kernel, model.replace(right, wrong))
        report = notebook.check("step4.encode")
        assert words in str(report), report
        told = "".join(str(notebook.hint("step4.encode")) for _ in range(4))
        assert "64-bit" not in told and "input width" not in told, told


def test_edges_with_artists_first_lead_to_the_cell_of_data(
    kernel: dict[str, Any], course: Course
) -> None:
    kernel.update(course.inputs("step3"))
    exec("import torch, torch_geometric.transforms as T", kernel)
    exec("from torch_geometric.data import Data", kernel)
    solve(kernel, "step3", "mapping", "data")
    kernel["data"].edge_index = kernel["data"].edge_index.flip(0)
    run(kernel, solution("step3")["split"].replace("seed_everything(0)", ""))
    report = notebook.check("step3.split")
    assert "smaller index of each pair first" in report.outcomes[0].message.next
    told = "".join(str(notebook.hint("step3.split")) for _ in range(4))
    assert "which end of an edge stands in row 0" in told and "num_val" not in told


def test_a_value_that_is_older_than_what_it_was_made_from_is_said_to_be(
    kernel: dict[str, Any], course: Course
) -> None:
    kernel.update(course.inputs("step3"))
    exec("import torch\nfrom torch_geometric.data import Data", kernel)
    cells = solution("step3")
    wrong = "id_mapping = {n: i for i, n in enumerate(G, start=1)}; num_nodes = len(G)"
    run(kernel, wrong, cells["data"], cells["mapping"])
    first = next(o for o in notebook.check("step3.data").outcomes if o.status == "failed")
    assert first.message.next.startswith("Run this exercise's cell again first: ")
    assert "older" in str(notebook.hint("step3.data"))
    run(kernel, cells["data"])
    assert all(o.status == "passed" for o in notebook.check("step3.data").outcomes)


def test_step_3_gets_the_names_that_its_text_promises(
    kernel: dict[str, Any], course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel.update(course.inputs("step2"))
    source = "".join(solution("step2").values())
    exec("import networkx as nx", kernel)
    exec(source.replace('("user", ', '("u", ').replace('("artist", ', '("a", '), kernel)
    kernel["G"] = nx.relabel_nodes(kernel["G"], {n: f"{n[0]}{n[1]}" for n in kernel["G"]})
    assert notebook.check("step2") == 15
    capsys.readouterr()
    graph = notebook.checkpoint("step3")[3]
    assert 'named ("user", id)' in capsys.readouterr().out
    right = course.inputs("step3")["G"]
    assert set(graph) == set(right) and all(graph.has_edge(*ends) for ends in right.edges)
    assert all(graph.nodes[n]["bipartite"] == right.nodes[n]["bipartite"] for n in right)
    notebook.checkpoint("step3")
    kernel["G"] = graph
    notebook.check("step2")
    assert notebook.checkpoint("step3")[3] is graph


def test_a_hint_is_of_a_check_that_is_older_than_the_cell(
    kernel: dict[str, Any], course: Course
) -> None:
    kernel.update(course.inputs("step3"))
    run(kernel, "id_mapping = {n: i for i, n in enumerate(G, start=1)}; num_nodes = len(G)")
    notebook.check("step3.mapping")
    assert "check first" not in str(notebook.hint("step3.mapping"))
    run(kernel, solution("step3")["mapping"])
    assert "before your cell ran again: check first" in str(notebook.hint("step3.mapping"))
    notebook.check("step3.mapping")
    assert "every check passes" in str(notebook.hint("step3.mapping"))


def missing(cells: list[str], failing: int, ran: list[int], folder: Path, **ns: object) -> str:
    """What is said of a NameError in one of the cells of a saved notebook, after others ran."""
    import nbformat

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbformat.write(book, folder / "mine.ipynb")
    history = History()
    for source in [*(cells[i] for i in ran), cells[failing]]:
        history.cells.append(source)
        try:
            exec(source, ns)
        except NameError as error:
            said = missing_names.explain(error, source, "", history, ns, folder)
            history.failed(source, error)
        except ValueError as error:
            history.failed(source, error)
    return said


MISSING = {
    "not run": ((["import os", "a = 1", "b = a"], 2, [0]), "begins `a = 1`, which has not run"),
    "below": ((["import os", "b = a", "a = 1"], 1, [0]), "begins `a = 1`, which stands below"),
    "raised": (
        (["a = int('x')", "b = a"], 1, [0]),
        "begins `a = int('x')`, and its last run raised ValueError. Mend that cell first",
    ),
    "deleted": ((["a = 1", "del a", "b = a"], 2, [0, 1]), "run it again"),
    "an import": ((["import os", "import json as j", "j.x"], 2, [0]), "begins `import json as j`"),
    "of a function": ((["def f():\n    a = 1", "b = a"], 1, [0]), "No cell of this notebook"),
    "misspelt": ((["weights = 1", "wieghts"], 1, [0]), "Did you mean `weights`?"),
    "of another step": (
        (["1", "G.nodes"], 1, [0]),
        "in exercise 1 of step 2 (`checkpoint` hands it out from step 3 on)",
    ),
    "a library": ((["1", "pd.DataFrame"], 1, [0]), "run `import pandas as pd` first"),
    "inside a call": (
        (["def f():\n    return a", "a = 1", "f()"], 2, [0]),
        "begins `a = 1`, which has not run",
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_name_is_said_with_the_cell_that_makes_it(name: str, tmp_path: Path) -> None:
    (cells, failing, ran), words = MISSING[name]
    said = missing(cells, failing, ran, tmp_path)
    assert words in said and "\n" not in said, said


def test_the_line_comes_after_the_cell_that_raised(
    kernel: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        exec("G.nodes", kernel)
    except NameError as error:
        info = SimpleNamespace(raw_cell="G.nodes", cell_id="")
        result = SimpleNamespace(error_in_exec=error, error_before_exec=None, info=info)
    notebook._remember(result)
    assert "`G` is made in exercise 1 of step 2" in capsys.readouterr().out


def test_a_model_that_was_made_anew_is_said_at_the_check_of_the_loop(
    kernel: dict[str, Any], course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook, "_tracker", None)
    kernel.update(course.inputs("step5"))
    exec("import torch\nfrom torch import nn\nfrom torch_geometric.data import Data", kernel)
    exec("from torch_geometric.utils import negative_sampling", kernel)
    kernel.update(seed_everything=lambda _: None, track=notebook.track)
    cells, track = solution("step5"), "tracker = track(model, optimizer)"

    def said(*sources: str) -> str:
        for source in sources:
            exec(source, kernel)
        report = notebook.check("step5.loop")
        return " ".join(report.notes)

    assert said(cells["setup"], cells["train"], track, cells["loop"]) == ""
    assert "`losses` are of an earlier model" in said(cells["setup"])
    tracked = said(cells["loop"])
    assert "`model` was made anew after `track`" in tracked and "Run in this order" in tracked
    assert said(track, cells["loop"]) == ""
    assert "`optimizer` was made" in said(
        "optimizer = torch.optim.Adam(model.parameters(), lr=0.01)", cells["loop"]
    )
    report = notebook.check("step5")
    assert "Note: `optimizer`" in str(report) and "gnn-note" in report._repr_html_()
    assert notebook.check("step5.train").notes == ()


def test_a_value_that_passes_and_is_older_than_an_exception_is_said(
    kernel: dict[str, Any], course: Course
) -> None:
    exec("import pandas as pd, course_data", kernel)
    load, explore = solution("step1").values()
    run(kernel, load, explore)
    assert notebook.check("step1").notes == ()
    run(kernel, "n_users = nothing\nn_artists = 3")
    report = notebook.check("step1")
    (note,) = report.notes
    assert report == 10 and note.startswith("step1.explore: the last run") and "NameError" in note
    run(kernel, explore)
    assert notebook.check("step1").notes == ()
