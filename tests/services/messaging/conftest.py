"""Fixtures that several files here stand on."""

from __future__ import annotations

import pytest

from tests.services.conftest import World
from tests.services.messaging.sending import queue


@pytest.fixture
def due(world: World) -> World:
    """A world in which one text message is queued."""
    return queue(world)
