from __future__ import annotations

import json

from bot.core.agreement import Kept
from bot.core.sarif import sarif
from tests.core.review_samples import HEAD, PATH, remark

BUTTON = Kept(remark("step_eleven()", "step_11()"), 2, 2, ("cures yaml",))
LAST = Kept(remark("step_10()", severity="low", category="tests"), 2, 2)


def test_each_remark_is_a_result_with_its_rule_and_region() -> None:
    log = json.loads(json.dumps(sarif([BUTTON, LAST], "1.2.3")))
    (run,) = log["runs"]
    first, second = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert log["version"] == "2.1.0"
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "bug"
    assert (first["level"], second["level"]) == ("error", "note")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": PATH, "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 11, "endLine": 11}
    assert "region" not in second["locations"][0]["physicalLocation"]
    assert "fixes" not in second
    assert first["partialFingerprints"] == {"draftgate/v1": str(BUTTON.remark.fingerprint)}


def test_the_fix_makes_the_intended_file() -> None:
    result = sarif([BUTTON], "1")["runs"][0]["results"][0]
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    region = replacement["deletedRegion"]
    lines = HEAD.splitlines(keepends=True)
    assert (region["startColumn"], region["endColumn"]) == (1, 1)
    inserted = replacement["insertedContent"]["text"]
    made = "".join([*lines[: region["startLine"] - 1], inserted, *lines[region["endLine"] - 1 :]])
    assert BUTTON.remark.change
    assert made == BUTTON.remark.change.after


def test_a_log_without_remarks_has_a_run_all_the_same() -> None:
    assert sarif([], "1")["runs"][0]["results"] == []
