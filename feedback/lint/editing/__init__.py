"""Changes to a YAML text that touch only the lines they concern."""
