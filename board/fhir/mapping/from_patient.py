"""Patient and Condition, read."""

from typing import Any

from board.fhir.mapping import as_written
from board.fhir.mapping.codes import NET, ORGANS, PRIMARY_SITES
from board.fhir.mapping.drafts import Draft, NotTaken
from board.fhir.mapping.from_parts import clinical_date, codes, date_of, extras, note_of, own_code, partial
from board.fhir.mapping.parts import Json
from board.fhir.mapping.terms import CASE_NUMBER, SNOMED
from board.fhir.mapping.to_patient import GENDERS

STAGES = frozenset({"localised", "locoregional", "metastatic", "unknown"})
SEXES = {word: letter for letter, word in GENDERS.items()}
UNCERTAIN = frozenset({"refuted", "differential", "provisional", "unconfirmed"})


def case_numbers(resource: Json) -> list[str]:
    return [
        one["value"] for one in resource.get("identifier", []) if one.get("system") == CASE_NUMBER and one.get("value")
    ]


def patient(resource: Json) -> dict[str, Any]:
    """Fields of the case. Names, addresses and identifiers of other systems are not read. Raises NotTaken."""
    born = date_of(resource, "birthDate") if "birthDate" in resource else (None, "unknown")
    return {
        "sex_for_formulas": SEXES.get(resource.get("gender", "unknown"), "U"),
        "birth_date": born[0],
        "birth_date_precision": born[1],
        "centre": resource.get("managingOrganization", {}).get("display", ""),
        **_vital(resource),
        **extras("Patient", resource),
        **as_written.read("Patient", resource),
    }


def _vital(resource: Json) -> dict[str, Any]:
    if "deceasedDateTime" in resource:
        day, precision = partial(resource["deceasedDateTime"])
        return {"vital_status": "deceased", "deceased_on": day, "deceased_on_precision": precision}
    stated = {True: "deceased", False: "alive"}.get(resource.get("deceasedBoolean"), "unknown")  # type: ignore[call-overload]
    return {"vital_status": stated}


def condition(resource: Json) -> Draft:
    verification = codes(
        resource.get("verificationStatus"), "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    )
    if "entered-in-error" in verification:
        raise NotTaken("entered_in_error")
    if UNCERTAIN & set(verification):
        raise NotTaken("status_not_final")
    if NET not in codes(resource.get("code"), SNOMED):
        raise NotTaken("condition_not_net")
    values = {
        "primary_site": _site(resource.get("bodySite", [])),
        **_stages(resource.get("stage", [])),
        **clinical_date(resource, "onsetDateTime"),
        **extras("Diagnosis", resource),
        "note": note_of(resource),
    }
    return Draft("Diagnosis", values)


def _site(found: list[Json]) -> str:
    by_snomed = {code: name for name, code in ORGANS.items() if name in PRIMARY_SITES}
    sites = {own_code(one, "primary-site", PRIMARY_SITES) for one in found}
    sites |= {by_snomed[code] for one in found for code in codes(one, SNOMED) if code in by_snomed}
    sites -= {""}
    if len(sites) > 1:
        raise NotTaken("codes_contradict")
    if not sites:
        raise NotTaken("site_not_stated")
    return sites.pop()


def _stages(found: list[Json]) -> dict[str, str]:
    values = {}
    for one in found:
        kind = own_code(one.get("type"), "stage-type")
        if kind == "extent":
            values["stage"] = own_code(one.get("summary"), "stage", STAGES) or "unknown"
        elif kind == "tnm":
            values["tnm"] = str(one.get("summary", {}).get("text", ""))
    return values
