import os
import re
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from eligibility import embedded_tests, schema
from eligibility.loader import PACKAGED, guidelines, load_file
from eligibility.schema import GuidelineError
from tests.conftest import REPOSITORY

PACKAGED_IDS = {
    *("compete", "compose", "enets-centre", "krenning-gt2", "lutathera-smpc-eu", "lutathera-smpc-eu-old"),
    *("lutathera-uspi", "lutia", "netter-1", "netter-2", "netter-3", "prrt-retreatment"),
}
GOOD = """id = "site-gate"
version = "1"
title = "Site gate"
kind = "gate"
jurisdiction = "site"
citation = "local"

[[criterion]]
id = "A"
level = "REQUIRED"
title = "Adult"
text = "An adult."
fact = "age_years"
comparator = ">="
threshold = 18
unit = "years"
citation = "local"
evidence = "D"

[[test]]
name = "adult"
as_of = 2025-01-01
verdict = "met"
[test.facts]
age_years = {value = 58, unit = "years"}
"""


@pytest.fixture
def folder(tmp_path, settings):
    settings.GUIDELINE_DIR = str(tmp_path)
    return tmp_path


def test_the_packaged_sets_load_and_pass_their_own_cases():
    assert {g.id for g in map(load_file, PACKAGED.glob("*.toml"))} == PACKAGED_IDS


def test_a_site_adds_its_own_set(folder):
    (folder / "site.toml").write_text(GOOD)
    assert set(guidelines()) == {*PACKAGED_IDS, "site-gate"}


def test_a_changed_file_is_read_again(folder):
    path = folder / "site.toml"
    path.write_text(GOOD)
    before = guidelines()["site-gate"]
    path.write_text(GOOD.replace('version = "1"', 'version = "2"'))
    after = guidelines()["site-gate"]
    assert (before.version, after.version) == ("1", "2") and before.sha256 != after.sha256


