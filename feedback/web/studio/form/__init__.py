"""The form of the studio: a questionnaire edited by fields, without its YAML."""
