"""Refuse to start on a guideline file or a setting about rule sets that is wrong, naming what is wrong."""

from django.conf import settings
from django.core.checks import Error, register

from eligibility.loader import guidelines
from eligibility.measurement_errors import ErrorsFileRefused, stated_errors
from eligibility.schema import GuidelineError


@register("rules")
def check_guidelines(app_configs, **kwargs):
    try:
        found = guidelines()
    except GuidelineError as error:
        return [Error(str(error), hint="Correct the file or take it out of the folder.", id="eligibility.E001")]
    missing = [name for name in settings.PRIMARY_GUIDELINES if name not in found]
    hint = f"Rule sets are: {', '.join(found)}."
    return [
        Error(f"PRRT_PRIMARY_GUIDELINES: no rule set “{name}”.", hint=hint, id="eligibility.E003") for name in missing
    ]


@register("rules")
def check_measurement_errors(app_configs, **kwargs):
    try:
        stated_errors()
    except ErrorsFileRefused as error:
        return [Error(str(error), hint="Correct the file or unset PRRT_MEASUREMENT_ERRORS.", id="eligibility.E002")]
    return []


@register("rules")
def check_within_subject_cv(app_configs, **kwargs):
    from eligibility.change_facts import within_subject_cv

    try:
        within_subject_cv()
    except ValueError as error:
        said = f"PRRT_WITHIN_SUBJECT_CV is “{error}”: it has to be a fraction above 0 and at most 1, such as 0.10."
        return [Error(said, hint="Leave it empty to borrow the figure of FDG.", id="eligibility.E004")]
    return []
