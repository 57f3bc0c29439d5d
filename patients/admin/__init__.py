"""The data desk for cases, their clinical rows, accounts and teams."""

from django.contrib import admin

from patients.admin import case, rows, users

# A case needs the width of the screen.
admin.site.enable_nav_sidebar = False

__all__ = ["case", "rows", "users"]
