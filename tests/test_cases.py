"""The reader of case files: what it makes of them, and what it says of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import SUFFIX, CaseError, CaseFile, read, read_all

KEYS = ("base", "causes", "flags", "what", "earns")
BASE = "a = 1\nb = 2\n\nc = a\nd = 4\nc = a\n"


@pytest.fixture
def case(tmp_path: Path):
    """A case file with this text, read."""

    def written(text: str) -> CaseFile:
        path = tmp_path / f"mine{SUFFIX}"
        path.write_text(text, encoding="utf-8")
        return read(path, KEYS)

    return written


def test_header(case) -> None:
    file = case(
        "# why\nbase: x\nflags: right, held out\nearns: 2.5\n"
        'what: a long\n  sentence: with a colon\ncauses: "\\u001b, b"\n'
    )
    assert file.name == "mine"
    assert file.words("flags") == ("right", "held out")
    assert file.number("earns") == 2.5
    assert file.text("what") == "a long sentence: with a colon"
    assert file.words("causes") == ("\x1b", "b")
    assert file.patched({"": BASE}) == {}


def test_a_program_is_kept_byte_by_byte(case) -> None:
    program = "\n# %%\nx = 1  \n\n\n@@\n"
    assert case("flags: right\n\n" + program).program == program


def test_a_patch(case) -> None:
    file = case("base: x\n\n@@\n a = 1\n-b = 2\n+b = 3\n+e = 5\n\n@@\n d = 4\n-c = a\n")
    assert file.patched({"": BASE}) == {"": "a = 1\nb = 3\ne = 5\n\nc = a\nd = 4\n"}


def test_an_empty_line_is_one_that_stays(case) -> None:
    file = case("base: x\n\n@@\n-b = 2\n\n+z = 0\n c = a\n")
    assert file.patched({"": BASE}) == {"": "a = 1\n\nz = 0\nc = a\nd = 4\nc = a\n"}


def test_cells(case) -> None:
    file = case("base: x\n\n== last\nprint(1)\n\nprint(2)\n\n@@ load\n-a = 1\n+a = 2\n\n== end\n")
    cells = {"load": "a = 1", "end": "b = 1"}
    assert file.patched(cells) == {"last": "print(1)\n\nprint(2)", "load": "a = 2", "end": ""}


@pytest.mark.parametrize(
    ("text", "line", "todo"),
    [
        ("base: x\nbase: y\n", 2, "twice"),
        ("base: x\nbasis: y\n", 2, "not known; use of base, causes"),
        ("base: x\nnot a header\n", 2, "expected `key: value`"),
        ('what: "half\n\nx = 1\n', 1, "no JSON string"),
        ("flags: right\n", 1, "neither a `base:` nor a program"),
        ("base: x\n\nd = 4\n", 3, "expected `@@`"),
        ("base: x\n\n@@\n-d = 4\nd = 5\n", 5, "begins with a space"),
        ("base: x\n\n@@\n+d = 4\n", 3, "does not say where"),
        ("base: x\n\n@@\n d = 4\n", 3, "changes nothing"),
        ("base: x\n\n==\nd = 4\n", 3, "needs the name of a cell"),
    ],
)
def test_a_file_that_is_wrong(case, text: str, line: int, todo: str) -> None:
    with pytest.raises(CaseError, match=rf"mine\.case:{line}: .*{todo}"):
        case(text)


@pytest.mark.parametrize(
    ("patch", "todo"),
    [
        ("@@\n-d = 5\n", "no line 'd = 5': copy"),
        ("@@\n-c = a\n", "2 times in the base: add a line of context"),
        ("@@\n a = 1\n-d = 4\n", "not one after the other"),
        ("@@\n a = 1\n-b = 2\n\n@@\n-b = 2\n+b = 3\n", "overlaps"),
        ("@@ load\n-a = 1\n", "no cell 'load'"),
        ("@@ first\n-a = 1\n", "no cell 'first'"),
    ],
)
def test_a_patch_that_does_not_fit(case, patch: str, todo: str) -> None:
    with pytest.raises(CaseError, match=rf"mine\.case:\d+: .*{todo}"):
        case("base: x\n\n" + patch).patched({"": BASE})


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / f"mine{SUFFIX}").write_bytes(b"base: \xff\n")
    with pytest.raises(CaseError, match="case:1: .*UTF-8"):
        read(tmp_path / f"mine{SUFFIX}", KEYS)


def test_values_that_are_wrong(case) -> None:
    file = case("base: x\nflags: rigth\nearns: ten\n")
    with pytest.raises(CaseError, match="case:2: `rigth` is not known; use of right, wrong"):
        file.words("flags", ("right", "wrong"))
    with pytest.raises(CaseError, match="case:3: .* needs a number"):
        file.number("earns")
    with pytest.raises(CaseError, match="case:1: .*use one of y, z"):
        file.one_of("base", ("z", "y"))
    with pytest.raises(CaseError, match="the header lacks `what:`"):
        file.text("what")


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}{SUFFIX}").write_text("nothing\n" if name < "c" else "base: x\n")
    with pytest.raises(CaseError, match=r"(?s)a\.case:1: .*\n.*b\.case:1: "):
        read_all(tmp_path, KEYS, lambda case: case.name)
    (tmp_path / "a.case").unlink()
    (tmp_path / "b.case").unlink()
    assert read_all(tmp_path, KEYS, lambda case: case.name) == ("c",)
