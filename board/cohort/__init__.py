"""The cohort: a question to many cases, its figures, and its de-identified export. See docs/cohort.md."""
