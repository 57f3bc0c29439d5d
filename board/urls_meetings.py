"""Meetings: the list, series, the builder, and what is done to them."""

from django.urls import path

from board import agenda_views, meeting_views, running_views

urlpatterns = [
    path("meetings/", meeting_views.meetings, name="meetings"),
    path("meetings/new/", meeting_views.meeting_new, name="meeting_new"),
    path("meetings/series/new/", meeting_views.series_new, name="series_new"),
    path("meetings/series/<uuid:pk>/", meeting_views.series, name="series"),
    path("meetings/<uuid:pk>/", meeting_views.meeting, name="meeting"),
    path("meetings/<uuid:pk>/edit/", meeting_views.meeting_edit, name="meeting_edit"),
    path("meetings/<uuid:pk>/agenda/", agenda_views.meeting_agenda, name="meeting_agenda"),
    path("meetings/<uuid:pk>/freeze/", running_views.freeze, name="meeting_freeze"),
    path("meetings/<uuid:pk>/start/", running_views.start, name="meeting_start"),
    path("meetings/<uuid:pk>/cancel/", running_views.cancel, name="meeting_cancel"),
    path("meetings/<uuid:pk>/seats/", running_views.seat, name="meeting_seat"),
    path("meetings/<uuid:pk>/unseen/", running_views.unseen, name="meeting_unseen"),
    path("meetings/<uuid:pk>/attendance/", running_views.attendance, name="meeting_attendance"),
    path("meetings/items/<uuid:pk>/postpone/", running_views.postpone, name="item_postpone"),
    path("meetings/items/<uuid:pk>/note/", running_views.note, name="item_note"),
    path("patients/<case:case_number>/list/", agenda_views.list_case, name="list_case"),
]
