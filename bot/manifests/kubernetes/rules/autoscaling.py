"""HorizontalPodAutoscaler from autoscaling/v2beta1 and v2beta2 to v2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules.case import require, the
from bot.manifests.nodes import Entry, Mapping, items, string
from bot.manifests.rewriting import Moved, Tree, UnclearError, token

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.manifests.kubernetes.rules.case import Case

_TARGETS = {
    "targetAverageUtilization": ("Utilization", "averageUtilization"),
    "targetAverageValue": ("AverageValue", "averageValue"),
    "averageValue": ("AverageValue", "averageValue"),
    "targetValue": ("Value", "value"),
}
_SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}


def migrate(case: Case) -> None:
    """Give every metric its `target` and, where it is not of a resource, its `metric`.

    A metric that already has them is left alone: v2beta2 has the same shape as v2.
    """
    for metric in items(case.node, "spec", "metrics"):
        source = the(metric, _SOURCES.get(string(metric, "type") or "", ""))
        if source is not None and isinstance(source.node, Mapping):
            _source(case, source, source.node)
    status = the(case.node, "status")
    if status and items(status.node, "currentMetrics"):
        case.rewriting.remove(case.node, status)
        case.note("`status` is written by the cluster and was taken out.")


def _source(case: Case, source: Entry, node: Mapping) -> None:
    is_object = source.key.text == "object"
    if is_object and (described := the(node, "target")) and string(described.node, "kind"):
        case.rewriting.rename(described, "describedObject")
    _targets(case, node, _TARGETS if is_object else {key: _TARGETS[key] for key in _TARGETS if key != "averageValue"})
    if source.key.text in {"pods", "object", "external"}:
        _metric(case, node)


def _targets(case: Case, node: Mapping, known: Iterable[str]) -> None:
    given = [one for name in known if (one := the(node, name))]
    if not given:
        return
    if len({_TARGETS[one.key.text][0] for one in given}) > 1:
        # An object metric may give both; the average is the one that counts then.
        value = next(one for one in given if one.key.text == "targetValue")
        if len(given) != 2 or value is given[0]:
            raise UnclearError(f"the metric on line {node.line} has several targets")
        case.rewriting.remove(node, value)
        case.note("A metric had a value and an average value; the average counted and is kept.")
    one = given[0]
    kind, name = _TARGETS[one.key.text]
    tree: dict[str, Tree] = {"type": kind, name: token(case.rewriting.text, one.node)}
    case.rewriting.replace(one, "target", tree)


def _metric(case: Case, node: Mapping) -> None:
    if the(node, "metric"):
        return
    name = require(node, "metricName")
    tree: dict[str, Tree] = {"name": token(case.rewriting.text, name.node)}
    selector = the(node, "metricSelector") or the(node, "selector")
    if selector:
        tree["selector"] = Moved(selector)
        case.rewriting.remove(node, selector)
    case.rewriting.replace(name, "metric", tree)
