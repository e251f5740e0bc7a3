"""What `autograder build` refuses, and the one line that it says."""

from __future__ import annotations

import pytest

from autograder import authoring

ONE = "solutions/step1_data_loading.py"
SIX = "solutions/step6_evaluation.py"

# what is wrong: (text in the source of step 1, its replacement, the message)
WRONG = {
    "unknown role": (
        'role="given"',
        'role="gven"',
        f"{ONE}:6: cell setup_imports: unknown role 'gven': "
        "use given, solution, check, report, or none for a free cell",
    ),
    "duplicate id": (
        'id="try_it"',
        'id="load"',
        f"{ONE}:22: cell load: line 9 has the same id: give each cell its own",
    ),
    "missing id": (
        ' id="try_it"',
        "",
        f'{ONE}:22: cell without an id: write # %% id="..."',
    ),
    "bad id": (
        'id="try_it"',
        'id="Try-it"',
        f"{ONE}:22: id 'Try-it': use only a-z, 0-9 and _, 64 characters at most",
    ),
    "unknown option": (
        'role="check"',
        'role="check" points=8',
        f"{ONE}:16: cell check_load: unknown option points: a cell has an id and a role",
    ),
    "raw cell": (
        '# %% id="try_it"\n',
        '# %% [raw] id="try_it"\n',
        f"{ONE}:22: cell try_it: raw cell: make it code or [markdown]",
    ),
    "solution in markdown": (
        '# %% [markdown] id="aim"',
        '# %% [markdown] id="aim" role="solution"',
        f"{ONE}:1: cell aim: role solution is for a code cell: take [markdown] away",
    ),
    "report in code": (
        'id="load" role="solution"',
        'id="load" role="report"',
        f"{ONE}:9: cell load: a report is written in a [markdown] cell: write # %% [markdown]",
    ),
    "solution without region": (
        '### BEGIN SOLUTION\ntable = open("listening.dat").read()\ndf = table.split("secret")\n'
        "### END SOLUTION\n",
        "df = 1\n",
        f"{ONE}:9: cell load: no ### BEGIN SOLUTION ... ### END SOLUTION: "
        "nbgrader would blank the whole cell",
    ),
    "empty solution": (
        'table = open("listening.dat").read()\ndf = table.split("secret")\n',
        "\n",
        f"{ONE}:9: cell load: the solution region is empty: write the solution in it",
    ),
    "region in a free cell": (
        'print("play here")',
        "### BEGIN SOLUTION\nx = 1\n### END SOLUTION",
        f'{ONE}:22: cell try_it: solution region in a cell without role="solution": '
        "students would see it",
    ),
    "region that does not end": (
        "### END SOLUTION\n",
        "",
        f"{ONE}:11: cell load: ### BEGIN SOLUTION without ### END SOLUTION after it: "
        "close each region once",
    ),
    "region that does not begin": (
        "### BEGIN SOLUTION\n",
        "",
        f"{ONE}:13: cell load: ### END SOLUTION without ### BEGIN SOLUTION before it: "
        "close each region once",
    ),
    "region within a region": (
        'df = table.split("secret")',
        "### BEGIN SOLUTION",
        f"{ONE}:13: cell load: a second ### BEGIN SOLUTION before ### END SOLUTION: "
        "close each region once",
    ),
    "no hidden tests": (
        '### BEGIN HIDDEN TESTS\ncheck("step1.load", fresh=True)\n### END HIDDEN TESTS\n',
        "",
        f"{ONE}:16: cell check_load: no hidden tests: "
        "add ### BEGIN HIDDEN TESTS ... ### END HIDDEN TESTS",
    ),
    "hidden tests elsewhere": (
        'print("play here")',
        "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS",
        f'{ONE}:22: cell try_it: hidden tests in a cell without role="check": '
        "move them to a check cell",
    ),
    "no check in a check cell": (
        'check("step1.load")\n',
        "x = 1\n",
        f'{ONE}:16: cell check_load: no check("...") outside of the hidden tests: '
        "students need one to run",
    ),
    "the check is not last": (
        'check("step1.load", fresh=True)',
        'check("step1.load", fresh=True);print("done")',
        f'{ONE}:16: cell check_load: the last line has to be check("step1.load"), with and without '
        "the hidden tests: anything else gets full points from nbgrader",
    ),
    "the check's number is lost": (
        'check("step1.load")\n',
        'score = check("step1.load")\n',
        f'{ONE}:16: cell check_load: the last line has to be check("step1.load"), with and without '
        "the hidden tests: anything else gets full points from nbgrader",
    ),
    "a check cell that is not Python": (
        'check("step1.load")\n',
        'check("step1.load"\n',
        f"{ONE}:17: cell check_load: not valid Python: '(' was never closed",
    ),
    "no points for a key": (
        '"step1.load"',
        '"step1.lod"',
        f"{ONE}:16: cell check_load: no check gives points for step1.lod: "
        "add it to autograder/rules, or mend the key",
    ),
    "another step's key": (
        '"step1.load"',
        '"step6.auc"',
        f"{ONE}:16: cell check_load: step6.auc is another step's: "
        "a check cell grades its own notebook",
    ),
    "text before the first cell": (
        '# %% [markdown] id="aim"',
        'import os\n\n# %% [markdown] id="aim"',
        f"{ONE}:1: there is something before the first cell: start the file with # %%",
    ),
}


