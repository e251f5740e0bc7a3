"""A student in JupyterLab: step 1, a mistake in step 3 that the panel helps to mend, the hand-in.

Pictures of what was seen are kept in `test-output/`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checks_course import BLANKS, ROOT, written
from jupyterlab import Notebook, lab, theme
from panels import RAW_IDS, browser

from autograder.contract import NOTEBOOKS

FINISHED = ROOT / "tests" / "sample_class" / "submitted" / "ada" / "gnn_recommender"


def answer(step: str, name: str) -> str:
    """What a student would write in place of the solution's cell."""
    lines = written(step)[name].splitlines()
    return "\n".join(line for line in lines if "### " not in line)


@pytest.mark.slow
def test_a_student_in_jupyterlab(tmp_path: Path) -> None:
    folder, settings = tmp_path / "work", tmp_path / "settings"
    shutil.copytree(BLANKS, folder)
    with lab(folder, settings) as address, browser() as chromium:
        theme(settings, "light")
        one = Notebook(chromium, address, folder / f"{NOTEBOOKS['step1']}.ipynb")
        one.run_all("versions", "raw_lines")
        assert "Not attempted yet" in one.run("check_load").inner_text()
        one.picture("load", "step1-not-attempted")
        for name in written("step1"):
            one.write(name, answer("step1", name))
            one.run(name)
            panel = one.run(f"check_{name}").locator(".gnn-check")
            assert "gnn-right" in (panel.get_attribute("class") or ""), panel.inner_text()
        one.picture("check_load", "step1-right")

        one.close()

        theme(settings, "dark")
        three = Notebook(chromium, address, folder / f"{NOTEBOOKS['step3']}.ipynb")
        three.run_all("setup_imports", "start")
        three.write("mapping", RAW_IDS)
        three.run("mapping")
        panel = three.run("check_mapping").locator(".gnn-check")
        assert "0 of 4 checks" in panel.inner_text()
        assert panel.locator(".gnn-next").first.is_visible()
        assert panel.locator("details[open]").count() == 0
        three.picture("check_mapping", "step3-mistake")
        panel.locator("summary").first.click()
        assert panel.locator("details[open] li").count() == 3
        three.picture("check_mapping", "step3-followers")

        three.insert("check_mapping", "hint", 'hint("step3.mapping")')
        question = three.run("hint").inner_text()
        more = three.run("hint").inner_text()
        assert question.strip() and len(more) > len(question)
        three.picture("hint", "step3-hints")

        three.write("mapping", answer("step3", "mapping"))
        three.run("mapping")
        panel = three.run("check_mapping").locator(".gnn-check")
        assert "4 of 4 checks" in panel.inner_text()
        assert "8 of 8 points" in panel.inner_text()
        three.picture("check_mapping", "step3-mended")
        three.close()

        theme(settings, "light")
        command = [sys.executable, "-m", "autograder.cli", "join", str(FINISHED), "--no-run"]
        subprocess.run([*command, "-o", str(folder / "one.ipynb")], check=True, cwd=tmp_path)
        one = Notebook(chromium, address, folder / "one.ipynb")
        output = one.run_whole("step6-check_auc")
        panel = output.locator(".gnn-check")
        assert "gnn-right" in (panel.get_attribute("class") or ""), panel.inner_text()
        assert one.page.locator(".gnn-check.gnn-wrong").count() == 0
        one.picture("step6-check_auc", "joined-whole")
