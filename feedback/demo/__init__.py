"""The demo: an invented customer base, a year of answers, and a present in which things happen.

Only the customers are made up (`is_demo` marks their rows). The contact policy decides about each survey of the year;
the last week and the present go through the worker's own jobs. `prepare_empty` is a new installation without any of it.
"""

from feedback.demo.live import keep_happening
from feedback.demo.setup import PASSWORD, guide, guide_of_empty, prepare, prepare_empty

__all__ = ["PASSWORD", "guide", "guide_of_empty", "keep_happening", "prepare", "prepare_empty"]
