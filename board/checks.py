"""Refuse to start on due rules that are wrong, naming file and key."""

from django.core.checks import Error, register

from board.domain.due import DueRulesRefused
from board.due_rules import read_due_rules


@register("rules")
def check_due_rules(app_configs, **kwargs):
    try:
        read_due_rules()
    except DueRulesRefused as error:
        hint = "Correct the file that PRRT_DUE_RULES names; docs/watch.md has every key."
        return [Error(str(error), hint=hint, id="board.E001")]
    return []
