"""The cohort: its figures, its questions, its exports."""

from django.urls import path

from board.cohort import export_views, views

urlpatterns = [
    path("cohort/", views.cohort, name="cohort"),
    path("cohort/count/", views.count, name="cohort_count"),
    path("cohort/questions/", views.keep, name="cohort_keep"),
    path("cohort/questions/<uuid:pk>/forget/", views.forget, name="cohort_forget"),
    path("cohort/exports/", export_views.exports, name="cohort_exports"),
    path("cohort/exports/<uuid:pk>/", export_views.export, name="cohort_export"),
    path("cohort/exports/<uuid:pk>/decide/", export_views.decide, name="cohort_decide"),
    path("cohort/exports/<uuid:pk>/state/", export_views.state, name="cohort_export_state"),
    path("cohort/exports/<uuid:pk>/file/", export_views.file, name="cohort_file"),
]
