"""`autograder.authoring.build` and `check`: what is written, and that it is the same every time."""

from __future__ import annotations

import json

import nbformat
import pytest

from autograder import authoring

SOLUTION1 = "solutions/gnn_recommender/step1_data_loading.ipynb"
SOLUTION6 = "solutions/gnn_recommender/step6_evaluation.ipynb"
STUDENT1 = "assignments/gnn_recommender/step1_data_loading.ipynb"
STUDENT6 = "assignments/gnn_recommender/step6_evaluation.ipynb"
ALL = [SOLUTION1, SOLUTION6, STUDENT1, STUDENT6]


def cells(course, name):
    return {cell.id: cell for cell in nbformat.read(course.root / name, as_version=4).cells}


def test_build_writes_both_notebooks_of_each_source_and_nothing_else(course):
    before = course.files()
    built = authoring.build(course.root)
    assert [path.as_posix() for path in built] == ALL
    assert course.files() - before == set(ALL)


def test_two_builds_give_the_same_bytes(course, tmp_path):
    authoring.build(course.root)
    first = {name: (course.root / name).read_bytes() for name in ALL}
    other = type(course)(tmp_path / "elsewhere")
    authoring.build(other.root)
    assert {name: (other.root / name).read_bytes() for name in ALL} == first


def test_what_is_right_already_is_not_touched(course):
    authoring.build(course.root)
    times = [(course.root / name).stat().st_mtime_ns for name in ALL]
    authoring.build(course.root)
    assert [(course.root / name).stat().st_mtime_ns for name in ALL] == times


def test_line_ends_of_the_source_do_not_matter(course):
    authoring.build(course.root)
    first = (course.root / STUDENT1).read_bytes()
    course.step1.write_bytes(course.step1.read_bytes().replace(b"\n", b"\r\n"))
    authoring.build(course.root)
    assert (course.root / STUDENT1).read_bytes() == first


@pytest.mark.parametrize("name", ALL)
def test_the_files_are_plain(course, name):
    authoring.build(course.root)
    raw = (course.root / name).read_bytes()
    assert raw.endswith(b"}\n") and b"\r" not in raw
    book = json.loads(raw)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert all(c["outputs"] == [] for c in book["cells"] if c["cell_type"] == "code")
    assert all(c["execution_count"] is None for c in book["cells"] if c["cell_type"] == "code")
    assert json.dumps(book, indent=1, sort_keys=True, ensure_ascii=False) + "\n" == raw.decode()


def test_ids_and_roles_become_nbgraders_metadata(course):
    authoring.build(course.root)
    found = {name: cell.metadata for name, cell in cells(course, SOLUTION1).items()}
    assert list(found) == ["aim", "setup_imports", "load", "check_load", "try_it"]
    assert found["aim"] == found["try_it"] == {}
    base = {"grade": False, "locked": False, "solution": False, "schema_version": 3, "task": False}
    assert found["setup_imports"].nbgrader == {**base, "grade_id": "setup_imports", "locked": True}
    assert found["load"].nbgrader == {**base, "grade_id": "load", "solution": True}
    assert found["check_load"].nbgrader == {
        **base, "grade_id": "check_load", "grade": True, "locked": True, "points": 7.0
    }  # fmt: skip
    report = cells(course, SOLUTION6)["report"]
    assert report.cell_type == "markdown"
    assert report.metadata.nbgrader == {
        **base, "grade_id": "report", "grade": True, "solution": True, "points": 10.0
    }  # fmt: skip


def test_students_get_stubs_and_no_hidden_tests(course):
    authoring.build(course.root)
    student1, student6 = cells(course, STUDENT1), cells(course, STUDENT6)
    stub = "# YOUR CODE HERE\nraise NotImplementedError()"
    assert student1["load"].source == "# df: a table with three columns\n" + stub
    assert student1["check_load"].source == 'check("step1.load")'
    assert student1["try_it"].source == 'print("play here")'
    assert student1["aim"].source == cells(course, SOLUTION1)["aim"].source
    assert student6["auc"].source.endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert student6["report"].source == "**Your report:**\n\nYOUR ANSWER HERE"


def test_check_finds_nothing_after_a_build(course):
    authoring.build(course.root)
    assert authoring.check(course.root) == []


def test_check_writes_nothing(course):
    before = course.files()
    assert [str(drift) for drift in authoring.check(course.root)] == [
        f"{name}: is missing: run autograder build" for name in sorted(ALL)
    ]
    assert course.files() == before


