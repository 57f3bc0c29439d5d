"""The import of tables, and its taking back."""

from django.urls import path, re_path

from board.bulk import views

urlpatterns = [
    path("import-table/", views.bring, name="import_table"),
    path("import-table/confirm/", views.confirm, name="import_table_confirm"),
    re_path(r"^import-table/template/(?P<table>[a-z_]+)\.(?P<kind>csv|xlsx)$", views.template, name="import_template"),
    path("import-table/<uuid:pk>/", views.batch, name="import_batch"),
    path("import-table/<uuid:pk>/undo/", views.undo, name="import_undo"),
]
