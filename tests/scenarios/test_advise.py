"""`/hint` and `/explain`: words instead of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.rehearsal.answers import HttpError

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tests.scenarios.stage import Stage

SAID = """**Where**: `total` in shop/cart.py.

**Idea**: the slice leaves one price out; think of what an empty list gives.

**First test**: `total([5])` should see 5.

```python
for price in prices:
```
"""


def test_a_hint_says_where_to_look_and_shows_no_code(undrafted: Stage, snapshot: SnapshotAssertion) -> None:
    undrafted.script(SAID)
    ended = undrafted.say("maria", "/hint what about empty carts?")

    assert ended.end == (0, "answered")
    assert undrafted.answers() == snapshot
    assert undrafted.kept() == []
    prompt = undrafted.model.requests[-1].body["messages"]
    assert "what about empty carts?" in prompt[-1]["content"]
    assert "no code" in prompt[0]["content"]


def test_the_same_hint_twice_is_one_answer_and_one_model_call(undrafted: Stage) -> None:
    undrafted.script(SAID)
    comment = undrafted.comment("maria", "/hint")
    undrafted.on(comment)
    again = undrafted.on(comment)

    assert again.end == (0, "nothing-to-do")
    assert len(undrafted.answers()) == 1
    assert undrafted.model.waiting == 0


def test_without_a_model_the_places_are_told_all_the_same(undrafted: Stage) -> None:
    undrafted.script(*[HttpError(401, "Wrong API key", "invalid_api_key")] * 3)
    ended = undrafted.say("maria", "/hint")

    assert ended.end == (1, "failed")
    assert "shop/cart.py" in undrafted.answers()[0]
    assert "No further hint" in undrafted.answers()[0]


@pytest.mark.parametrize("who", ["rita", "stranger"])
def test_who_may_not_ask_spends_nothing(undrafted: Stage, who: str) -> None:
    assert undrafted.say(who, "/hint").outcome == "refused"
    assert undrafted.model.requests == []


def test_an_open_proposal_is_explained_and_stays_as_it_is(proposed: Stage, snapshot: SnapshotAssertion) -> None:
    sticky = proposed.sticky()
    proposed.script("**Why it is right**: the loop now starts at the first price.")
    ended = proposed.say("maria", "/explain")

    assert ended.end == (0, "answered")
    assert proposed.answers() == snapshot
    assert proposed.sticky() == sticky
    asked = proposed.model.requests[-1].body["messages"][-1]["content"]
    assert "+    for price in prices:" in asked
    assert "Evidence:" in asked


def test_there_is_nothing_to_explain_where_nothing_was_proposed(undrafted: Stage) -> None:
    assert undrafted.say("maria", "/explain").end == (0, "refused")
    assert "no such proposal" in undrafted.answers()[0]
    assert undrafted.model.requests == []


def test_another_proposals_id_is_refused(proposed: Stage) -> None:
    asked = len(proposed.model.requests)
    assert proposed.say("maria", f"/explain {'f' * 12}").end == (0, "refused")
    assert len(proposed.model.requests) == asked


def test_two_jobs_answer_as_one_does(undrafted: Stage) -> None:
    comment = undrafted.comment("maria", "/hint")
    drafted, published = undrafted.draft(comment, SAID), undrafted.publish(comment)

    assert (drafted.end, published.end) == ((0, "answered"), (0, "answered"))
    assert "think of what an empty list gives" in undrafted.answers()[0]
    assert drafted.writes == []
