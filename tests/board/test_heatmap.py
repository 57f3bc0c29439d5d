"""Lesions over time: what became of each, in what order, and the numbers of the whole scan under them."""

import datetime as dt

import pytest
from django.urls import reverse

from board.chart import Chart
from board.lesion_view import FOLD_FROM, lesion_table
from imaging.models import Lesion, LesionFinding, Scan
from imaging.scan_numbers import scan_numbers
from imaging.views.burden_rows import numbers
from patients.models import TreatmentLine
from patients.services import record, revise
from tests.board.factories import BASELINE, FOLLOW_UP, TODAY, add_scan, published_case
from tests.board.test_patient_page import page, text_of
from tests.patients.factories import make_patient, make_user


def table(patient, sort="organ"):
    return lesion_table(Chart(patient, TODAY), sort)


def finding(label, day=FOLLOW_UP):
    return LesionFinding.objects.get(lesion__label=label, scan__clinical_date=day)


def test_lesions_stand_by_organ_with_the_coldest_and_median_ratio(case):
    _, user, patient = case
    record(Lesion, by=user, patient=patient, label="L03", organ="stomach", clinical_date=BASELINE)
    assert [(g.organ, [line.label for line in g.lines]) for g in table(patient).groups] == [
        ("stomach", ["L01", "L03"]),
        ("liver", ["L02"]),
    ]


def test_matched_lesions_are_counted_with_their_median_change(case):
    client, _, patient = case
    found = table(patient)
    assert found.counts == "2 matched, 0 lost, 0 new"
    ratios = [11.47 / 9.09, 16.9 / 4.6]
    assert found.median == f"within-lesion median SUVmax × {sum(ratios) / 2:.1f} (2 of 2 matched)"
    assert found.counts in text_of(page(client, patient))


def test_what_is_summed_up_from_drawn_values_is_marked_as_they_are(case):
    _, user, patient = case
    revise(Lesion.objects.get(label="L02"), by=user, reason="label", note="Uptake illustrative, not published.")
    for scan in Scan.objects.current():
        revise(scan, by=user, reason="drawn", is_illustrative=True, note="Uptake illustrative, not published.")
    found = table(patient)
    assert found.median.endswith("(2 of 2 matched) †")
    organs = [said for group in found.groups for _, said in group.summary]
    assert organs and all(said.endswith("× liver †") for said in organs)
    shown = {total.name: [value.text for value in total.values if value.text] for total in found.totals}
    assert shown["Coldest assessable"] and all(text.endswith(" †") for text in shown["Coldest assessable"])
    assert not any("†" in text for text in shown["Krenning ≥ 3 (above liver)"])


@pytest.mark.parametrize(
    ("status", "related", "word", "note"),
    [
        ("resolved", None, "lost", "gone on CT"),
        ("new", None, "new", ""),
        ("merged", "L01", "merged", "into L01"),
        ("split", "L01", "split", "from L01"),
        ("not_assessable", None, "not assessable", "on the newest scan"),
    ],
)
def test_what_became_of_a_lesion_is_a_word(case, status, related, word, note):
    client, user, patient = case
    other = Lesion.objects.get(label=related) if related else None
    revise(finding("L02"), by=user, reason="second look", status=status, related_lesion=other)
    line = table(patient).lines[1]
    assert (line.status, line.status_note) == (word, note)
    assert f"1 {word}" in table(patient).counts
    assert f"{word.capitalize()} {note}".strip() in text_of(page(client, patient))


def test_a_lesion_lost_earlier_stays_lost_on_a_later_scan(case):
    _, user, patient = case
    revise(finding("L02"), by=user, reason="second look", status="resolved")
    add_scan(user, patient, dt.date(2026, 5, 10))
    assert [line.status for line in table(patient).lines] == ["open", "lost"]


def test_what_nobody_marked_is_open_neither_lost_nor_new(case):
    _, user, patient = case
    add_scan(user, patient, dt.date(2026, 5, 10))
    line = table(patient).lines[0]
    assert (line.status, line.status_note) == ("open", "not marked on the newest scan")
    assert table(patient).counts == "0 matched, 0 lost, 0 new, 2 open"


def test_suvs_of_two_tracers_have_no_median(case):
    _, user, patient = case
    revise(Chart(patient, TODAY).scans[0].scan, by=user, reason="typing error", tracer="68Ga-DOTATOC")
    assert table(patient).median == ""


def test_grades_are_compared_on_one_scale_only(case):
    _, _, patient = case
    assert table(patient).lines[1].changes[0] == "Krenning up 2 to 3"
    chart = Chart(patient, TODAY)
    chart.scans[0].reading.scale_id = "KR-MOD"
    assert not any("Krenning" in said for line in lesion_table(chart).lines for said in line.changes)


def test_grades_are_compared_on_one_tracer_only(case):
    _, user, patient = case
    revise(Chart(patient, TODAY).scans[0].scan, by=user, reason="typing error", tracer="64Cu-DOTATATE")
    assert not any("Krenning" in said for line in table(patient).lines for said in line.changes)


def test_everything_begun_between_two_scans_is_named(case):
    _, user, patient = case
    start = dt.date(2026, 3, 1)
    record(TreatmentLine, by=user, patient=patient, treatment_class="ssa", regimen="lanreotide", clinical_date=start)
    bar = table(patient).columns[1].between
    assert (bar.text, bar.treatment_class) == ("CAPTEM ×6, then lanreotide", "ssa")


