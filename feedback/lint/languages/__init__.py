"""One folder a language: everything that the linter knows of it. docs/language-packs.md says how to extend one."""
