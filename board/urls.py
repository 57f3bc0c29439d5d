from django.urls import path

from board import views

app_name = "board"
urlpatterns = [
    path("", views.home, name="home"),
    path("patients/", views.patients, name="patients"),
    path("patients/<str:case_number>/", views.patient, name="patient"),
    path("patients/<str:case_number>/decide/", views.decide, name="decide"),
]