def test_an_organ_row_says_of_how_many_lesions_it_speaks(case):
    _, user, patient = case
    record(Lesion, by=user, patient=patient, label="L03", organ="liver", clinical_date=BASELINE)
    liver = table(patient).groups[1]
    assert liver.summary[1][1] == f"{16.9 * 0.95 / 8.9:.2f} × liver (1 of 2)"


def test_a_total_that_cannot_be_formed_gives_its_reason_not_a_dash(db, client, today):
    user = make_user("nuclear_medicine")
    patient = make_patient(by=user)
    add_scan(user, patient, FOLLOW_UP)
    record(Lesion, by=user, patient=patient, label="L01", organ="liver", clinical_date=FOLLOW_UP)
    values = [value for total in table(patient).totals for value in total.values]
    assert all(value.text == "" and value.note for value in values)
    client.force_login(user)
    assert values[0].note in text_of(page(client, patient))


def test_order_by_coldest_and_by_change(case):
    _, _, patient = case
    assert [line.label for line in table(patient, "coldest").lines] == ["L01", "L02"]
    assert [line.label for line in table(patient, "change").lines] == ["L02", "L01"]
    assert table(patient, "nonsense").sort == "organ"
    assert table(patient).coldest == "L01"


def test_a_lesion_without_a_value_never_sorts_as_the_coldest(case):
    _, user, patient = case
    record(Lesion, by=user, patient=patient, label="L00", organ="bone", clinical_date=BASELINE)
    assert [line.label for line in table(patient, "coldest").lines] == ["L01", "L02", "L00"]
    assert [line.label for line in table(patient, "change").lines][-1] == "L00"


def test_order_is_a_link_that_needs_no_script(case):
    client, _, patient = case
    html = page(client, patient, "?sort=coldest").content.decode()
    assert html.index('id="lesions-title"') < html.index('href="?sort=change#lesions"')
    assert 'href="?sort=coldest#lesions" aria-current="true"' in html


def test_totals_are_the_numbers_of_the_scans_own_page(case):
    _, _, patient = case
    shown = {total.name: [value.text for value in total.values] for total in table(patient).totals}
    own = {
        row["name"]: row["value"] for row in numbers(scan_numbers(Scan.objects.get(clinical_date=FOLLOW_UP)))["rows"]
    }
    assert shown["Krenning ≥ 3 (above liver)"][1] == own["Lesions above liver, by count"]
    assert shown["Coldest assessable"][1] == own["Coldest assessable lesion"]
    assert shown["SSTR tumour volume"][1] == own["SSTR tumour volume"]


def test_one_scan_says_that_change_needs_two(db, client, today):
    user = make_user("nuclear_medicine")
    patient = make_patient(by=user)
    add_scan(user, patient, FOLLOW_UP)
    record(Lesion, by=user, patient=patient, label="L01", organ="liver", clinical_date=FOLLOW_UP)
    client.force_login(user)
    said = text_of(page(client, patient))
    assert "One scan only. Heatmap needs two to show change." in said
    assert table(patient).counts == ""


def test_a_number_that_is_not_there_is_hatched_with_its_reason_and_never_zero(db, client, today):
    user = make_user("nuclear_medicine")
    patient = make_patient(by=user)
    add_scan(user, patient, FOLLOW_UP)
    record(Lesion, by=user, patient=patient, label="L01", organ="liver", clinical_date=FOLLOW_UP)
    (_, cell) = table(patient).lines[0].pairs[0]
    assert (cell.reader.css, cell.reader.words, cell.state, cell.suv) == (
        "k-missing",
        "not read",
        "no region drawn",
        "",
    )


def test_more_than_forty_lesions_are_organs_first(case):
    client, user, patient = case
    for n in range(3, FOLD_FROM + 2):
        record(Lesion, by=user, patient=patient, label=f"L{n:02}", organ="bone", clinical_date=BASELINE)
    html = page(client, patient).content.decode()
    assert table(patient).is_folded
    heat = html[html.index('id="lesions"') : html.index('id="ledger"')]
    assert heat.count('<details class="fold">') == 3
    assert "39 lesions" in heat and "41 lesions: one row for each organ" in heat


def test_every_cell_leads_to_its_source(case):
    client, _, patient = case
    html = page(client, patient).content.decode()
    cells = [cell for line in table(patient).lines for _, cell in line.pairs]
    path = reverse("board:source", args=[patient.case_number])
    assert all(cell.href.startswith(f"{path}?lesion=") for cell in cells)
    assert all(cell.href.replace("&", "&amp;") in html for cell in cells)


def test_five_scans_show_the_first_and_the_newest_three(case):
    client, user, patient = case
    for n in range(3):
        add_scan(user, patient, dt.date(2026, 5, 1 + n))
    found = table(patient)
    assert (len(found.columns), found.left_out) == (4, 1)
    assert found.columns[0].day == "14 Jul 2025"
    assert "1 more scan" in text_of(page(client, patient))


def test_published_case_has_the_same_lesions_whatever_the_order(db):
    _, patient = published_case("0009")
    assert {line.label for line in table(patient, "change").lines} == {line.label for line in table(patient).lines}
