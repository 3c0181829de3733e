"""Made-up machines in odd states: every field of their events as sysdig 0.29.3 has it.

``SCAPTUI_STORIES=1000`` in the environment tells more stories than usual.
"""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path

import pytest
from state_oracle import differences, shrink
from state_story import tell

from scaptui.core.decode import driver
from scaptui.core.decode.state import new_state

STORIES = int(os.environ.get("SCAPTUI_STORIES", "40"))


@pytest.mark.parametrize("seed", range(STORIES))
def test_a_story(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("sysdig") is None:
        pytest.skip("sysdig is not installed")
    # its errors that are set right otherwise would hide everything else
    monkeypatch.setattr(driver, "new_state", partial(new_state, exact=True))
    story = tell(seed)
    found = differences(story.build().save(tmp_path / "story.scap"))
    if found:
        least = tmp_path / "least.scap"
        steps = shrink(story, lambda steps: bool(differences(story.build(steps).save(least))))
        pytest.fail(f"{found[0]}; as few events as possible: {[step.sym for step in steps]}")
