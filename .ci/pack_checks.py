"""Makes again what `bot/checks` packs of others' work: JSON schemas, and the rules that find secrets.

    python .ci/pack_checks.py GITLEAKS_TOML

The schemas come from the installed `check-jsonschema` (https://github.com/python-jsonschema/check-jsonschema), which
vendors SchemaStore's and the Compose Specification's, both Apache-2.0; their descriptions are left out. The rules are
`config/gitleaks.toml` of https://github.com/gitleaks/gitleaks (MIT, Copyright (c) 2019 Zachary Rice).
"""

from __future__ import annotations

import gzip
import json
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

SCHEMAS = {"github-workflow": "github-workflows", "github-action": "github-actions", "compose": "compose-spec"}
PROSE = {"description", "title", "examples", "markdownDescription", "$comment", "deprecated"}
RULE = ("id", "description", "regex", "entropy", "secretGroup", "keywords", "path", "allowlists")
FOLDER = Path(__file__).parent.parent / "bot" / "templates" / "checks"


def bare(schema: Any, *, names: bool = False) -> Any:
    """The schema without its prose; under `properties` the keys are names and all kept."""
    if isinstance(schema, dict):
        return {
            key: bare(value, names=key in {"properties", "definitions", "$defs", "patternProperties"} and not names)
            for key, value in schema.items()
            if names or key not in PROSE
        }
    return [bare(one) for one in schema] if isinstance(schema, list) else schema


def corrected(name: str, schema: Any) -> Any:
    """The schema without what GitHub does not ask for: the matrix of a strategy, the description of an input."""
    if name == "github-workflow":
        for job in ("normalJob", "reusableWorkflowCallJob"):
            schema["definitions"][job]["properties"]["strategy"].pop("required", None)
    if name == "github-action":
        for part in ("inputs", "outputs", "outputs-composite"):
            for one in (
                schema.get("definitions", {})
                .get(part, schema["properties"].get(part, {}))
                .get("patternProperties", {})
                .values()
            ):
                one["required"] = [key for key in one.get("required", ()) if key != "description"]
    return schema


def rules(config: dict[str, Any]) -> dict[str, Any]:
    """The rules that look at contents, and what is never a secret."""
    kept = [{key: rule[key] for key in RULE if key in rule} for rule in config["rules"] if "regex" in rule]
    return {"rules": kept, "allowlist": {key: config["allowlist"][key] for key in ("paths", "regexes", "stopwords")}}


def pack(name: str, value: Any) -> None:
    """Write one file; the same value makes the same bytes."""
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))


def main() -> None:
    """Write all of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    vendor = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    for name, source in SCHEMAS.items():
        pack(f"{name}.schema", corrected(name, bare(json.loads((vendor / f"{source}.json").read_bytes()))))
    pack("secrets", rules(tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
