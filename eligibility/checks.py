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


@register()
def check_within_subject_cv(app_configs, **kwargs):
    from eligibility.change_facts import within_subject_cv

    try:
        within_subject_cv()
    except ValueError as error:
        said = f"PRRT_WITHIN_SUBJECT_CV is “{error}”: it has to be a fraction above 0 and at most 1, such as 0.10."
        return [Error(said, hint="Leave it empty to borrow the figure of FDG.", id="eligibility.E002")]
    return []
