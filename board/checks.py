"""Refuse to start on due rules or minimum data that are wrong, naming file and key."""

from django.core.checks import Error, register

from board.domain.due import DueRulesRefused
from board.due_rules import read_due_rules
from board.minimum_rules import MinimumDataRefused, minimum_rules


@register("rules")
def check_due_rules(app_configs, **kwargs):
    try:
        read_due_rules()
    except DueRulesRefused as error:
        hint = "Correct the file that PRRT_DUE_RULES names; docs/watch.md has every key."
        return [Error(str(error), hint=hint, id="board.E001")]
    return []


@register("rules")
def check_minimum_data(app_configs, **kwargs):
    try:
        minimum_rules()
    except MinimumDataRefused as error:
        hint = "Correct the file that PRRT_MINIMUM_DATA names; docs/meetings.md has every key."
        return [Error(str(error), hint=hint, id="board.E002")]
    return []
