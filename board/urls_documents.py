"""Minutes, letters, packs, and what can be downloaded."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
