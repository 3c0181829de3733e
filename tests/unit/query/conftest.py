from __future__ import annotations

import pytest
import query_story

from scaptui.core.capture import Capture


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    """The story as a capture with enter and exit events."""
    return query_story.capture(tmp_path_factory.mktemp("old"), modern=False)


@pytest.fixture(scope="session")
def new(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    """The story as a capture of exit events only."""
    return query_story.capture(tmp_path_factory.mktemp("new"), modern=True)
