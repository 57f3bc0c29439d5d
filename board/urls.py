from django.urls import include, path
from django.views.decorators.http import condition

from board import case_views, change_views, views, watch_views, what_if_views
from board.stamp import page_stamp

app_name = "board"
urlpatterns = [
    path("", views.home, name="home"),
    path("", include("board.entry.urls")),
    path("watch/", watch_views.watch_list, name="watch"),
    path("watch/<case:case_number>/act/", watch_views.act, name="watch_act"),
    path("patients/", views.patients, name="patients"),
    path("patients/<case:case_number>/", condition(etag_func=page_stamp)(views.patient), name="patient"),
    path("patients/<case:case_number>/what-if/", what_if_views.what_if, name="what_if"),
    path("patients/<case:case_number>/source/", case_views.source, name="source"),
    path("patients/<case:case_number>/since/", case_views.since, name="since"),
    path("patients/<case:case_number>/scans/<uuid:pk>/", case_views.scan_then, name="scan_then"),
    path("patients/<case:case_number>/state/", case_views.state, name="state"),
    path("patients/<case:case_number>/ask/", case_views.ask, name="ask"),
    path("patients/<case:case_number>/contacts/", case_views.contact, name="contact"),
    path("patients/<case:case_number>/closing/", watch_views.close, name="closing"),
    path("patients/<case:case_number>/change/", change_views.change_verdict, name="change_verdict"),
    path("patients/<case:case_number>/next/", case_views.following, name="next"),
    path("patients/<case:case_number>/previous/", case_views.preceding, name="previous"),
    path("decisions/<uuid:pk>/follow-up/", case_views.follow_up, name="follow_up"),
    path("", include("board.urls_meetings")),
    path("", include("board.urls_decisions")),
    path("", include("board.urls_screen")),
    path("", include("board.urls_console")),
    path("", include("board.urls_documents")),
    path("", include("board.urls_fhir")),
    path("", include("board.urls_cohort")),
    path("", include("board.urls_trail")),
    path("", include("board.bulk.urls")),
    path("", include("board.export_patient.urls")),
]