def test_a_site_replaces_a_packaged_set_only_under_another_version(folder):
    text = (PACKAGED / "krenning-gt2.toml").read_text()
    (folder / "k.toml").write_text(text.replace("max_age_days = 180", "max_age_days = 200"))
    with pytest.raises(GuidelineError, match="another version"):
        guidelines()
    (folder / "k.toml").write_text(text.replace('version = "2"', 'version = "2-site"'))
    assert guidelines()["krenning-gt2"].version == "2-site"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("threshold = 18", "threshold = ", 15, "not valid TOML"),
        ("threshold = 18", 'threshold = "18"', 15, "threshold is a number"),
        ("threshold = 18", "threshold = nan", 15, "threshold is a number"),
        ("threshold = 18", "threshold = inf", 15, "threshold is a number"),
        ('unit = "years"\nc', 'unit = "days"\nc', 16, "unit"),
        ('fact = "age_years"', 'fact = "age"', 13, "not a known fact"),
        ('comparator = ">="', 'comparator = "=>"', 14, "comparator"),
        ('comparator = ">="', 'comparator = ">="\nquantifier = "all_read"', 15, "only for facts about lesions"),
        ('comparator = ">="', 'comparator = ">="\nmax_age_days = 0', 15, "whole number"),
        ('evidence = "D"', 'evidence = "guess"', 18, "evidence starts with"),
        ('evidence = "D"', 'evidence = "MH"', 18, "verify_before_release"),
        ('evidence = "D"', 'evidence = "MM"', 8, "shipped inactive"),
        ('evidence = "D"', 'evidence = "D"\ncolour = "red"', 19, "unknown key"),
        ('level = "REQUIRED"', 'level = "REL_CI"\nmodifiable = true', 11, "contraindications are never varied"),
        ('level = "REQUIRED"', 'level = "CAUTION"\nexclusion = true', 11, "only a REQUIRED row"),
        ('evidence = "D"', 'evidence = "D"\nindication = true', 1, "product_label = true"),
        ('level = "REQUIRED"', 'level = "REL_CI"\nindication = true', 11, "only a REQUIRED or CAUTION row"),
        ('kind = "gate"', 'kind = "gate"\nproduct_label = "yes"', 5, "product_label is true or false"),
        ('level = "REQUIRED"', 'level = "MUST"', 10, "level is one of"),
        ('level = "REQUIRED"', 'level = "ABS_CI"', 1, "at least one active REQUIRED"),
        ('text = "An adult."', "", 8, "“text” is missing"),
        ('kind = "gate"', 'kind = "maybe"', 4, "kind is one of"),
        ('jurisdiction = "site"', 'valid_from = "2024"\njurisdiction = "site"', 5, "is a date"),
        ('verdict = "met"', 'verdict = "not_met"', 23, "expects not_met, got met"),
        ("as_of = 2025-01-01", 'as_of = "2025-01-01"', 22, "as_of is a date such as 2025-03-01, without quotes"),
        ('evidence = "D"', "evidence = 3", 18, "“evidence” is a text in quotes"),
        ('fact = "age_years"', 'fact = ["age_years"]', 13, "“fact” is a text in quotes"),
        ('title = "Adult"', "title = 18", 11, "“title” is a text in quotes"),
        ("[test.facts]\nage_years = {value = 58", 'facts = "x"\n#', 24, "“facts” is a table"),
        ("age_years = {value", "agee = {value", 25, "not a known fact"),
        ("{value = 58", "{valu = 58", 25, "cannot be read"),
        ('fact = "age_years"', 'any = [{fact = "age_years"}]\nfact = "age_years"', 13, "compound"),
    ],
)
def test_a_bad_file_is_refused_with_file_and_line(tmp_path, old, new, line, message):
    path = tmp_path / "bad.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(GuidelineError, match=message) as caught:
        load_file(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_no_value_of_another_kind_ends_in_anything_but_a_refusal():
    """What a person may type by mistake in place of any value of a file, quotes left out or put in among it."""
    lines, refused = (PACKAGED / "netter-3.toml").read_text().splitlines(), 0
    kinds = ("3", '"x"', "[]", "{a = 1}", "true", "2025-01-01", "nan", "[3]", '[{fact = "hb"}]')
    for number, line in enumerate(lines):
        key, is_value, _ = line.partition(" = ")
        for kind in kinds if is_value and not line.startswith("#") else ():
            text = "\n".join([*lines[:number], f"{key} = {kind}", *lines[number + 1 :]])
            try:
                embedded_tests.run(*schema.parse("site.toml", text.encode()))
            except GuidelineError as error:
                assert re.match(r"site\.toml:\d+: ", str(error))
                refused += 1
    assert refused > 500


def test_a_set_without_a_test_case_is_refused(tmp_path):
    path = tmp_path / "untested.toml"
    path.write_text(GOOD[: GOOD.index("[[test]]")])
    with pytest.raises(GuidelineError, match="at least one"):
        load_file(path)


def test_two_files_of_one_folder_may_not_share_an_id(folder):
    (folder / "a.toml").write_text(GOOD)
    (folder / "b.toml").write_text(GOOD)
    with pytest.raises(GuidelineError, match=r"also the id of a\.toml"):
        guidelines()


def test_the_product_does_not_start_on_a_bad_file(folder):
    (folder / "bad.toml").write_text(GOOD.replace("threshold = 18", 'threshold = "x"'))
    with pytest.raises(SystemCheckError, match=r"bad.toml:15: threshold is a number"):
        call_command("check")


@pytest.mark.parametrize(
    "command",
    [("-c", "import config.wsgi"), ("-m", "celery", "-A", "config", "worker", "--pool", "solo")],
    ids=["server", "worker"],
)
def test_no_server_and_no_worker_starts_on_a_bad_file(tmp_path, command):
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "bad.toml").write_text(GOOD.replace("threshold = 18", 'threshold = "x"'))
    env = {**os.environ, "PRRT_MODE": "demo", "PRRT_DATA_DIR": str(tmp_path), "PRRT_GUIDELINE_DIR": str(rules)}
    env.pop("CELERY_BROKER_URL", None)
    ended = subprocess.run(
        [sys.executable, *command], cwd=REPOSITORY, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0 and "bad.toml:15: threshold is a number" in ended.stderr + ended.stdout


def test_a_missing_folder_is_said(settings, tmp_path):
    settings.GUIDELINE_DIR = str(tmp_path / "nowhere")
    with pytest.raises(GuidelineError, match="does not exist"):
        guidelines()


def test_the_us_label_says_what_becomes_of_toxicity_and_of_mild_renal_impairment():
    rows = {row.id: row for row in guidelines()["lutathera-uspi"].criteria}
    said = {name: rows[name].evidence for name in ("INFO.RENAL", "INFO.DOSE_CHANGES", "INFO.STOP")}
    assert said == {"INFO.RENAL": "R[S30]", "INFO.DOSE_CHANGES": "MH", "INFO.STOP": "R[S33]"}
    assert "16 weeks" in rows["INFO.STOP"].text and "3.7 GBq" in rows["INFO.DOSE_CHANGES"].text
