"""Length is what counts in a password; a limit above keeps the hash from being fed a book."""

from django.core.exceptions import ValidationError


class MaximumLengthValidator:
    def __init__(self, max_length: int = 128):
        self.max_length = max_length

    def validate(self, password, user=None):
        if len(password) > self.max_length:
            raise ValidationError(f"A password has at most {self.max_length} characters.", code="password_too_long")

    def get_help_text(self) -> str:
        return f"At most {self.max_length} characters. Several words are good; no sign or figure is asked for."
