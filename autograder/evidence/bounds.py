"""Numbers by which the trusted side allocates are cut to what the data file makes possible.

`autograder.grading.submission` calls it on what a run has sent, before anything is computed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from autograder.evidence.arrays import Array

MANY = 100  # times the nodes of the file: no honest mistake comes near


def bounded(evidence: Any, nodes: int) -> Any:
    """The evidence with no `num_nodes` above MANY times the nodes that there are."""
    if isinstance(evidence, Array):
        return evidence
    if isinstance(evidence, msgspec.Struct):
        changes: dict[str, Any] = {}
        for name in evidence.__struct_fields__:
            value = getattr(evidence, name)
            cut = name == "num_nodes" and isinstance(value, int)
            new = min(value, MANY * nodes) if cut else bounded(value, nodes)
            changes |= {} if new is value else {name: new}
        return msgspec.structs.replace(evidence, **changes) if changes else evidence
    if isinstance(evidence, list) and evidence and isinstance(evidence[0], msgspec.Struct):
        items = [bounded(item, nodes) for item in evidence]
        same = all(new is old for new, old in zip(items, evidence, strict=True))
        return evidence if same else items
    return evidence
