"""What the tests of planning look at."""

from __future__ import annotations

from dataclasses import replace

from tests.services.conftest import World


def without_text_messages(world: World) -> None:
    world.providers.pop("simulator_sms")
    enabled = replace(world.settings.providers, enabled=tuple(world.providers))
    world.settings = replace(world.settings, providers=enabled)
