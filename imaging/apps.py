from django.apps import AppConfig


class ImagingConfig(AppConfig):
    name = "imaging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from imaging import chart_questions  # noqa: F401 - it registers itself
