"""The proforma. Nothing about a patient but the case number stands in an address."""

from django.urls import path

from board.entry import returning_views, views

urlpatterns = [
    path("patients/new/", views.new, name="entry_new"),
    path("patients/new/save/", views.save, name="entry_new_save"),
    path("patients/new/look/", views.look_at, name="entry_new_look"),
    path("patients/new/submit/", views.send, name="entry_new_submit"),
    path("patients/new/duplicate/", views.duplicate, name="entry_duplicate"),
    path("patients/new/paste/", views.paste, name="entry_paste"),
    path("patients/<case:case_number>/entry/", views.entry, name="entry"),
    path("patients/<case:case_number>/entry/save/", views.save, name="entry_save"),
    path("patients/<case:case_number>/entry/look/", views.look_at, name="entry_look"),
    path("patients/<case:case_number>/entry/submit/", views.send, name="entry_submit"),
    path("patients/<case:case_number>/entry/noted/", views.noted, name="entry_noted"),
    path("patients/<case:case_number>/entry/return/", returning_views.send_back, name="entry_return"),
]
