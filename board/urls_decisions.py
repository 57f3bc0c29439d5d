"""Decisions of a meeting: drafts, signing, amending, the chain."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
