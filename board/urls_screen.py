"""The screen of the room: pairing, state, frames. What begins with ``display/`` belongs to the devices."""

from django.urls import path
from django.urls.resolvers import URLPattern

from board import display_views, screen_views

urlpatterns: list[URLPattern] = [
    path("display/", display_views.display, name="display"),
    path("display/state/", display_views.state, name="display_state"),
    path("display/events/", display_views.events, name="display_events"),
    path("display/frames/<uuid:item>/<str:view>/", display_views.frame, name="display_frame"),
    path("display/cards/<str:view>/", display_views.display_card, name="display_card"),
    path("meetings/<uuid:pk>/screen/", screen_views.screen, name="screen"),
    path("meetings/<uuid:pk>/screen/events/", screen_views.events, name="screen_events"),
    path("meetings/<uuid:pk>/screen/frames/<uuid:item>/<str:view>/", screen_views.frame, name="screen_frame"),
    path("meetings/<uuid:pk>/screen/cards/<str:view>/", screen_views.screen_card, name="screen_card"),
    path("meetings/<uuid:pk>/displays/", screen_views.pair_display, name="display_pair"),
    path("meetings/<uuid:pk>/displays/<uuid:display>/unpair/", screen_views.unpair_display, name="display_unpair"),
]
