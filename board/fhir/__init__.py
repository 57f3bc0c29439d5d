"""Exchange of a case as a FHIR R4B bundle. ``mapping`` is pure; ``library`` is the one door to the FHIR classes."""
