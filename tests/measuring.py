"""Bars of processor time that hold on a slow machine, too: the same machine can be four times slower an hour later."""

from __future__ import annotations

import re
import time

NOMINAL = 0.002
"""Seconds of processor time that `_work` took on the machine on which the bars of the tests were set."""
_TEXT = "word 9, größer " * 4_000


def slowness() -> float:
    """How many times longer than NOMINAL a fixed piece of work takes now; at least 1."""
    return max(1.0, min(_work() for _ in range(3)) / NOMINAL)


def too_long(seconds: float, bar: float) -> bool:
    """Whether `seconds` of processor time are over a bar that was set on that machine. What is below the bar would be
    below it on any slower machine, so that only what is over it has to wait until slowness is measured."""
    return seconds >= bar and seconds >= bar * slowness()


def _work() -> float:
    before = time.thread_time()
    words = re.findall(r"\w+", _TEXT)
    sum(len(word.casefold()) for word in words)
    return time.thread_time() - before
