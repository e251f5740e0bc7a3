"""No student notebook shows a line of a solution: what counts as one, and what is refused."""

from __future__ import annotations

import pytest

from autograder import authoring

ONE = "solutions/step1_data_loading.py"
SIX = "solutions/step6_evaluation.py"
LINE = 'df = table.split("secret")'
HINT = "say it in other words there, or take it out"


def refusal(course) -> str:
    with pytest.raises(authoring.AuthoringError) as caught:
        authoring.build(course.root)
    assert not (course.root / "assignments").exists()
    return str(caught.value)


def leak(source: str, shown: str, line: str) -> str:
    return f"{source}: a line of the solution can be read in {shown}: {line!r}: {HINT}"


def test_a_later_notebook_gives_the_answer_away(course):
    course.step6.write_text(course.step6.read_text() + f'\n# %% id="again"\n{LINE}  # as before\n')
    shown = "assignments/gnn_recommender/step6_evaluation.ipynb, cell again"
    assert refusal(course) == leak(f"{ONE}:9: cell load", shown, LINE)


def test_the_prose_gives_the_answer_away(course):
    course.edit(course.step1, "e.g. `step1`", f"e.g. `{LINE}`")
    shown = "assignments/gnn_recommender/step1_data_loading.ipynb, cell aim"
    assert refusal(course) == leak(f"{ONE}:9: cell load", shown, LINE)


def test_a_commented_answer_is_an_answer(course):
    course.edit(course.step1, "# df: a table with three columns", "# df: a table\n")
    course.edit(course.step1, '# %% id="setup_imports" role="given"', f'# %% [markdown] id="x"\n# > {LINE}\n\n# %% id="setup_imports" role="given"')  # fmt: skip  # noqa: E501
    shown = "assignments/gnn_recommender/step1_data_loading.ipynb, cell x"
    assert refusal(course) == leak(f"{ONE}:12: cell load", shown, LINE)


def test_a_report_can_leak_too(course):
    line = "It is better than a coin, because 0.9 is more than 0.5."
    course.step6.write_text(course.step6.read_text() + f'\n# %% [markdown] id="end"\n# {line}\n')
    shown = "assignments/gnn_recommender/step6_evaluation.ipynb, cell end"
    assert refusal(course) == leak(f"{SIX}:16: cell report", shown, line)


@pytest.mark.parametrize(
    "cell",
    [
        f'# %% id="early"\n{LINE}',  # a worked example before the exercise, or in it
        '# %% id="early" role="given"\nfor name in ():\n    ' + LINE,
    ],
)
def test_a_line_that_the_same_or_an_earlier_notebook_teaches_is_no_secret(course, cell):
    course.edit(course.step1, '# %% id="try_it"', f'{cell}\n\n# %% id="try_it"')
    course.step6.write_text(course.step6.read_text() + f'\n# %% id="again"\n{LINE}\n')
    authoring.build(course.root)
    assert authoring.check(course.root) == []


@pytest.mark.parametrize("line", ["print(len(df), 'rows')", "import networkx as nx", "x = 1"])
def test_prints_imports_and_short_lines_are_no_secrets(course, line):
    course.edit(course.step1, LINE, f"{LINE}\n{line}")
    course.step6.write_text(course.step6.read_text() + f'\n# %% id="again"\n{line}\n')
    authoring.build(course.root)
    assert authoring.check(course.root) == []


@pytest.mark.parametrize(
    ("setting", "left"),
    [
        (
            "c.ClearSolutions.enabled = False",
            "step1_data_loading.ipynb: cell load: ### BEGIN SOLUTION",
        ),
        (
            "c.ClearHiddenTests.enabled = False",
            "step1_data_loading.ipynb: cell check_load: ### BEGIN HIDDEN TESTS",
        ),
    ],
)
def test_settings_that_leave_a_region_in_are_refused(course, setting, left):
    course.config.write_text(course.config.read_text() + setting + "\n")
    assert refusal(course) == (
        f"assignments/gnn_recommender/{left} is still there: let nbgrader_config.py clear it"
    )
