"""Repositories in Python: pytest, unittest, and one with a test that was red before."""

from __future__ import annotations

from tests.check_price.bugs import BuggyRepository, Edit, PlantedBug

_PYTEST = '[tool.pytest.ini_options]\npythonpath = ["."]\n\n[tool.ruff]\n'
_HIDDEN = "python3 hidden.py"

_MONEY = '''"""Amounts in cents."""


def parse(text):
    """Return the cents of an amount such as 1,234.50."""
    whole, _, part = text.replace(",", "").partition(".")
    return int(whole) * 100 + int(part or 0)


def share(total, people):
    """Split total among people. Nothing is lost: the first ones get a cent more."""
    each = total // people
    return [each] * people


def shown(cents):
    """Return an amount as people write it."""
    return f"{cents // 100}.{cents % 100:02d}"
'''
_CART = '''"""What is bought."""

from shop.money import shown


def total(prices, discount=0):
    """Return the sum of prices less a discount in per cent."""
    whole = sum(prices)
    return whole - whole * discount // 100


def line(prices):
    """Return the last line of a bill."""
    return "total " + shown(total(prices))
'''
_TEST_MONEY = """from shop.money import parse, share, shown


def test_an_amount_is_read():
    assert parse("2.50") == 250
    assert parse("1,000") == 100000


def test_equal_shares():
    assert share(9, 3) == [3, 3, 3]


def test_an_amount_is_shown():
    assert shown(105) == "1.05"
"""
_TEST_CART = """from shop.cart import line, total


def test_a_discount_is_taken_off():
    assert total([100, 300], 25) == 300


def test_the_last_line():
    assert line([250]) == "total 2.50"
"""

SHOP = BuggyRepository(
    name="shop",
    language="Python (pytest)",
    needs=("python3",),
    files={
        "pyproject.toml": _PYTEST,
        "shop/__init__.py": "",
        "shop/money.py": _MONEY,
        "shop/cart.py": _CART,
        "tests/test_money.py": _TEST_MONEY,
        "tests/test_cart.py": _TEST_CART,
    },
    named="python3 -m pytest -q -p no:cacheprovider",
    bugs=(
        PlantedBug(
            name="one digit of cents",
            goal='Fix parse in shop/money.py: "1.5" is 1 euro 50, and it is read as 105 cents.',
            gold=Edit("shop/money.py", "int(part or 0)", 'int(part.ljust(2, "0"))'),
            covers=Edit(
                "tests/test_money.py",
                '    assert parse("1,000")',
                '    assert parse("1.5") == 150\n    assert parse("1,000")',
            ),
            elsewhere=Edit("shop/cart.py", "discount // 100", "discount % 100"),
            cosmetic=Edit("shop/money.py", "int(part or 0)", "int(part or 0)  # cents, 1.5 is 150"),
            plausible=Edit(
                "shop/money.py",
                'whole, _, part = text.replace(",", "").partition(".")\n    return int(whole) * 100 + int(part or 0)',
                'return int(float(text.replace(",", "")) * 100)',
            ),
            overfit=Edit("shop/money.py", "int(part or 0)", '(50 if part == "5" else int(part or 0))'),
            emptied="",
            hidden=(
                "hidden.py",
                (
                    'from shop.money import parse\nassert [parse("1.5"), parse("0.3"), parse("1.15"), '
                    'parse("7")] == [150, 30, 115, 700]\n'
                    "from shop.cart import total\nassert total([100, 300], 25) == 300\n"
                ),
                _HIDDEN,
            ),
        ),
        PlantedBug(
            name="cents that get lost",
            goal="share(10, 3) loses a cent. The first people should get one cent more, so that nothing is lost.",
            gold=Edit(
                "shop/money.py",
                "return [each] * people",
                "return [each + (number < total % people) for number in range(people)]",
            ),
            covers=Edit(
                "tests/test_money.py",
                "    assert share(9, 3) == [3, 3, 3]\n",
                "    assert share(9, 3) == [3, 3, 3]\n\n\ndef test_the_rest():\n    assert share(10, 3) == [4, 3, 3]\n",
            ),
            elsewhere=Edit("shop/money.py", "{cents // 100}.", "{cents / 100}."),
            cosmetic=Edit("shop/money.py", "each = total // people", "each = int(total // people)"),
            plausible=Edit(
                "shop/money.py",
                "return [each] * people",
                "return [each] * (people - 1) + [total - each * (people - 1)]",
            ),
            overfit=Edit(
                "shop/money.py",
                "return [each] * people",
                "shares = [each] * people\n    shares[0] += 1 if total % people else 0\n    return shares",
            ),
            emptied="from shop.money import share\n\n\ndef test_equal_shares():\n    assert share(9, 3)\n",
            hidden=(
                "hidden.py",
                (
                    "from shop.money import share, shown\nassert share(11, 3) == [4, 4, 3]\n"
                    'assert share(10, 3) == [4, 3, 3]\nassert shown(105) == "1.05"\n'
                ),
                _HIDDEN,
            ),
        ),
    ),
)

