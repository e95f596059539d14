from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters import actions
from bot.adapters.actions import LARGEST_EVENT, LARGEST_SUMMARY, read_event, write_outputs, write_summary
from bot.core.redaction import Redactor
from bot.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def environ_of(path: Path, text: str | bytes) -> dict[str, str]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return {"GITHUB_EVENT_NAME": "issue_comment", "GITHUB_EVENT_PATH": str(path)}


def outputs_of(text: str) -> dict[str, str]:
    """Read an output file the way the runner does (actions/runner, FileCommandManager.cs).

    Whichever of `=` and `<<` comes first in a line decides its form; an entry of several lines ends at its own
    delimiter alone.
    """
    found: dict[str, str] = {}
    lines = iter(text.split("\n")[:-1])
    for line in lines:
        name, equals, delimiter = re.split("(=|<<)", line, maxsplit=1)
        if equals == "=":
            found[name] = delimiter
            continue
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found


def is_command(line: str) -> bool:
    """Whether the runner would obey the line; characters without a width are nothing to its comparison."""
    seen = re.sub("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\x00-\x08\x0e-\x1f]", "", line)
    return seen.lstrip().startswith("::") or "##[" in seen


def test_an_event_is_read_with_its_name(tmp_path: Path) -> None:
    environ = environ_of(tmp_path / "event.json", '{"action": "created", "comment": {"body": "é"}}')
    assert read_event(environ) == ("issue_comment", {"action": "created", "comment": {"body": "é"}})


@pytest.mark.parametrize("missing", ["GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_variable_is_named(tmp_path: Path, missing: str, value: str | None) -> None:
    environ = environ_of(tmp_path / "event.json", "{}")
    del environ[missing]
    with pytest.raises(UserError, match=f"{missing} is not set"):
        read_event(environ if value is None else environ | {missing: value})


@pytest.mark.parametrize(
    "text", ["", "action: created", '{"a":', "\x00", b"\xff\xfe\xff", '"\\', "[" * 100_000, "9" * 5000]
)
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(UserError, match=r"event\.json is not JSON"):
        read_event(environ_of(tmp_path / "event.json", text))


@pytest.mark.parametrize("text", ["[]", "null", "1", '"text"', "NaN"])
def test_json_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="holds no JSON object"):
        read_event(environ_of(tmp_path / "event.json", text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file") as problem:
        read_event({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path / "none.json")})
    assert problem.value.remedy


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        read_event({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path)})


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (1, False)])
def test_25_mb_are_the_most_an_event_may_have(tmp_path: Path, spare: int, fits: bool) -> None:
    environ = environ_of(tmp_path / "event.json", b"{}" + b" " * (LARGEST_EVENT - 2 + spare))
    if fits:
        assert read_event(environ)[1] == {}
    else:
        with pytest.raises(UserError, match="more than 25 MB"):
            read_event(environ)


