"""`autograder explain`: error texts as students paste them, and the cause that must come first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.explain import reading_of
from autograder.explain.paste import read
from autograder.reports.explanation import (
    ExplainError,
    Explanation,
    as_dict,
    explain,
    render,
    text_of,
)
from autograder.rules import causes

HERE = Path(__file__).parent
COLLIDED = (
    "IndexError: Found indices in 'edge_index' that are larger than 17643 (got 19523). Please "
    "ensure that all indices in 'edge_index' point to valid indices in the interval [0, 17644)"
)


def first(found: Explanation) -> str:
    """The id that comes first; "-" where there is none."""
    return found.causes[0].id if found.causes else "-"


def _lines() -> list[tuple[str, str]]:
    text = (HERE / "explain_lines.txt").read_text(encoding="utf-8")
    rows = [line.split(" | ", 1) for line in text.splitlines() if not line.startswith("#")]
    return [(id, line) for id, line in rows]


def _tracebacks() -> dict[str, tuple[str, str]]:
    text = (HERE / "explain_tracebacks.txt").read_text(encoding="utf-8")
    parts = re.split(r"^#### (\S+) = (\S+)\n", text, flags=re.MULTILINE)[1:]
    return {n: (i, t) for n, i, t in zip(parts[::3], parts[1::3], parts[2::3], strict=True)}


@pytest.fixture(scope="module", autouse=True)
def texts() -> None:
    """The catalogue is loaded once, before the first test."""
    causes()


@pytest.mark.parametrize(("expected", "line"), _lines())
def test_line(expected: str, line: str) -> None:
    assert first(explain(line)) == expected


def test_there_are_many_texts() -> None:
    assert len([id for id, _ in _lines() if id != "-"]) + len(_tracebacks()) >= 60


@pytest.mark.parametrize("name", _tracebacks())
def test_traceback(name: str) -> None:
    expected, text = _tracebacks()[name]
    assert first(explain(text)) == expected


@pytest.mark.parametrize("id", sorted({i for i, _ in _lines()} - {"-"}))
def test_every_cause_has_its_texts(id: str) -> None:
    entry = text_of(id)
    assert entry.title and entry.why and entry.question.endswith("?") and len(entry.hints) == 3


def test_the_catalogues_texts_are_taken() -> None:
    entry = causes()["map.id-collision"]
    assert text_of("map.id-collision") is entry
    shown = as_dict(explain(COLLIDED))["causes"][0]
    assert shown["hints"] == list(entry.hints) and shown["why"] == entry.why


def test_every_id_in_the_rules_is_known() -> None:
    folder = Path(reading_of.__globals__["__file__"]).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    ids = set(re.findall(r'Cause\(\s*"([a-z]+\.[a-z-]+)"', source))
    assert len(ids) > 40
    for id in ids:
        text_of(id)


def test_the_numbers_prove_the_collision() -> None:
    said = " ".join(explain(COLLIDED).numbers)
    for number in ("17,644", "19,524", "1,892", "17,632", "1,880"):
        assert number in said


def test_the_samples_numbers_are_known_too() -> None:
    found = explain("ValueError: Encountered invalid 'dim_size' (got '801' but expected >= '1000')")
    assert first(found) == "map.id-collision" and "(the sample)" in " ".join(found.numbers)


def test_unknown_numbers_are_not_called_proof() -> None:
    found = explain(COLLIDED.replace("17643", "16321").replace("19523", "18007"))
    assert found.numbers == () and len(found.causes) > 3 and not found.certain


FORMS = {
    "quoted in a mail": "> " + COLLIDED,
    "from pytest": "E       " + COLLIDED,
    "in a fence": f"```\n{COLLIDED}\n```",
    "broken into lines": COLLIDED.replace("than 17643", "than\n17643"),
    "without its type": COLLIDED.removeprefix("IndexError: "),
    "without its type, broken": COLLIDED.removeprefix("IndexError: ").replace("(got", "\n(got"),
    "within a sentence": "in step 5 I always get IndexError: " + COLLIDED[12:],
    "coloured": "\x1b[0;31mIndexError\x1b[0m: " + COLLIDED[12:],
    "coloured, from the file": "\\u001b[0;31mIndexError\\u001b[0m: " + COLLIDED[12:],
    "from Windows": f"Traceback (most recent call last):\r\n  ...\r\n{COLLIDED}\r\n",
    "with a question below": COLLIDED + "\n\nwhat does this mean? please help",
}


@pytest.mark.parametrize("form", FORMS)
def test_form(form: str) -> None:
    found = explain(FORMS[form])
    assert first(found) == "map.id-collision" and "19,524" in " ".join(found.numbers)
    assert re.match(r"IndexError: Found|Found|\(got", found.error)


PLACES = {
    "Cell In[12], line 3, in train(d): z = model.encode(d.x)": (
        "Cell In[12], line 3, in train(d)\n      2 model.train()\n----> 3 z = model.encode(d.x)\n"
    ),
    "Input In [5], line 7, in train: z = encode(x)": (
        "Input In [5], in train(d)\n      6 x = d.x\n----> 7 z = encode(x)\n"
    ),
    "<ipython-input-9-c27e>, line 4, in train: loss = f()": (
        "[<ipython-input-9-c27e>](https://localhost:8080/#) in train(d)\n----> 4 loss = f()\n"
    ),
    "/home/ada/project.py, line 9, in train: z = model.encode(x)": (
        '  File "/home/ada/project.py", line 9, in train\n    z = model.encode(x)\n'
    ),
    "/tmp/ipykernel_7/42.py, line 2: train(d)": (
        "/tmp/ipykernel_7/42.py in <module>\n      1 \n----> 2 train(d)\n"
    ),
}
LIBRARY = (
    "File /opt/lib/python3.11/site-packages/torch/nn/functional.py:2546, in embedding(input)\n"
    "-> 2546 return torch.embedding(weight)\n"
)


@pytest.mark.parametrize("place", PLACES)
def test_the_deepest_own_line_is_named(place: str) -> None:
    text = f"Traceback (most recent call last)\n{PLACES[place]}{LIBRARY}{COLLIDED}"
    found = explain(text)
    assert found.place == place.replace("train(d):", "train:") and first(found) != "-"


def test_the_last_error_of_a_chain_counts() -> None:
    _, text = _tracebacks()["map.id-collision-undirected2"]
    assert "index out of range in self" in text
    found = explain(text)
    assert found.error.startswith("IndexError: Found indices") and "conv1" in found.place


def test_a_traceback_that_is_cut_off_below_still_has_a_type() -> None:
    paste = read(
        "KeyError      Traceback (most recent call last)\nCell In[3], line 1\n----> 1 d[5]"
    )
    assert paste and paste.type == "KeyError" and paste.message == ""


@pytest.mark.parametrize("text", ["", "  \n\t\r\n", "\x1b[0m\n"])
def test_nothing_to_explain(text: str) -> None:
    with pytest.raises(ExplainError, match="^nothing to explain: .+$"):
        explain(text)


def test_what_is_not_known_is_said() -> None:
    found = explain("Cell In[2], line 1\n----> 1 1 / 0\n\nZeroDivisionError: division by zero")
    shown, said = as_dict(found), render(found)
    assert shown["recognised"] is False and shown["causes"] == [] and len(shown["advice"]) >= 3
    assert "ZeroDivisionError: division by zero" in said and "last line first" in said


def test_any_text_at_all_is_survived() -> None:
    for text in (
        "\x00\xff" * 50,
        "a" * 300_000,
        "(" * 5_000,
        "KeyError: ",
        "{}",
        "%s {0}",
        "\x1b]" * 90_000,
    ):
        assert render(explain(text))


def test_the_line_that_raised_tells_a_join_from_a_sum() -> None:
    said = "Dimension out of range (expected to be in range of [-1, 0], but got 1)"
    joined = reading_of("IndexError", said, "labels = torch.cat([ones, zeros], dim=1)")
    summed = reading_of("IndexError", said, "return (a * b).sum(dim=1)")
    assert joined and summed
    assert [cause.id for cause in joined.causes] == ["run.join-dimension"]
    assert "join them with dim=0" in joined.causes[0].look
    assert summed.causes[0].id == "decode.sum-dim"


GOLDEN = {
    "collision": COLLIDED,
    "embedding": _tracebacks()["map.id-collision-emb"][1],
    "transposed": _tracebacks()["data.transposed"][1],
    "unknown": "Cell In[2], line 1\n----> 1 1 / 0\n\nZeroDivisionError: division by zero",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    golden = HERE / "golden" / f"explain_{name}.txt"
    assert render(explain(GOLDEN[name])) == golden.read_text(encoding="utf-8")
