"""docs/changing.md, done: another check, other points, an exercise more, a translation, other data.

Each test changes a copy of the kit, builds it, and grades with it.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from changed_kit import ROOT, Kit

import course_data

STEP1 = "step1_data_loading.ipynb"
RULES, CONTRACT = "autograder/rules/step1.py", "autograder/contract.py"
SOURCE = "solutions/step1_data_loading.py"
CHECK = '''

@check("step1.explore", points=1)
def test_more_artists(explore: Explore) -> None:
    """Es gibt mehr Künstler als Nutzer"""
    expect(
        (explore.n_artists or 0) < (explore.n_users or 0),
        ran="`n_users` und `n_artists`",
        expected="mehr Künstler",
        got=f"{explore.n_artists} Künstler für {explore.n_users} Nutzer",
        why="Jeder hört viele Künstler.",
        next="Zähle beide Spalten noch einmal.",
    )
'''
EXERCISE = """
# %% id="look" role="solution"
# preview: DataFrame [5, 3]
### BEGIN SOLUTION
preview = df.iloc[:5]
print(preview)
### END SOLUTION

# %% id="check_look" role="check"
check("step1.look")
### BEGIN HIDDEN TESTS
check("step1.look", fresh=True)
### END HIDDEN TESTS
"""


def test_the_guide_names_every_file_that_counts_to_six() -> None:
    """What a step more would have to change: patterns in code, and the files by step."""
    guide = (ROOT / "docs/changing.md").read_text(encoding="utf-8")
    counting = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "autograder").rglob("*.py")
        if "[1-6]" in path.read_text(encoding="utf-8")
    }
    assert len(counting) >= 5
    assert {name for name in counting if f"`{name}`" not in guide} == set()
    for name in re.findall(r"`(autograder/[\w/]+\.py)`", guide):
        assert re.search("step[7N]", name) or (ROOT / name).is_file(), name


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A copy, and a course that grades step 1 of it."""
    (tmp_path / "course.toml").write_text('steps = ["step1"]\n')
    return Kit(tmp_path)


def hand_in(kit: Kit, student: str, folder: str = "solutions") -> Path:
    """Hand in step 1 as it is built now."""
    path = kit.folder / "submitted" / student / "gnn_recommender" / STEP1
    path.parent.mkdir(parents=True)
    path.write_bytes((kit.root / folder / "gnn_recommender" / STEP1).read_bytes())
    return path


def grade(kit: Kit, *more: object, code: int = 0) -> str:
    return kit.run("grade", "submitted", "--isolation", "basic", "--no-twin", *more, code=code)


def totals(kit: Kit) -> dict[str, str]:
    with (kit.folder / "marks" / "marks.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["student"]: row["total"] for row in csv.DictReader(stream)}


@pytest.mark.slow
def test_a_check_more_in_another_language_and_mended_later(kit: Kit) -> None:
    build = ("build", "--root", "kit")
    kit.add(RULES, CHECK)
    said = kit.run(*build, code=2)
    assert "step1.explore: its checks in autograder/rules add up to 4 points, " in said
    kit.edit(CONTRACT, 'Exercise("step1.explore", 3,', 'Exercise("step1.explore", 4,')
    said = kit.run(*build, code=2)
    assert "the points add up to 101, not 100" in said and "README.md" in said
    kit.edit(CONTRACT, 'Exercise("step1.load", 7,', 'Exercise("step1.load", 6,')
    kit.edit(
        RULES,
        "points=2, causes=TABLE)\ndef test_names",
        "points=1, causes=TABLE)\ndef test_names",
    )
    kit.edit(SOURCE, "# # Step 1 of 6", "# # Schritt 1 von 6, größer")
    kit.run(*build)
    kit.run(*build, "--check")
    work = hand_in(kit, "ada")
    before = work.read_bytes()
    assert "Schritt 1 von 6, größer" in before.decode("utf-8")

    grade(kit)
    assert totals(kit) == {"ada": "9"}
    kit.run("feedback")
    page = (kit.folder / "marks/feedback/ada.html").read_text(encoding="utf-8")
    assert "Es gibt mehr Künstler als Nutzer" in page and "Jeder hört viele Künstler." in page

    kit.edit(RULES, "(explore.n_artists or 0) < (", "(explore.n_artists or 0) > (")
    said = grade(kit, "--resume")  # what was graded by the wrong check is graded again
    assert "Changed since the last time (1):\n  ada: 9 -> 10 (step1.explore +1)" in said
    assert totals(kit) == {"ada": "10"} and work.read_bytes() == before


@pytest.mark.slow
def test_an_exercise_more(kit: Kit) -> None:
    kit.edit(
        CONTRACT,
        'Exercise("step1.explore", 3, ("explore",))),',
        'Exercise("step1.explore", 2, ("explore",)), Exercise("step1.look", 1, ("explore",))),',
    )
    kit.edit(
        RULES,
        '@check("step1.explore", points=1)\ndef test_preview',
        '@check("step1.look", points=1)\ndef test_preview',
    )
    said = kit.run("build", "--root", "kit", code=2)
    assert (
        'points for step1.look, but no cell is graded by them: add a cell with role="check"' in said
    )
    kit.add(SOURCE, EXERCISE)
    kit.run("build", "--root", "kit")
    hand_in(kit, "ada")
    hand_in(kit, "bob", "assignments")
    grade(kit)
    assert totals(kit) == {"ada": "10", "bob": "0"}
    marks = json.loads((kit.folder / "marks/marks.json").read_bytes())["submissions"]
    assert marks[0]["cells"] == {"step1.load": 7.0, "step1.explore": 2.0, "step1.look": 1.0}


@pytest.mark.slow
def test_another_file_and_limits_of_the_course(kit: Kit) -> None:
    made = kit.folder / "made"
    course_data.generate(seed=7, n_users=40, n_artists=120, per_user=20).write(made)
    rows = [line.split("\t") for line in (made / "user_artists.dat").read_text().splitlines()[1:]]
    table = [f"{artist};{plays};{user}" for user, artist, plays in rows]
    ratings = kit.folder / "ratings.csv"
    ratings.write_text("\n".join(["film_id;stars;user_id", *table, "7;4;none"]) + "\n")
    (kit.folder / "course.toml").write_text(
        'steps = ["step1"]\n[data]\nfile = "ratings.csv"\nseparator = ";"\nuser = "user_id"\n'
        'item = "film_id"\ncount = "stars"\n[limits]\ncell_seconds = 3\nnotebook_seconds = 40\n'
        "memory_gb = 0.5\n"
    )
    hand_in(kit, "ada")
    for student, source in (("bob", "while True:\n    pass"), ("cleo", "bytes(700_000_000)")):
        greedy = hand_in(kit, student)
        book = json.loads(greedy.read_bytes())
        cell = next(cell for cell in book["cells"] if cell["id"] == "explore")
        cell["source"] = source
        greedy.write_text(json.dumps(book), encoding="utf-8")
    said = grade(kit, code=2)
    assert f"ratings.csv: line {len(table) + 2}: user_id is 'none', not a whole number" in said
    assert not (kit.folder / "marks").exists()
    ratings.write_text("\n".join(["film_id;stars;user_id", *table]) + "\n")
    grade(kit)
    assert totals(kit) == {"ada": "10", "bob": "7", "cleo": "7"}
    marks = json.loads((kit.folder / "marks/marks.json").read_bytes())["submissions"]
    assert "stopped after 3 s" in " ".join(marks[1]["raised"])
    assert "MemoryError" in " ".join(marks[2]["raised"])
