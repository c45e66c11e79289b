"""The translations of a questionnaire: its texts, their state in each language, and files for an agency."""