_DURATION = '''"""Spans of time."""

UNITS = {"h": 3600, "m": 60, "s": 1}


def seconds(text):
    """Return the seconds of a span such as 1h30m."""
    total = number = 0
    for char in text:
        if char.isdigit():
            number = int(char)
        else:
            total += number * UNITS[char]
            number = 0
    return total


def shown(span):
    """Return a span in seconds as 1h30m; of nothing, 0s."""
    parts = []
    for unit, size in UNITS.items():
        if span >= size:
            parts.append(f"{span // size}{unit}")
            span %= size
    return "".join(parts)


def overlaps(first, second):
    """Tell whether two spans (start, end) share a moment; an end is not part of its span."""
    return first[0] < second[1] and second[0] < first[1]
'''
_TEST_DURATION = """import unittest

from clock.duration import overlaps, seconds, shown


class Spans(unittest.TestCase):
    def test_units(self):
        self.assertEqual(seconds("1h3m"), 3780)

    def test_shown(self):
        self.assertEqual(shown(3780), "1h3m")

    def test_overlaps(self):
        self.assertTrue(overlaps((0, 5), (4, 9)))
        self.assertFalse(overlaps((0, 5), (5, 9)))
"""

CLOCK = BuggyRepository(
    name="clock",
    language="Python (unittest)",
    needs=("python3",),
    files={
        "clock/__init__.py": "",
        "clock/duration.py": _DURATION,
        "tests/__init__.py": "",
        "tests/test_duration.py": _TEST_DURATION,
    },
    named="python3 -m unittest discover -s tests -t .",
    bugs=(
        PlantedBug(
            name="more than one digit",
            goal="Fix seconds in clock/duration.py: 90s is read as 0 seconds",
            gold=Edit("clock/duration.py", "number = int(char)", "number = number * 10 + int(char)"),
            covers=Edit(
                "tests/test_duration.py",
                '        self.assertEqual(seconds("1h3m"), 3780)\n',
                '        self.assertEqual(seconds("1h3m"), 3780)\n        self.assertEqual(seconds("90s"), 90)\n',
            ),
            elsewhere=Edit("clock/duration.py", "first[0] < second[1]", "first[0] <= second[1]"),
            cosmetic=Edit("clock/duration.py", "if char.isdigit():", "if char.isdigit():  # also 90s"),
            plausible=Edit("clock/duration.py", "number = int(char)", 'number = int(f"{number}{char}") % 100'),
            overfit=Edit(
                "clock/duration.py",
                "    total = number = 0\n",
                '    if text == "90s":\n        return 90\n    total = number = 0\n',
            ),
            emptied="import unittest\n",
            hidden=(
                "hidden.py",
                (
                    "from clock.duration import seconds, overlaps\nassert seconds('120s') == 120\n"
                    "assert seconds('90m') == 5400\nassert not overlaps((5, 9), (0, 5))\n"
                ),
                _HIDDEN,
            ),
        ),
        PlantedBug(
            name="a span of nothing",
            goal="shown(0) is empty. By its docstring it has to be 0s.",
            gold=Edit("clock/duration.py", 'return "".join(parts)', 'return "".join(parts) or "0s"'),
            covers=Edit(
                "tests/test_duration.py",
                '        self.assertEqual(shown(3780), "1h3m")\n',
                '        self.assertEqual(shown(3780), "1h3m")\n        self.assertEqual(shown(0), "0s")\n',
            ),
            elsewhere=Edit("clock/duration.py", "total += number * UNITS[char]", "total = number * UNITS[char]"),
            cosmetic=Edit("clock/duration.py", "    parts = []\n", "    parts = list()\n"),
            plausible=Edit("clock/duration.py", "if span >= size:", 'if span >= size or unit == "s":'),
            overfit=Edit(
                "clock/duration.py", 'return "".join(parts)', 'return "".join(parts) + ("0s" if span == 0 else "")'
            ),
            emptied=_TEST_DURATION.replace('        self.assertEqual(shown(3780), "1h3m")\n', "        pass\n"),
            hidden=(
                "hidden.py",
                (
                    "from clock.duration import seconds, shown\nassert shown(0) == '0s'\n"
                    "assert shown(3600) == '1h'\nassert seconds('1h3m') == 3780\n"
                ),
                _HIDDEN,
            ),
        ),
    ),
)

_WRAP = '''"""Lines of text."""


def wrap(text, width):
    """Return text in lines of at most width; a word that is longer stands alone."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def indent(lines, by):
    """Return lines that begin with by spaces; an empty one stays empty."""
    return [" " * by + line if line else line for line in lines]
'''
_SLUG = '''"""Names for addresses."""

import re


def slug(title):
    """Return title in lower case, with one dash for all but letters and digits, and none at its ends."""
    return re.sub(r"[^a-z0-9]", "-", title.lower())
'''

