"""Everything of one patient as one archive."""

from django.urls import path

from board.export_patient import views

urlpatterns = [
    path("patients/<case:case_number>/export/", views.ask, name="request_export"),
    path("exports/<uuid:pk>/", views.show, name="patient_export"),
    path("exports/<uuid:pk>/file/", views.fetch, name="download_export"),
]