def test_an_edited_notebook_is_drift(course):
    authoring.build(course.root)
    edited = course.root / STUDENT6
    edited.write_bytes(edited.read_bytes().replace(b"Your report", b"My report"))
    assert [str(drift) for drift in authoring.check(course.root)] == [
        f"{STUDENT6}: differs from its source: run autograder build"
    ]
    authoring.build(course.root)
    assert authoring.check(course.root) == []


def test_an_edited_source_is_drift_of_both_notebooks(course):
    authoring.build(course.root)
    course.edit(course.step1, "# Loading", "# Reading")
    assert [drift.path.as_posix() for drift in authoring.check(course.root)] == [
        STUDENT1,
        SOLUTION1,
    ]


def test_new_points_are_drift(course, give):
    authoring.build(course.root)
    give({"step1.load": 8.0, "step6.auc": 82.0, "step6.report": 10.0})
    assert sorted(drift.path.as_posix() for drift in authoring.check(course.root)) == sorted(ALL)


def test_tables_of_points_are_drift_too(course, give):
    authoring.build(course.root)
    rows = "| 1 | `step1_data_loading`: read the file | 20 | 7 |\n| 6 | `six` | 20 | 83 + 10 |\n"
    (course.root / "README.md").write_text(f"| step | notebook | minutes | points |\n{rows}")
    assert authoring.check(course.root) == []
    give({"step1.load": 8.0, "step6.auc": 81.0, "step6.report": 11.0})
    said = {str(drift) for drift in authoring.stale_points(course.root)}
    assert said == {
        "README.md: the table gives step 1 7 points, not 8: mend it by hand",
        "README.md: the table gives step 6 93 points, not 92: mend it by hand",
        "autograder/gradebook/hand.py: the rubric adds up to 10 points, not 11: mend it by hand",
    }
    rubric = '# %% [markdown] id="rubric"\n# | The report | points |\n# |---|---|\n# | a | 3 |\n'
    course.step6.write_text(rubric + "# | b | 8.5 |\n\n" + course.step6.read_text())
    said = "\n".join(map(str, authoring.stale_points(course.root)))
    assert "solutions/step6_evaluation.py: the rubric adds up to 11.5 points, not 11" in said


def test_stray_files_are_drift_and_a_build_removes_them(course):
    authoring.build(course.root)
    stray = [
        course.root / "assignments/gnn_recommender/step7.ipynb",
        course.root / "solutions/gnn_recommender/answers.py",
    ]
    for path in stray:
        path.write_text("{}")
    (course.root / "solutions/gnn_recommender/.ipynb_checkpoints").mkdir()
    (course.root / "solutions/gnn_recommender/.ipynb_checkpoints/step1.ipynb").write_text("{}")
    assert [str(drift) for drift in authoring.check(course.root)] == [
        "assignments/gnn_recommender/step7.ipynb: has no source: run autograder build",
        "solutions/gnn_recommender/answers.py: has no source: move it away by hand",
    ]
    authoring.build(course.root)
    assert not stray[0].exists()
    assert stray[1].exists(), "only notebooks are removed: the rest may be someone's work"


def test_nothing_is_written_when_one_source_is_wrong(course):
    authoring.build(course.root)
    before = {name: (course.root / name).read_bytes() for name in ALL}
    course.edit(course.step1, "# Loading", "# Reading")
    course.edit(course.step6, 'role="check"', 'role="chek"')
    with pytest.raises(authoring.AuthoringError):
        authoring.build(course.root)
    assert {name: (course.root / name).read_bytes() for name in ALL} == before


def test_an_ungraded_notebook_is_built_beside_the_graded_ones(course):
    """Into a folder of its own, blank for students, without a point; removed with its source."""
    extra = course.root / "solutions/step7_going_further.py"
    extra.write_text(STEP7, encoding="utf-8")
    built = {path.as_posix() for path in authoring.build(course.root)}
    names = {f"{f}/going_further/step7_going_further.ipynb" for f in ("solutions", "assignments")}
    assert built == {*ALL, *names}
    student = cells(course, "assignments/going_further/step7_going_further.ipynb")
    assert "NotImplementedError" in student["mine"].source
    assert not any(cell.metadata.get("nbgrader", {}).get("grade") for cell in student.values())
    extra.unlink()
    assert len(authoring.check(course.root)) == 2
    assert {path.as_posix() for path in authoring.build(course.root)} == set(ALL)
    assert authoring.check(course.root) == []


STEP7 = """\
# %% id="mine" role="solution"
### BEGIN SOLUTION
better = 1 + 1
### END SOLUTION

# %% id="check_mine" role="given"
check("step7.mine")
"""
