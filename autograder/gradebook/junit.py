"""Marks as a JUnit file, which continuous integration servers show: a suite a student."""

from __future__ import annotations

import datetime
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from autograder.evidence.arrays import printable
from autograder.gradebook.join import Gradebook
from autograder.gradebook.marks import Check, Mark, number

# What each status is in JUnit: a wrong answer fails, a crash is an error, the rest waits.
ELEMENTS = {
    "failed": "failure",
    "not_attempted": "failure",
    "student_error": "error",
    "grader_error": "error",
    "blocked": "skipped",
    "not_judged": "skipped",
}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JUnit:
    """`junit.xml`: points and the misconception are properties of a case."""

    name, needs_roster = "junit", False

    def write(self, book: Gradebook, folder: Path) -> tuple[list[Path], list[str]]:
        """Write one suite for each mark, and one that was skipped for who has none."""
        root = ET.Element("testsuites", name="gnn_recommender")
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        names = {id(entry.mark): entry.person.name for entry in book.entries}
        suites = [_suite(mark, names.get(id(mark), ""), now) for mark in book.marks]
        for entry in book.entries:
            if entry.mark is None and not entry.several:
                suites.append(_empty_suite(entry.person.key, entry.reason, now))
        for suite in suites:
            root.append(suite)
        for key in ("tests", "failures", "errors", "skipped"):
            root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
        ET.indent(root)
        path = folder / "junit.xml"
        part = folder / "junit.xml.part"
        ET.ElementTree(root).write(part, encoding="utf-8", xml_declaration=True)
        os.replace(part, path)
        return [path], []


def _suite(mark: Mark, name: str, now: str) -> ET.Element:
    cases = [_case(mark, check) for check in mark.checks]
    cases += [_problem(mark, problem) for problem in mark.problems]
    suite = ET.Element("testsuite", name=_text(mark.student), time="0", timestamp=now)
    kinds = [
        kind
        for case in cases
        for kind in ("failure", "error", "skipped")
        if case.find(kind) is not None
    ]
    counts = {"failures": kinds.count("failure"), "errors": kinds.count("error")}
    for key, value in {"tests": len(cases), **counts, "skipped": kinds.count("skipped")}.items():
        suite.set(key, str(value))
    values = {"points": number(mark.total), "max_points": number(mark.max_total)}
    values |= {"pending": number(mark.pending)} | ({"name": name} if name else {})
    properties = _properties(suite, values)
    for finding in mark.findings:
        ET.SubElement(properties, "property", name="misconception", value=_text(finding.id))
    suite.extend(cases)
    return suite


def _case(mark: Mark, check: Check) -> ET.Element:
    case = ET.Element("testcase", classname=_text(check.cell), name=_text(check.title), time="0")
    values = {
        "id": check.id,
        "points": number(check.points),
        "max_points": number(check.max_points),
    }
    causes = [finding.id for finding in mark.findings if finding.step == check.step]
    if len(causes) == 1 and check.status in ("failed", "student_error"):
        values["misconception"] = causes[0]  # with two in one step it would be a guess whose it is
    _properties(case, values)
    kind = ELEMENTS.get(check.status, "")
    if check.by_hand:
        kind = "skipped"  # a person grades it
    if kind:
        message = check.message.get("got", "")
        found = ET.SubElement(case, kind, message=_text(message or check.status))
        if kind != "skipped":
            found.set("type", _text(check.status))
        found.text = _text("\n".join(f"{k}: {v}" for k, v in check.message.items() if v))
    return case


def _problem(mark: Mark, problem: str) -> ET.Element:
    case = ET.Element("testcase", classname="submission", name=_text(problem)[:200], time="0")
    ET.SubElement(case, "error", message=_text(problem), type="not_read")
    return case


def _empty_suite(student: str, reason: str, now: str) -> ET.Element:
    counts = {"tests": "1", "failures": "0", "errors": "0", "skipped": "1"}
    suite = ET.Element(
        "testsuite", {"name": _text(student), **counts, "time": "0", "timestamp": now}
    )
    case = ET.SubElement(suite, "testcase", classname="submission", name="handed in", time="0")
    ET.SubElement(case, "skipped", message=_text(reason))
    return suite


def _properties(parent: ET.Element, values: dict[str, str]) -> ET.Element:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=_text(value))
    return properties


def _text(value: str) -> str:
    """What XML 1.0 can hold of a text."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", printable(value))[:20_000]
