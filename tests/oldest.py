"""The lowest releases that `pyproject.toml` allows, as constraints for pip.

`make test-oldest` installs them; `dev` is left out, for its tools only have to be there.
"""

from __future__ import annotations

import re
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def lowest(text: str) -> list[str]:
    """`name==release` for every dependency of the kit itself, of a text of TOML."""
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.M | re.S)
    entries = re.findall(r'"([\w.-]+)>=([\w.]+)(?:; [^"]*)?"', block.group(1)) if block else []
    return [f"{name}=={release}" for name, release in entries]


if __name__ == "__main__":
    print("\n".join(lowest(PYPROJECT.read_text(encoding="utf-8"))))