TEXT = BuggyRepository(
    name="text",
    language="Python (pytest, one test red before)",
    needs=("python3",),
    files={
        "pyproject.toml": _PYTEST,
        "textkit/__init__.py": "",
        "textkit/wrap.py": _WRAP,
        "textkit/slug.py": _SLUG,
        "tests/test_wrap.py": "from textkit.wrap import indent, wrap\n\n\ndef test_short():\n    assert wrap('a b', 9) == ['a b']\n"
        "\n\ndef test_long_words():\n    assert wrap('aaaa bbbb', 4) == ['aaaa', 'bbbb']\n"
        "\n\ndef test_indent():\n    assert indent(['a', ''], 2) == ['  a', '']\n",
        "tests/test_slug.py": "from textkit.slug import slug\n\n\ndef test_words():\n    assert slug('Two words') == 'two-words'\n",
        "tests/test_release.py": "from pathlib import Path\n\n\ndef test_the_changes_are_told():\n    assert Path('CHANGES.md').exists()\n",
    },
    named="python3 -m pytest -q -p no:cacheprovider",
    bugs=(
        PlantedBug(
            name="a line too long by its space",
            goal="In textkit/wrap.py, wrap('aa bb', 4) gives one line of 5. No line may be longer than the width.",
            gold=Edit(
                "textkit/wrap.py",
                "if len(lines[-1]) + len(word) > width:",
                "if lines[-1] and len(lines[-1]) + 1 + len(word) > width:",
            ),
            covers=Edit(
                "tests/test_wrap.py",
                "def test_indent",
                "def test_the_space_counts():\n    assert wrap('aa bb', 4) == ['aa', 'bb']\n\n\ndef test_indent",
            ),
            elsewhere=Edit("textkit/wrap.py", "if line else line", "if line else ' ' * by"),
            cosmetic=Edit("textkit/wrap.py", "for word in text.split():", "for word in text.split(None):"),
            plausible=Edit(
                "textkit/wrap.py",
                "if len(lines[-1]) + len(word) > width:",
                "if len(lines[-1]) + 1 + len(word) > width:",
            ),
            overfit=Edit(
                "textkit/wrap.py",
                "if len(lines[-1]) + len(word) > width:",
                "if len(lines[-1]) + len(word) >= width:",
            ),
            emptied="def test_nothing():\n    pass\n",
            hidden=(
                "hidden.py",
                (
                    "from textkit.wrap import indent, wrap\nassert wrap('aa bb', 4) == ['aa', 'bb']\n"
                    "assert wrap('aa bb', 5) == ['aa bb']\nassert wrap('aaaaaa b', 4) == ['aaaaaa', 'b']\n"
                    "assert indent(['a', ''], 2) == ['  a', '']\n"
                ),
                _HIDDEN,
            ),
        ),
        PlantedBug(
            name="dashes at the ends",
            goal="slug('Hello, world!') should be hello-world: one dash between words and none at the ends",
            gold=Edit(
                "textkit/slug.py",
                'return re.sub(r"[^a-z0-9]", "-", title.lower())',
                'return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")',
            ),
            covers=Edit(
                "tests/test_slug.py",
                "    assert slug('Two words') == 'two-words'\n",
                "    assert slug('Two words') == 'two-words'\n\n\n    assert slug('Hello, world!') == 'hello-world'\n",
            ),
            elsewhere=Edit("textkit/wrap.py", "return lines", "return lines[1:]"),
            cosmetic=Edit("textkit/slug.py", '"[^a-z0-9]"', '"[^0-9a-z]"'),
            plausible=Edit(
                "textkit/slug.py",
                'return re.sub(r"[^a-z0-9]", "-", title.lower())',
                'return re.sub(r"[^a-z0-9]+", "-", title.lower())[:-1]',
            ),
            overfit=Edit(
                "textkit/slug.py",
                'return re.sub(r"[^a-z0-9]", "-", title.lower())',
                'return re.sub(r"[^a-z0-9]+", "-", title.lower().rstrip("!"))',
            ),
            emptied="def test_words():\n    assert True\n",
            hidden=(
                "hidden.py",
                (
                    "from textkit.slug import slug\nfrom textkit.wrap import wrap\n"
                    "assert slug('Hello, world!') == 'hello-world'\nassert slug('(a) b?') == 'a-b'\n"
                    "assert slug('plain') == 'plain'\nassert wrap('a b', 9) == ['a b']\n"
                ),
                _HIDDEN,
            ),
        ),
    ),
)

REPOSITORIES = (SHOP, CLOCK, TEXT)
