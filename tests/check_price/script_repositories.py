"""Repositories in languages that are not compiled: Node, a script of Node that reports nothing, shell, Perl, Ruby."""

from __future__ import annotations

from tests.check_price.bugs import BuggyRepository, Edit, PlantedBug

_LIST_JS = """// Pages of a list.

export function pages(count, size) {
  return Math.floor(count / size);
}

export function page(items, number, size) {
  const start = number * size;
  return items.slice(start, start + size);
}

export function clamp(value, low, high) {
  if (value < low) return low;
  return value;
}
"""
_TEST_JS = """import assert from "node:assert";
import { test } from "node:test";
import { clamp, page, pages } from "../src/list.js";

test("whole pages", () => assert.equal(pages(10, 5), 2));

test("the second page", () => assert.deepEqual(page([1, 2, 3], 1, 2), [3]));

test("below the bound", () => assert.equal(clamp(-1, 0, 9), 0));
"""
_HIDDEN_JS = 'import assert from "node:assert";\nimport { clamp, page, pages } from "./src/list.js";\n'

LISTS = BuggyRepository(
    name="lists",
    language="JavaScript (node --test)",
    needs=("node", "npm"),
    files={
        "package.json": '{"name": "lists", "version": "1.0.0", "type": "module", "scripts": {"test": "node --test"}}\n',
        "src/list.js": _LIST_JS,
        "test/list.test.js": _TEST_JS,
        "test/release.test.js": 'import { readFileSync } from "node:fs";\nimport { test } from "node:test";\n\n'
        'test("the changes are told", () => readFileSync("CHANGES.md"));\n',
    },
    named="npm test --silent",
    bugs=(
        PlantedBug(
            name="the last page",
            goal="Fix pages in src/list.js: 11 items in pages of 5 are 3 pages",
            gold=Edit("src/list.js", "Math.floor(count / size)", "Math.ceil(count / size)"),
            covers=Edit(
                "test/list.test.js",
                'test("the second page"',
                'test("a last page that is not full", () => assert.equal(pages(11, 5), 3));\n\ntest("the second page"',
            ),
            elsewhere=Edit("src/list.js", "const start = number * size;", "const start = number + size;"),
            cosmetic=Edit(
                "src/list.js", "return Math.floor(count / size);", "return Math.floor(count / size); // pages"
            ),
            plausible=Edit("src/list.js", "Math.floor(count / size)", "Math.floor(count / size) + 1"),
            overfit=Edit("src/list.js", "Math.floor(count / size)", "Math.round((count + 2) / size)"),
            emptied="// none\n",
            hidden=(
                "hidden.mjs",
                (
                    f"{_HIDDEN_JS}assert.deepEqual([pages(11, 5), pages(10, 5), pages(3, 2), pages(0, 5)], [3, 2, 2, 0]);\n"
                    "assert.deepEqual(page([1, 2, 3], 1, 2), [3]);\n"
                ),
                "node hidden.mjs",
            ),
        ),
        PlantedBug(
            name="above the bound",
            goal="clamp(10, 0, 9) returns 10. It has to stay at 9.",
            gold=Edit("src/list.js", "  return value;", "  return value > high ? high : value;"),
            covers=Edit(
                "test/list.test.js",
                'test("below the bound"',
                'test("above the bound", () => assert.equal(clamp(10, 0, 9), 9));\n\ntest("below the bound"',
            ),
            elsewhere=Edit("src/list.js", "start + size)", "start - size)"),
            cosmetic=Edit("src/list.js", "if (value < low) return low;", "if (low > value) return low;"),
            plausible=Edit("src/list.js", "  return value;", "  return high;"),
            overfit=Edit("src/list.js", "  return value;", "  return value === high + 1 ? high : value;"),
            emptied='import { test } from "node:test";\n\ntest("nothing", () => {});\n',
            hidden=(
                "hidden.mjs",
                (
                    f"{_HIDDEN_JS}assert.deepEqual([clamp(10, 0, 9), clamp(99, 0, 9), clamp(5, 0, 9), clamp(-1, 0, 9)], "
                    "[9, 9, 5, 0]);\nassert.deepEqual(page([1, 2, 3], 1, 2), [3]);\n"
                ),
                "node hidden.mjs",
            ),
        ),
    ),
)

