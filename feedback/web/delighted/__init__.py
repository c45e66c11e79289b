"""The API of Delighted, for programs that were written for it: their base address is changed, and nothing else."""

from feedback.web.delighted.views import blueprint

__all__ = ["blueprint"]
