from django.urls import path
from django.views.decorators.http import condition

from board import views
from board.stamp import page_stamp

app_name = "board"
urlpatterns = [
    path("", views.home, name="home"),
    path("patients/", views.patients, name="patients"),
    path("patients/<str:case_number>/", condition(etag_func=page_stamp)(views.patient), name="patient"),
    path("patients/<str:case_number>/decide/", views.decide, name="decide"),
]
