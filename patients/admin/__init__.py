"""The data desk for cases, their clinical rows, accounts and teams."""

from patients.admin import case, rows, users

__all__ = ["case", "rows", "users"]
