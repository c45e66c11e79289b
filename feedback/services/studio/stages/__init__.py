"""The stages of the journey: changes to them, and whom a changed journey would ask."""
