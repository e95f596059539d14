"""Telling text that another program still fills in (Jinja, Helm, ERB, cookiecutter) from the finished thing.

A template is not broken YAML or JSON, it is none yet; such files are left to the tools that render them.
"""

from __future__ import annotations

import re

# The closing quote is optional so that every quote is consumed once: a search over hostile text stays linear.
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*+"?' + r"|'[^'\n]*+'?")
# `${{` opens an expression of a workflow, which is plain YAML; `{{` before anything but a word is no template either.
_MARK = re.compile(r"(?<!\$)\{\{[-~]?[ \t]*[A-Za-z_.$]|\{%|<%")
# The places where YAML would read a template's brace as its own: the start of a line, of a list item, of a value.
_YAML_MARK = re.compile(r"^[ \t]*(?:- +)*(?:[^\s:#{}]+[ \t]*:[ \t]+)?(?:\{\{|\{%|<%)", re.MULTILINE)
_STATEMENT = re.compile(r"^[ \t]*(?:\{%|<%)", re.MULTILINE)


def without_strings(text: str) -> str:
    """The text with each quoted string, as far as it stands on one line, emptied."""
    return _QUOTED.sub('""', text)


def is_template(text: str) -> bool:
    """Whether template marks stand outside quoted strings."""
    return _MARK.search(without_strings(text)) is not None


def is_yaml_template(text: str) -> bool:
    """Whether template marks stand where YAML reads them as its own syntax."""
    return _YAML_MARK.search(text) is not None


def has_statements(text: str) -> bool:
    """Whether a line is a template's statement, as in `{% if … %}`."""
    return _STATEMENT.search(text) is not None


def is_helm_template(path: str, text: str) -> bool:
    """Whether the file is rendered by Helm: under `templates/`, with actions in it."""
    return "{{" in text and "templates" in path.split("/")[:-1]
