from django.apps import AppConfig


class EligibilityConfig(AppConfig):
    name = "eligibility"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from eligibility import checks  # noqa: F401
