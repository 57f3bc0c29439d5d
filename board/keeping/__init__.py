"""Backups of the whole installation, their way back, and the anchor that shows when an old one is in use."""
