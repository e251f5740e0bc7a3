"""Everything here is graded on the sample."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _sample(on_the_sample: None) -> None:
    """For every test of this folder."""
