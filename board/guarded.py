"""One panel that cannot be read leaves the rest of the page usable."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("prrt.board")


@dataclass(frozen=True)
class Unreadable:
    """Stands where a panel's content would; ``reference`` finds the entry in the log."""

    reference: str
    is_unreadable: bool = True


def guarded(name: str, build: Callable[..., Any], *args) -> Any:
    """What ``build`` gives, or ``Unreadable``. The log names panel and place, never a value: it may be a patient's."""
    try:
        return build(*args)
    except Exception as error:  # whatever it is, the other panels stand
        reference, place = uuid.uuid4().hex[:8], _place(error)
        log.error("panel %s failed, reference %s: %s at %s", name, reference, type(error).__name__, place)
        return Unreadable(reference)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "unknown"
