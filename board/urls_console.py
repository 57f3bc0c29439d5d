"""The chair's console."""

from django.urls import path
from django.urls.resolvers import URLPattern

from board import console_views

urlpatterns: list[URLPattern] = [
    path("meetings/<uuid:pk>/console/", console_views.console, name="console"),
    path("patients/<case:case_number>/present/", console_views.present, name="present"),
]
