"""The screen of the room: pairing, state, frames."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