_QUEUE_JS = """// A queue with a limit.

class Queue {
  constructor(limit) {
    this.limit = limit;
    this.items = [];
  }

  push(item) {
    if (this.items.length > this.limit) return false;
    this.items.push(item);
    return true;
  }

  next() {
    return this.items.shift();
  }

  get full() {
    return this.items.length >= this.limit;
  }
}

module.exports = { Queue };
"""
_RUN_JS = """const assert = require("assert");
const { Queue } = require("../queue.js");

const queue = new Queue(2);
assert(queue.push(1));
assert(queue.push(2));
assert(queue.full);
// limit
assert.strictEqual(queue.next(), 1);
console.log("all fine");
"""

QUEUE = BuggyRepository(
    name="queue",
    language="JavaScript (a script that reports nothing)",
    needs=("node", "npm"),
    files={
        "package.json": '{"name": "queue", "version": "1.0.0", "scripts": {"test": "node test/run.js"}}\n',
        "queue.js": _QUEUE_JS,
        "test/run.js": _RUN_JS,
    },
    named="npm test --silent",
    bugs=(
        PlantedBug(
            name="one too many",
            goal="A Queue in queue.js takes one item more than its limit",
            gold=Edit("queue.js", "this.items.length > this.limit", "this.items.length >= this.limit"),
            covers=Edit("test/run.js", "// limit\n", "assert.strictEqual(queue.push(3), false);\n"),
            elsewhere=Edit("queue.js", "this.items.shift()", "this.items.pop()"),
            cosmetic=Edit("queue.js", "// A queue with a limit.", "// A queue with a strict limit."),
            plausible=Edit("queue.js", "this.items.length > this.limit", "this.items.length + 1 >= this.limit"),
            overfit=Edit("queue.js", "this.items.length > this.limit", "item === 3"),
            emptied='console.log("all fine");\n',
            hidden=(
                "hidden.js",
                (
                    'const assert = require("assert");\nconst { Queue } = require("./queue.js");\nconst queue = new Queue(1);\n'
                    "assert(queue.push(9)); assert(!queue.push(8)); assert.strictEqual(queue.next(), 9);\n"
                    "const two = new Queue(2); two.push(1); two.push(2); assert.strictEqual(two.next(), 1);\n"
                ),
                "node hidden.js",
            ),
        ),
    ),
)

_ROTATE = """#!/bin/sh
# rotate.sh DIR KEEP: keep the newest KEEP backups of DIR, whose names sort by age.
dir=$1 keep=$2
count=$(ls "$dir" | wc -l)
drop=$((count - keep))
for name in $(ls "$dir" | sort); do
    [ "$drop" -ge 0 ] || break
    rm "$dir/$name"
    drop=$((drop - 1))
done
"""
_SIZE = """#!/bin/sh
# size.sh BYTES: tell a size in KiB, rounded up.
echo "$((($1 + 1023) / 1024)) KiB"
"""
_TEST_SH = """#!/bin/sh
cd "$(dirname "$0")/.." || exit 1
number=0 bad=0
is() {
    number=$((number + 1))
    if [ "$2" = "$3" ]; then echo "ok $number - $1"; else echo "not ok $number - $1"; bad=1; fi
}
fresh() { rm -rf "$tmp"; mkdir "$tmp"; for name in "$@"; do : > "$tmp/$name"; done; }
tmp=$(mktemp -d)
is "a size is rounded up" "$(sh bin/size.sh 1025)" "2 KiB"
fresh a b c
sh bin/rotate.sh "$tmp" 0
is "none is kept" "$(ls "$tmp")" ""
# more
echo "1..$number"
exit $bad
"""

