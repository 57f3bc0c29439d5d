"""The one door to the FHIR R4B classes (fhir.resources). They check the structure of a resource: elements, types,
cardinalities, choice of type. They check neither profiles nor terminology. Loaded when first used: two seconds.
"""

from typing import Any


class StructureRefused(ValueError):
    """A resource that the R4B classes do not read; ``where`` is the path of the first element at fault."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


class NotR4B(ValueError):
    """A kind of resource that R4B does not have."""


def check(resource: dict[str, Any]) -> None:
    """Raises NotR4B or StructureRefused; the message never holds a value, which may be a patient's."""
    from pydantic import ValidationError

    try:
        _model(resource.get("resourceType")).model_validate(resource)
    except ValidationError as refused:
        first = refused.errors(include_input=False, include_url=False)[0]
        raise StructureRefused(".".join(str(part) for part in first["loc"]) or "as a whole") from None
    except (TypeError, ValueError, AttributeError) as refused:
        if isinstance(refused, NotR4B):
            raise
        raise StructureRefused("as a whole") from None


def _model(kind: object) -> Any:
    from fhir.resources.R4B import get_fhir_model_class

    try:
        return get_fhir_model_class(kind) if isinstance(kind, str) and kind.isalnum() else _refuse()
    except (KeyError, LookupError, ValueError, ImportError, AttributeError):
        raise NotR4B("not a resource of R4B") from None


def _refuse() -> Any:
    raise NotR4B("not a resource of R4B")