def refusal(course) -> str:
    """The message of a build that is refused: one line."""
    with pytest.raises(authoring.AuthoringError) as caught:
        authoring.build(course.root)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_source_is_refused_with_one_line(course, case):
    old, new, message = WRONG[case]
    course.edit(course.step1, old, new)
    assert refusal(course) == message
    assert not (course.root / "assignments").exists()


def test_a_key_graded_twice(course):
    again = 'check("step1.load")\n### BEGIN HIDDEN TESTS\ncheck("step1.load")\n### END HIDDEN TESTS'
    course.edit(course.step1, '# %% id="try_it"', f'# %% id="again" role="check"\n{again}\n\n# %% id="try_it"')  # fmt: skip  # noqa: E501
    assert refusal(course) == (
        f"{ONE}:22: cell again: step1.load is graded in cell check_load too: grade it once"
    )


def test_points_that_no_cell_uses(course, monkeypatch):
    points = {"step1.load": 7.0, "step6.auc": 3.0, "step6.report": 10.0, "step6.test": 7.0}
    monkeypatch.setattr(authoring.rules, "points", lambda by_hand=None: points)
    assert refusal(course) == (
        "autograder/rules: points for step6.test, but no cell is graded by them: "
        'add a cell with role="check" that ends in check("step6.test")'
    )


LEFT = {"step1.load": 7.0, "step6.auc": 83.0, "step6.report": 10.0}


def test_points_that_do_not_add_up(course, give):
    give(LEFT | {"step1.load": 8.0})
    line = refusal(course)
    assert line.startswith("autograder/contract.py: the points add up to 101, not 100 (step1 8,")
    assert "take 1 away, there and at the checks in autograder/rules" in line
    assert "README.md" in line and "gradebook/hand.py" in line and "\n" not in line
    assert not (course.root / "assignments").exists()
    give(LEFT | {"step6.auc": 80.5})
    assert "the points add up to 97.5, not 100" in refusal(course)
    give(LEFT | {"step6.auc": 82.9, "step1.load": 7.1})  # as floats, not quite 100
    authoring.build(course.root)


def test_checks_and_contract_that_disagree(course, give):
    give(LEFT | {"step1.load": 8.0}, LEFT)
    assert refusal(course) == (
        "step1.load: its checks in autograder/rules add up to 8 points, "
        "autograder/contract.py says 7: change one of the two"
    )


def test_a_check_of_no_exercise(course, monkeypatch):
    def points(by_hand=None):
        raise ValueError("the check step1.lod.rows belongs to no exercise")

    monkeypatch.setattr(authoring.rules, "points", points)
    assert refusal(course) == ("autograder/rules: the check step1.lod.rows belongs to no exercise")


def test_a_source_that_is_too_long(course):
    course.step6.write_text(course.step6.read_text() + "\n# " + 15_000 * "x" + "\n")
    size = course.step6.stat().st_size
    assert refusal(course) == (
        f"{SIX}: {size:,} bytes, 15,000 at most: say it shorter, or move what students need not "
        "read into the package"
    )


def test_a_source_that_is_not_utf8(course):
    course.step6.write_bytes(b'# %% [markdown] id="aim"\n# caf\xe9\n')
    assert refusal(course) == f"{SIX}: byte 30 is not UTF-8: save the file as UTF-8"


def test_an_empty_source(course):
    course.step6.write_text("")
    assert refusal(course) == f"{SIX}:1: no cells: start each one with # %% and an id"


def test_a_source_that_is_missing(course):
    course.step6.unlink()
    assert refusal(course) == f"{SIX}: not found: run this in the root of the kit's checkout"


def test_a_source_that_no_step_has(course):
    (course.root / "solutions/step7_more.py").write_text("")
    assert refusal(course) == (
        "solutions/step7_more.py: no step has this name: use one of step1_data_loading, "
        "step6_evaluation, step7_going_further, or add it to autograder/contract.py"
    )


def test_settings_that_are_missing(course):
    course.config.unlink()
    assert refusal(course) == (
        "nbgrader_config.py: not found: run this in the root of the kit's checkout"
    )


def test_settings_that_python_cannot_run(course):
    course.config.write_text("c = get_config()\nc.CourseDirectory.ignore = wrong\n")
    assert refusal(course) == (
        "nbgrader_config.py: NameError: name 'wrong' is not defined: mend it"
    )


def test_settings_that_nbgrader_refuses(course):
    course.config.write_text(
        course.config.read_text() + 'c.ClearSolutions.code_stub = {"R": "x"}\n'
    )
    message = refusal(course)
    assert message.startswith("nbgrader generate_assignment gnn_recommender: ValueError: language")
    assert message.endswith(": mend what it names")
