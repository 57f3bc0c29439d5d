"""Marks the criteria that say something else than when a decision was taken, so that the eye finds them."""

from collections.abc import Iterable
from dataclasses import replace

from board.criteria_view import CriterionLine, Group, RuleSetPanel
from board.decision_view import DecisionLine


def outline(panels: list[RuleSetPanel], decisions: Iterable[DecisionLine]) -> list[RuleSetPanel]:
    """Only what nobody has answered yet; a fold that holds a marked row is opened."""
    since = _since(decisions)
    return [_panel(panel, since) for panel in panels] if since else panels


def sets_changed(decisions: Iterable[DecisionLine]) -> dict[str, str]:
    """Rule sets of which a row is marked, each with the words for it."""
    return {key: said for (key, _), said in _since(decisions).items()}


def _since(decisions: Iterable[DecisionLine]) -> dict[tuple[str, str], str]:
    since: dict[tuple[str, str], str] = {}
    for line in decisions:
        if not line.is_answered:
            since |= dict.fromkeys(line.changed_rows, f"changed since the decision of {line.day}")
    return since


def _panel(panel: RuleSetPanel, since: dict[tuple[str, str], str]) -> RuleSetPanel:
    def marked(line: CriterionLine) -> CriterionLine:
        return replace(line, changed=since.get((panel.result.guideline_id, line.row.id), ""))

    def group(found: Group) -> Group:
        return replace(found, lines=[marked(line) for line in found.lines])

    return replace(panel, groups=[group(g) for g in panel.groups], folded=[group(g) for g in panel.folded])
