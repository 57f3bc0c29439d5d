"""What a server or worker refuses to start on; management commands meet the same checks through Django itself."""

from django.core.checks import run_checks


def refuse_wrong_rules() -> None:
    """End the process, naming file and line, where a rule set or a setting about rule sets is wrong."""
    if wrong := [found for found in run_checks(tags=["rules"]) if found.is_serious()]:
        raise SystemExit("\n".join(map(str, wrong)))
