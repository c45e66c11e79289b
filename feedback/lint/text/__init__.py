"""How the linter reads a sentence: letters evened out, sentences split, names and fixed phrases set aside."""
