"""Pages of the table import."""
