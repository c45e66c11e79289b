"""The demo: an invented customer base, a few months of answers, and a present in which things happen.

Everything goes through the same services as in production; only the customers are made up (`is_demo` marks
their rows) and the past is played with a clock that runs fast.
"""

from feedback.demo.live import keep_happening
from feedback.demo.setup import PASSWORD, guide, guide_of_empty, prepare, prepare_empty

__all__ = ["PASSWORD", "guide", "guide_of_empty", "keep_happening", "prepare", "prepare_empty"]
