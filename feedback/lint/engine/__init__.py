"""How the linter runs: rules, findings, what was accepted, and what only several files show."""
