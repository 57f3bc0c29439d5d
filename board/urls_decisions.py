"""Decisions: those of a case, those of a meeting with their drafts, amendments."""

from django.urls import path

from board import amend_views, decide_views, decision_views

urlpatterns = [
    path("patients/<case:case_number>/decide/", decide_views.decide, name="decide"),
    path("meetings/items/<uuid:pk>/draft/", decision_views.item_draft, name="item_draft"),
    path("meetings/items/<uuid:pk>/sign/", decision_views.item_sign, name="item_sign"),
    path("decisions/<uuid:pk>/amend/", amend_views.amend, name="amend"),
]