BACKUP = BuggyRepository(
    name="backup",
    language="shell (make)",
    needs=("make", "sh"),
    files={
        "Makefile": "test:\n\t@sh tests/run.sh\n",
        "bin/rotate.sh": _ROTATE,
        "bin/size.sh": _SIZE,
        "tests/run.sh": _TEST_SH,
    },
    named="make test",
    bugs=(
        PlantedBug(
            name="one backup too few",
            goal="bin/rotate.sh keeps one backup less than it is told to",
            gold=Edit("bin/rotate.sh", '[ "$drop" -ge 0 ]', '[ "$drop" -gt 0 ]'),
            covers=Edit(
                "tests/run.sh",
                "# more\n",
                'fresh a b c\nsh bin/rotate.sh "$tmp" 2\nis "two are kept" "$(ls "$tmp" | tr -d "\\n")" "bc"\n# more\n',
            ),
            elsewhere=Edit("bin/size.sh", "+ 1023", "- 1023"),
            cosmetic=Edit("bin/rotate.sh", "whose names sort by age.", "by the age in their names."),
            plausible=Edit("bin/rotate.sh", "drop=$((count - keep))", "drop=$((keep - count))"),
            overfit=Edit(
                "bin/rotate.sh", "drop=$((count - keep))", 'drop=$((count - keep))\n[ "$keep" = 2 ] && drop=0'
            ),
            emptied="echo 'ok 1 - all'\necho 1..1\n",
            broken="\nif then fi (\n",
            hidden=(
                "hidden.sh",
                (
                    'sh -n bin/rotate.sh || exit 1\ntmp=$(mktemp -d); for n in a b c d; do : > "$tmp/$n"; done; sh bin/rotate.sh "$tmp" 2\n'
                    '[ "$(ls "$tmp" | tr -d "\\n")" = cd ] || exit 1\nsh bin/rotate.sh "$tmp" 9\n'
                    '[ "$(ls "$tmp" | tr -d "\\n")" = cd ] || exit 1\n[ "$(sh bin/size.sh 1025)" = "2 KiB" ]\n'
                ),
                "sh hidden.sh",
            ),
        ),
    ),
)

_CSV = """package Csv;
use strict;
use warnings;

# Return the fields of a line; a quoted one may hold commas.
sub fields {
    my ($line) = @_;
    my @found;
    while ($line =~ /\\G(?:"([^"]*)"|([^,]*))(?:,|$)/g) {
        push @found, $1 // $2;
        last if pos($line) >= length $line;
    }
    return @found;
}

# Return the largest width of each column.
sub widths {
    my @widths;
    for my $row (@_) {
        for my $at (0 .. $#$row) {
            my $size = length $row->[$at];
            $widths[$at] = $size if !defined $widths[$at] || $size < $widths[$at];
        }
    }
    return @widths;
}

1;
"""
_TEST_PL = """use strict;
use warnings;
use lib 'lib';
use Test::More;
use Csv;

is_deeply([Csv::fields('a,b')], ['a', 'b'], 'plain fields');
is_deeply([Csv::fields('"a,b",c')], ['a,b', 'c'], 'a quoted comma');
is_deeply([Csv::widths(['ab', 'c'])], [2, 1], 'widths of one row');
done_testing();
"""

