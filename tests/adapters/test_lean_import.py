from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PRELUDE = "import sys; from bot.adapters.lean_import import defer; defer('fruit.types'); "


@pytest.fixture
def fruit(tmp_path: Path) -> Path:
    """A package like the SDK: its root imports a heavy package of types that imports everything below it."""
    files = {
        "fruit/__init__.py": "from . import types\nfrom .types.small import Small\n",
        "fruit/types/__init__.py": "from .big import Big as Big\nfrom .shared import Shared\nNUMBER = 7\n",
        "fruit/types/small.py": "class Small: pass\n",
        "fruit/types/big.py": "class Big: pass\n",
        "fruit/types/shared/__init__.py": "class Shared: pass\n",
        "fruit/typesetting.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(folder: Path, code: str) -> str:
    whole = f"{PRELUDE}sys.path.insert(0, {str(folder)!r}); {code}"
    return subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import fruit; print('fruit.types.big' in sys.modules, fruit.Small.__name__)", "False Small"),
        ("import fruit; print(fruit.types.NUMBER, 'fruit.types.big' in sys.modules)", "7 True"),
        ("from fruit.types import Big; print(Big.__name__)", "Big"),
        ("from fruit.types.shared import Shared; print(Shared.__module__)", "fruit.types.shared"),
        ("import fruit.typesetting; print(type(fruit.typesetting).__name__)", "module"),
        ("import fruit; print(hasattr(fruit.types, 'nothing'), hasattr(fruit.types, '__wrapped__'))", "False False"),
        ("import fruit.types as t; print(t.__file__.endswith('__init__.py'), t.__spec__.name)", "True fruit.types"),
    ],
)
def test_a_deferred_package_behaves_as_ever_but_loads_late(fruit: Path, code: str, expected: str) -> None:
    assert run(fruit, code) == expected


def test_two_threads_that_ask_at_once_both_get_the_name(fruit: Path) -> None:
    (fruit / "fruit/types/big.py").write_text("import time; time.sleep(0.2)\nclass Big: pass\n")
    code = (
        "import fruit; from concurrent.futures import ThreadPoolExecutor as P; "
        "print(list(P(4).map(lambda _: fruit.types.NUMBER, range(4))))"
    )
    assert run(fruit, code) == "[7, 7, 7, 7]"


def test_the_sdk_works_with_its_types_deferred_and_loads_far_fewer_modules() -> None:
    code = "import openai; client = openai.OpenAI(api_key='x'); client.chat.completions; print(len(sys.modules))"
    deferred = f"from bot.adapters.lean_import import defer; defer('openai.types'); {code}"
    counts = [
        int(
            subprocess.run(
                [sys.executable, "-c", f"import sys; {each}"], capture_output=True, text=True, check=True
            ).stdout
        )
        for each in (code, deferred)
    ]
    assert counts[1] < 0.75 * counts[0]
