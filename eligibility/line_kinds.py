"""What a treatment line was, by its class and by what it names: a line may have been filed under another class."""

from patients.domain.drugs import is_chemotherapy, is_prrt
from patients.models import TreatmentLine

Kind = TreatmentLine.TreatmentClass


def is_prrt_line(line: TreatmentLine) -> bool:
    return line.treatment_class == Kind.PRRT or is_prrt([line.regimen, *line.drugs])


def is_chemotherapy_line(line: TreatmentLine) -> bool:
    """By its class, or by its drugs where the class was left at "other"."""
    is_other = line.treatment_class == Kind.OTHER
    return line.treatment_class == Kind.CHEMO or (is_other and is_chemotherapy(line.regimen, line.drugs))
