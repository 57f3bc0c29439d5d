"""Minutes, letters, packs, and what can be downloaded."""

from django.urls import path

from board import document_views, follow_through_views, minutes_views

urlpatterns = [
    path("meetings/<uuid:pk>/close/", minutes_views.close, name="meeting_close"),
    path("meetings/<uuid:pk>/minutes/", minutes_views.minutes, name="minutes"),
    path("meetings/<uuid:pk>/minutes/correct/", minutes_views.correct, name="minutes_correct"),
    path("meetings/<uuid:pk>/minutes.pdf", document_views.minutes_pdf, name="minutes_pdf"),
    path("meetings/<uuid:pk>/minutes.txt", document_views.minutes_text, name="minutes_text"),
    path("meetings/<uuid:pk>/agenda.pdf", document_views.pack_pdf, name="pack_pdf"),
    path("meetings/<uuid:pk>/agenda.txt", document_views.pack_text, name="pack_text"),
    path("decisions/<uuid:pk>/letter.pdf", document_views.letter_pdf, name="letter_pdf"),
    path("decisions/<uuid:pk>/letter.txt", document_views.letter_text, name="letter_text"),
    path("decisions/<uuid:pk>/decision.json", document_views.decision_json, name="decision_json"),
    path("meetings/statistics/", follow_through_views.meeting_statistics, name="meeting_statistics"),
    path("follow-through/", follow_through_views.page, name="follow_through"),
    path("follow-through/<uuid:pk>/", follow_through_views.told, name="follow_through_told"),
    path("verify/", document_views.verify, name="verify"),
]
