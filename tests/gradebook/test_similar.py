"""Copies are found, under other names too; the course's own code, and a blank, are not."""

from __future__ import annotations

import random
import re

from autograder.gradebook.similar import fingerprints, pairs, same_work, work

SCAFFOLD = [
    f"import torch\nfor epoch in range({n}):\n    print(epoch, epoch * 2, 'done')" for n in range(9)
]


def program(seed: int) -> list[str]:
    """Code of one's own: nobody else has its order of statements."""
    kinds = ["{a} = {b}[{a}]", "if {a} > {b}:\n    {a} += {b}", "{a} = [{b} for {b} in {a} if {b}]"]
    kinds += [
        "{a}.append(({a}, {b}))",
        "while {a}:\n    {b} = {a} - {b} * 2",
        "{a} = {b}({a}, key={b})",
    ]
    kinds += ["def {a}({b}):\n    return {b} ** 2 + len({b})", "{a} = {{{b}: {a} for {b} in {a}}}"]
    draw = random.Random(seed)
    lines = [
        draw.choice(kinds).format(a=f"v{seed}{number % 5}", b=f"w{number % 7}")
        for number in range(70)
    ]
    return ["\n".join(lines[start : start + 10]) for start in range(0, 70, 10)]


def found(**cells: list[str]) -> dict[tuple[str, str], tuple[float, bool]]:
    known = set(fingerprints(SCAFFOLD))
    works = [work(name, [*SCAFFOLD, *own], known) for name, own in cells.items()]
    return {(p.one.student, p.other.student): (p.share, p.same) for p in pairs(works)}


def test_only_who_shares_code_is_a_pair() -> None:
    others = {f"s{n}": program(n) for n in range(2, 12)}
    renamed = [re.sub(r"v1", "other", cell) + "  # mine" for cell in program(1)]
    result = found(ada=program(1), bob=renamed, **others)
    assert list(result) == [("ada", "bob")]
    share, same = result["ada", "bob"]
    assert share > 0.9 and not same


def test_a_part_is_found_at_its_lines() -> None:
    known = set(fingerprints(SCAFFOLD))
    ada = work("ada", [*SCAFFOLD, *program(1)], known)
    bob = work("bob", [*SCAFFOLD, *program(2)[:1], *program(1)[2:6]], known)
    (pair,) = pairs([ada, bob, work("eve", program(3), known)])
    assert not pair.same and pair.share > 0.5
    first = len(SCAFFOLD) + 3  # the third of ada's own cells; bob has it second
    moved = [(a[0], b[0]) for a, b in pair.places if a[0] >= first]
    assert len(moved) >= 10 and sum(a - b == 1 for a, b in moved) >= 0.9 * len(moved)


def test_the_same_bytes_are_said_and_a_blank_is_no_pair() -> None:
    result = found(ada=program(1), bob=program(1), eve=[], kim=[], lea=program(4))
    assert result == {("ada", "bob"): (1.0, True)}


def test_code_that_is_no_python_is_looked_at_as_far_as_it_goes() -> None:
    assert fingerprints(["def f(:\n  '''", "%matplotlib inline", "\x00", ""]) == {}


def test_many_with_the_same_code_are_one_group() -> None:
    known = set(fingerprints(SCAFFOLD))
    classes = {"ada": 1, "bob": 1, "cleo": 1, "dan": 2, "eve": 2, "fay": 3}
    works = [work(name, [*SCAFFOLD, *program(seed)], known) for name, seed in classes.items()]
    works.append(work("gil", [*SCAFFOLD, *program(3)[:5], *program(9)[:2]], known))
    groups, others = same_work(pairs(works))
    assert sorted(map(sorted, groups)) == [["ada", "bob", "cleo"], ["dan", "eve"]]
    assert [{pair.one.student, pair.other.student} for pair in others] == [{"fay", "gil"}]
