from django.urls import path

from imaging.views import decisions, products, reading, scan, series, upload, upload_status

app_name = "imaging"
urlpatterns = [
    path("upload/", upload.upload, name="upload"),
    path("uploads/", upload.start, name="upload_start"),
    path("uploads/<uuid:pk>/", upload_status.detail, name="upload_detail"),
    path("uploads/<uuid:pk>/progress/", upload_status.progress, name="upload_progress"),
    path("uploads/<uuid:pk>/files/", upload.receive, name="upload_files"),
    path("uploads/<uuid:pk>/form/", upload.plain, name="upload_plain"),
    path("uploads/<uuid:pk>/close/", upload.close, name="upload_close"),
    path("series/<uuid:pk>/", series.detail, name="series"),
    path("series/<uuid:pk>/state/", series.state, name="series_state"),
    path("series/<uuid:pk>/mip.png", series.picture, name="mip"),
    path("series/<uuid:pk>/suv-input/", series.suv_input, name="suv_input"),
    path("series/<uuid:pk>/confirm/", series.confirm, name="confirm"),
    path("series/<uuid:pk>/reject/", series.reject, name="reject"),
    path("scans/<uuid:pk>/", scan.detail, name="scan"),
    path("scans/<uuid:pk>/state/", scan.state, name="scan_state"),
    path("scans/<uuid:pk>/read/", reading.read, name="read"),
    path("scans/<uuid:pk>/viewer.json", reading.data, name="viewer"),
    path("scans/<uuid:pk>/look/", decisions.look_again, name="look"),
    path("scans/<uuid:pk>/netpet/", decisions.netpet, name="netpet"),
    path("scans/<uuid:pk>/export/", decisions.export, name="export"),
    path("proposals/<uuid:pk>/accept/", decisions.accept, name="accept"),
    path("proposals/<uuid:pk>/reject/", decisions.reject, name="reject_proposal"),
    path("proposals/<uuid:pk>/reopen/", decisions.reopen, name="reopen"),
    path("matches/<uuid:pk>/confirm/", decisions.confirm, name="confirm_match"),
    path("regions/<uuid:pk>/outline/", decisions.outline, name="outline"),
    path("products/<uuid:pk>/", products.product, name="product"),
]
