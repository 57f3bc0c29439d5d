"""Meetings: the list, series, the builder, statistics."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