def test_outputs_are_added_to_the_runners_file(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_text("earlier<<x\n1\nx\n", encoding="utf-8")
    write_outputs({"GITHUB_OUTPUT": str(path)}, {"outcome": "proposed", "comment-url": "", "notes": "a\nb\n"})
    assert outputs_of(path.read_text(encoding="utf-8")) == {
        "earlier": "1",
        "outcome": "proposed",
        "comment-url": "",
        "notes": "a\nb\n",
    }


@given(st.dictionaries(st.from_regex(r"[a-z][a-z-]{0,9}", fullmatch=True), st.text(st.characters(codec="utf-8"))))
def test_no_output_value_can_begin_another_output(
    tmp_path_factory: pytest.TempPathFactory, outputs: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("outputs") / "output"
    write_outputs({"GITHUB_OUTPUT": str(path)}, outputs)
    assert outputs_of(path.read_bytes().decode() if path.exists() else "") == outputs


def test_every_output_of_several_lines_has_a_delimiter_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "output"
    for _ in range(2):
        write_outputs({"GITHUB_OUTPUT": str(path)}, {"one": "1\n", "two": "2\r"})
    assert len(set(re.findall("<<([0-9a-f]{32})\n", path.read_text(encoding="utf-8")))) == 4


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a<<b", "1a", "a=b"])
def test_a_name_that_is_none_is_a_bug(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(name)}$"):
        write_outputs({"GITHUB_OUTPUT": str(tmp_path / "output")}, {name: "x"})


@pytest.mark.parametrize("environ", [{}, {"GITHUB_OUTPUT": "", "GITHUB_STEP_SUMMARY": ""}])
def test_outside_a_workflow_nothing_is_written(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_outputs(environ, {"outcome": "proposed"})
    write_summary(environ, "text")
    assert list(tmp_path.iterdir()) == []


def test_a_runners_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written: Is a directory"):
        write_outputs({"GITHUB_OUTPUT": str(tmp_path)}, {"outcome": "proposed"})
    with pytest.raises(UserError, match="cannot be written: No such file"):
        write_summary({"GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "summary")}, "text")


def test_summaries_follow_each_other(tmp_path: Path) -> None:
    environ = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    write_summary(environ, "# One")
    write_summary(environ, "# Two")
    assert (tmp_path / "summary").read_text(encoding="utf-8") == "# One\n# Two\n"


@pytest.mark.parametrize(
    "there", [0, 1000, LARGEST_SUMMARY - 100, LARGEST_SUMMARY - 10, LARGEST_SUMMARY, LARGEST_SUMMARY + 9]
)
def test_a_summary_never_grows_past_its_bound(tmp_path: Path, there: int) -> None:
    path = tmp_path / "summary"
    path.write_bytes(b"x" * there)
    write_summary({"GITHUB_STEP_SUMMARY": str(path)}, "é" * LARGEST_SUMMARY)
    text = path.read_bytes().decode()
    assert path.stat().st_size <= max(LARGEST_SUMMARY, there)
    assert text.endswith("a step summary holds 1 MiB._\n") is (there <= LARGEST_SUMMARY - 100)


def test_a_summary_that_just_fits_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    write_summary({"GITHUB_STEP_SUMMARY": str(path)}, "x" * (LARGEST_SUMMARY - 1))
    assert path.read_bytes() == b"x" * (LARGEST_SUMMARY - 1) + b"\n"


def test_half_a_character_from_a_payload_can_be_written(tmp_path: Path) -> None:
    text = json.loads('"\\ud83d"')
    environ = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    write_outputs(environ, {"outcome": text})
    write_summary(environ, text)
    assert outputs_of((tmp_path / "output").read_text(encoding="utf-8")) == {"outcome": "\\ud83d"}
    assert (tmp_path / "summary").read_text(encoding="utf-8") == "\\ud83d\n"


@pytest.mark.parametrize(
    "line",
    [
        "::set-output name=outcome::pushed",
        "  ::add-path::/tmp",
        "\t::stop-commands::x",
        ":::error::x",
        "\u200b::warning::x",
        ":\u00ad:warning::x",
        "\ufeff:\u2060:warning::x",
        "\x85::warning::x",
        "ok ##[set-env name=PATH]x",
        "###[error]x",
        "#\u200b#[error]x",
        "#\u200b#\u00ad[error]x",
        "##[##[error]x",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_foreign_line_in_the_log_cannot_command_the_runner(
    line: str, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    actions.log(f"first{end}{line}{end}last")
    shown = capsys.readouterr().err
    assert is_command(line)
    assert [found for found in re.split(r"\r\n|\n|\r", shown) if is_command(found)] == []
    assert shown.startswith("first\n")
    assert shown.endswith("last\n")


@pytest.mark.parametrize("line", ["tests/a.py::test_b passed", "a::b", "## [x]", "100 % sure", "- ::x", "# heading"])
def test_an_ordinary_line_is_logged_as_it_is(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    actions.log(line)
    assert capsys.readouterr() == ("", f"{line}\n")


@given(st.text(st.sampled_from(":# [\u200b\u00ad\ta\r\n"), max_size=30))
def test_no_text_in_the_log_commands_the_runner(text: str) -> None:
    lines = [actions._defused(line) for line in re.split(r"\r\n|\n|\r", text)]
    assert [line for line in lines if is_command(line)] == []


@pytest.mark.parametrize(("write", "kind"), [(actions.warning, "warning"), (actions.error, "error")])
def test_an_annotation_is_one_command_whatever_its_text(
    write: object, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(write)
    write("50 % done\r\n::set-output name=x::y\n%0Aend")
    assert capsys.readouterr().err == f"::{kind}::50 %25 done%0D%0A::set-output name=x::y%0A%250Aend\n"


def test_secrets_leave_through_no_channel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    redact = Redactor(["sk-live-9f0Q27zxW", "per%cent\nkey"]).redact
    text = "key sk-live-9f0Q27zxW and per%cent\nkey"
    environ = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    write_outputs(environ, {"comment-url": text}, redact)
    write_summary(environ, text, redact)
    for write in (actions.log, actions.warning, actions.error):
        write(text, redact)
    masked = "key *** and ***"
    assert outputs_of((tmp_path / "output").read_text(encoding="utf-8")) == {"comment-url": masked}
    assert (tmp_path / "summary").read_text(encoding="utf-8") == f"{masked}\n"
    assert capsys.readouterr().err == f"{masked}\n::warning::{masked}\n::error::{masked}\n"
