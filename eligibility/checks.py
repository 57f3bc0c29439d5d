"""Refuse to start on a guideline file that is wrong, naming file and line."""

from django.core.checks import Error, register

from eligibility.loader import guidelines
from eligibility.schema import GuidelineError


@register()
def check_guidelines(app_configs, **kwargs):
    try:
        guidelines()
    except GuidelineError as error:
        return [Error(str(error), hint="Correct the file or take it out of the folder.", id="eligibility.E001")]
    return []
