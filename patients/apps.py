from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PatientsConfig(AppConfig):
    name = "patients"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from patients import case_addresses, lookups, sign_ins  # noqa: F401 - they register themselves
        from patients.append_only import TRAIL

        post_migrate.connect(TRAIL.protect_again, sender=self)
