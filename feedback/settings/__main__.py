"""`python -m feedback.settings` writes docs/settings.md to standard output."""

import sys

from feedback.settings.reference import reference

sys.stdout.write(reference())
