"""The demo's story: a small shop with a bug, the issue that reports it, and the reply that the stand-in model gives."""

from __future__ import annotations

FILES = {
    "README.md": "# Parcel shop\n\nPrices of carts, with members' discounts.\n",
    "shop/__init__.py": "",
    "shop/money.py": '''"""Amounts of money in whole cents."""


def percent_of(cents: int, percent: int) -> int:
    """The share of an amount, rounded half up."""
    return (cents * percent + 50) // 100


def shown(cents: int) -> str:
    """The amount as people read it."""
    return f"{cents // 100}.{cents % 100:02d} EUR"
''',
    "shop/discounts.py": '''"""Who pays less."""

from shop.money import percent_of

MEMBER_PERCENT = 10


def member_discount(cents: int) -> int:
    """What a member saves on an amount."""
    return percent_of(cents, MEMBER_PERCENT)
''',
    "shop/cart.py": '''"""A cart and what it costs."""

from dataclasses import dataclass, field

from shop.discounts import member_discount


@dataclass
class Cart:
    """Prices in cents, one for each parcel."""

    prices: list[int] = field(default_factory=list)
    member: bool = False

    def total(self) -> int:
        """What is to be paid."""
        total = 0
        for price in self.prices:
            total += price
            if self.member:
                total -= member_discount(total)
        return total
''',
    "tests/__init__.py": "",
    "tests/test_cart.py": """import unittest

from shop.cart import Cart
from shop.money import shown


class CartTest(unittest.TestCase):
    def test_a_guest_pays_the_full_price(self):
        self.assertEqual(Cart([1000, 500]).total(), 1500)

    def test_a_member_saves_ten_percent_once(self):
        self.assertEqual(Cart([1000, 500], member=True).total(), 1350)

    def test_amounts_are_shown_with_two_digits(self):
        self.assertEqual(shown(1305), "13.05 EUR")
""",
    ".github/draftgate.yml": "checks:\n  - name: tests\n    run: python3 -m unittest -q\n",
}

TITLE = "Members save more the more parcels they send"
TEXT = """A member with two parcels of 10.00 and 5.00 EUR pays 12.60 EUR instead of 13.50 EUR: `Cart.total` seems to
take the discount again for every parcel. `test_a_member_saves_ten_percent_once` fails because of it.
"""

REPLY = """Title: Take the member discount once per cart
`Cart.total` subtracted the member discount inside the loop, from the running total, so earlier parcels were \
discounted again with every further one. It is now taken once, from the sum.

shop/cart.py
```python
<<<<<<< SEARCH
            total += price
            if self.member:
                total -= member_discount(total)
        return total
=======
            total += price
        if self.member:
            total -= member_discount(total)
        return total
>>>>>>> REPLACE
```
"""
