"""Compile every template, so that a broken tag is found by `make check` and not by a clinician."""

import os
import sys
from pathlib import Path

import django


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings
    from django.template import TemplateSyntaxError, loader

    root = Path(settings.BASE_DIR) / "templates"
    failures = []
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    for name in names:
        try:
            loader.get_template(name)
        except TemplateSyntaxError as error:
            failures.append(f"{name}: {error}")
    print(f"{len(names)} templates compiled, {len(failures)} broken")
    print("\n".join(failures), file=sys.stderr)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
