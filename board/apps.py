from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BoardConfig(AppConfig):
    name = "board"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from board import checks  # noqa: F401
        from board.append_only import protect_again

        post_migrate.connect(protect_again, sender=self)