CSV = BuggyRepository(
    name="csv",
    language="Perl (make, prove)",
    needs=("make", "perl", "prove"),
    files={"Makefile": "test:\n\t@prove -v t\n", "lib/Csv.pm": _CSV, "t/csv.t": _TEST_PL},
    named="prove t",
    bugs=(
        PlantedBug(
            name="the widest",
            goal="widths in lib/Csv.pm returns the smallest width of each column, and it has to be the largest",
            gold=Edit("lib/Csv.pm", "$size < $widths[$at]", "$size > $widths[$at]"),
            covers=Edit(
                "t/csv.t",
                "done_testing",
                "is_deeply([Csv::widths(['ab', 'c'], ['a', 'cde'])], [2, 3], 'the largest');\ndone_testing",
            ),
            elsewhere=Edit("lib/Csv.pm", "push @found, $1 // $2;", "push @found, $2;"),
            cosmetic=Edit("lib/Csv.pm", "# Return the largest width", "# Return the largest one"),
            plausible=Edit("lib/Csv.pm", "$size < $widths[$at]", "$size > $#widths"),
            overfit=Edit(
                "lib/Csv.pm",
                " if !defined $widths[$at] || $size < $widths[$at]",
                " if $size > 1 || !defined $widths[$at]",
            ),
            emptied="use Test::More;\nok 1;\ndone_testing();\n",
            hidden=(
                "hidden.t",
                (
                    "use lib 'lib'; use Test::More; use Csv;\n"
                    "is_deeply([Csv::widths(['abcd', 'c'], ['abc', 'cd'])], [4, 2]);\n"
                    "is_deeply([Csv::fields('\"a,b\",c')], ['a,b', 'c']);\ndone_testing();\n"
                ),
                "perl hidden.t",
            ),
        ),
    ),
)

_STOCK_RB = """# What is in store.
class Stock
  def initialize
    @items = Hash.new(0)
  end

  def add(name, count)
    @items[name] = count
  end

  def take(name, count)
    raise ArgumentError, name if @items[name] < count
    @items[name] -= count
  end

  def count(name)
    @items[name]
  end
end
"""
_TEST_RB = """require "minitest/autorun"
require_relative "../lib/stock"

class StockTest < Minitest::Test
  def test_it_is_added
    stock = Stock.new
    stock.add("a", 2)
    assert_equal 2, stock.count("a")
  end

  def test_it_is_taken
    stock = Stock.new
    stock.add("a", 3)
    stock.take("a", 2)
    assert_equal 1, stock.count("a")
  end
end
"""

STOCK = BuggyRepository(
    name="stock",
    language="Ruby (rake, minitest)",
    needs=("ruby", "rake"),
    files={
        "Rakefile": 'require "rake/testtask"\nRake::TestTask.new(:test) do |t|\n  t.pattern = "test/*_test.rb"\nend\n',
        "lib/stock.rb": _STOCK_RB,
        "test/stock_test.rb": _TEST_RB,
    },
    named="rake test",
    bugs=(
        PlantedBug(
            name="added twice",
            goal="add in lib/stock.rb forgets what was there: adding 2 and 3 has to give 5",
            gold=Edit("lib/stock.rb", "@items[name] = count", "@items[name] += count"),
            covers=Edit(
                "test/stock_test.rb",
                "  def test_it_is_taken",
                '  def test_it_adds_up\n    stock = Stock.new\n    stock.add("a", 2)\n    stock.add("a", 3)\n'
                '    assert_equal 5, stock.count("a")\n  end\n\n  def test_it_is_taken',
            ),
            elsewhere=Edit("lib/stock.rb", "@items[name] -= count", "@items[name] = count"),
            cosmetic=Edit("lib/stock.rb", "# What is in store.", "# What is in store, added up."),
            plausible=Edit("lib/stock.rb", "@items[name] = count", "@items[name] = count + @items.size"),
            overfit=Edit("lib/stock.rb", "@items[name] = count", "@items[name] = @items[name] == 2 ? 5 : count"),
            emptied='require "minitest/autorun"\n',
            hidden=(
                "hidden.rb",
                (
                    'require_relative "lib/stock"\ns = Stock.new\ns.add("a", 1)\ns.add("a", 4)\ns.add("b", 1)\n'
                    'exit 1 unless s.count("a") == 5 && s.count("b") == 1\ns.take("a", 2)\nexit 1 unless s.count("a") == 3\n'
                ),
                "ruby hidden.rb",
            ),
        ),
    ),
)

REPOSITORIES = (LISTS, QUEUE, BACKUP, CSV, STOCK)
