"""Repositories in languages that are compiled: Rust, C, Java and Go."""

from __future__ import annotations

from tests.check_price.bugs import BuggyRepository, Edit, PlantedBug

_RANGE_RS = """//! Ranges of whole numbers.

/// Whether `value` lies between `low` and `high`, both included.
pub fn contains(low: i64, high: i64, value: i64) -> bool {
    low <= value && value < high
}

/// How many numbers two ranges share, both ends included.
///
/// ```
/// assert_eq!(spans::range::shared((1, 3), (3, 5)), 1);
/// ```
pub fn shared(first: (i64, i64), second: (i64, i64)) -> i64 {
    let low = first.0.max(second.0);
    let high = first.1.min(second.1);
    high - low + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside() {
        assert!(contains(1, 9, 5));
        assert!(!contains(1, 9, 0));
    }
}
"""
_TEXT_RS = """//! Texts of ranges.

/// Reads `3-5`; `None` for anything else.
pub fn parse(text: &str) -> Option<(i64, i64)> {
    let (low, high) = text.split_once('-')?;
    Some((low.parse().ok()?, high.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_range() {
        assert_eq!(parse("3-5"), Some((3, 5)));
    }

    #[test]
    fn tells_of_the_changes() {
        assert!(std::path::Path::new("CHANGES.md").exists());
    }
}
"""

SPANS = BuggyRepository(
    name="spans",
    language="Rust (cargo, one test red before)",
    needs=("cargo", "cc"),
    files={
        "Cargo.toml": '[package]\nname = "spans"\nversion = "0.1.0"\nedition = "2021"\n',
        ".gitignore": "/target\n",
        "src/lib.rs": "pub mod range;\npub mod text;\n",
        "src/range.rs": _RANGE_RS,
        "src/text.rs": _TEXT_RS,
        "tests/api.rs": "use spans::range::shared;\n\n#[test]\nfn shares_some() {\n    assert_eq!(shared((1, 5), (4, 9)), 2);\n}\n",
    },
    named="cargo test --offline --no-fail-fast",
    bugs=(
        PlantedBug(
            name="the upper end",
            goal="contains in src/range.rs leaves out the upper end: contains(1, 9, 9) has to be true",
            gold=Edit("src/range.rs", "value < high", "value <= high"),
            covers=Edit(
                "src/range.rs",
                "        assert!(!contains(1, 9, 0));\n    }\n",
                "        assert!(!contains(1, 9, 0));\n    }\n\n    #[test]\n    fn the_upper_end() {\n"
                "        assert!(contains(1, 9, 9));\n    }\n",
            ),
            elsewhere=Edit("src/range.rs", "high - low + 1", "high - low"),
            cosmetic=Edit(
                "src/range.rs", "//! Ranges of whole numbers.", "//! Ranges of whole numbers, ends included."
            ),
            plausible=Edit("src/range.rs", "value < high", "value < high + 2"),
            overfit=Edit(
                "src/range.rs", "low <= value && value < high", "low <= value && (value < high || value == 9)"
            ),
            emptied=_RANGE_RS[: _RANGE_RS.index("#[cfg(test)]")],
            hidden=(
                "tests/hidden.rs",
                (
                    "use spans::range::*;\n#[test]\nfn hidden() {\n    assert!(contains(1, 4, 4) && !contains(1, 4, 5) && "
                    "!contains(1, 4, 9));\n    assert_eq!(shared((1, 5), (4, 9)), 2);\n}\n"
                ),
                "cargo test --offline -q --test hidden",
            ),
        ),
        PlantedBug(
            name="nothing in common",
            goal="shared((1, 2), (5, 6)) is negative. Ranges that share nothing share 0 numbers.",
            gold=Edit("src/range.rs", "    high - low + 1\n", "    (high - low + 1).max(0)\n"),
            covers=Edit(
                "tests/api.rs",
                "#[test]\nfn shares_some",
                "#[test]\nfn shares_nothing() {\n    assert_eq!(shared((1, 2), (5, 6)), 0);\n}\n\n#[test]\nfn shares_some",
            ),
            elsewhere=Edit("src/range.rs", "low <= value &&", "low < value &&"),
            cosmetic=Edit(
                "src/range.rs", "    let low = first.0.max(second.0);", "    let low = second.0.max(first.0);"
            ),
            plausible=Edit("src/range.rs", "    high - low + 1\n", "    (high - low).max(0) + 1\n"),
            overfit=Edit(
                "src/range.rs",
                "    high - low + 1\n",
                "    (high - low + 1).max(-2) % 3 * ((high - low + 1) > -2) as i64\n",
            ),
            emptied="",
            hidden=(
                "tests/hidden.rs",
                (
                    "use spans::range::*;\n#[test]\nfn hidden() {\n    assert_eq!(shared((1, 2), (9, 10)), 0);\n"
                    "    assert_eq!(shared((1, 9), (1, 9)), 9);\n    assert!(contains(1, 9, 1));\n}\n"
                ),
                "cargo test --offline -q --test hidden",
            ),
        ),
    ),
)

_RING_C = """#include "ring.h"

void ring_init(struct ring *ring) { ring->start = ring->count = 0; }

int ring_push(struct ring *ring, int value) {
    if (ring->count > RING_SIZE) return 0;
    ring->items[(ring->start + ring->count++) % RING_SIZE] = value;
    return 1;
}

int ring_pop(struct ring *ring, int *value) {
    if (ring->count == 0) return 0;
    *value = ring->items[ring->start];
    ring->start = (ring->start + 1) % RING_SIZE;
    ring->count--;
    return 1;
}
"""
_TEST_C = """#include <assert.h>
#include <stdio.h>
#include "../ring.h"

int main(void) {
    struct ring ring;
    int value;
    ring_init(&ring);
    assert(!ring_pop(&ring, &value));
    assert(ring_push(&ring, 7));
    assert(ring_push(&ring, 8));
    assert(ring_pop(&ring, &value) && value == 7);
    /* full */
    puts("ok");
    return 0;
}
"""

RING = BuggyRepository(
    name="ring",
    language="C (make)",
    needs=("make", "cc"),
    files={
        ".gitignore": "/run\n",
        "Makefile": "check: run\n\t./run\n\nrun: ring.c ring.h tests/test_ring.c\n\tcc -Wall -o run ring.c tests/test_ring.c\n",
        "ring.h": "#define RING_SIZE 4\nstruct ring { int items[RING_SIZE]; int start, count; };\n"
        "void ring_init(struct ring *);\nint ring_push(struct ring *, int);\nint ring_pop(struct ring *, int *);\n",
        "ring.c": _RING_C,
        "tests/test_ring.c": _TEST_C,
    },
    named="make check",
    bugs=(
        PlantedBug(
            name="full one too late",
            goal="ring_push in ring.c takes one value too many, and overwrites the oldest",
            gold=Edit("ring.c", "ring->count > RING_SIZE", "ring->count >= RING_SIZE"),
            covers=Edit(
                "tests/test_ring.c",
                "    /* full */\n",
                "    ring_init(&ring);\n    for (int at = 0; at < RING_SIZE; at++) assert(ring_push(&ring, at));\n"
                "    assert(!ring_push(&ring, 9));\n",
            ),
            elsewhere=Edit("ring.c", "*value = ring->items[ring->start];", "*value = ring->items[ring->count];"),
            cosmetic=Edit("ring.c", "ring->count > RING_SIZE", "RING_SIZE < ring->count"),
            plausible=Edit("ring.c", "ring->count > RING_SIZE", "ring->count + 1 >= RING_SIZE"),
            overfit=Edit("ring.c", "ring->count > RING_SIZE", "value == 9"),
            emptied="int main(void) { return 0; }\n",
            hidden=(
                "hidden.sh",
                (
                    'printf \'#include <assert.h>\\n#include "ring.h"\\nint main(void) { struct ring r; int v; ring_init(&r);'
                    " for (int i = 0; i < 4; i++) assert(ring_push(&r, 5)); assert(!ring_push(&r, 6)); "
                    "ring_init(&r); ring_push(&r, 7); ring_push(&r, 8); assert(ring_pop(&r, &v) && v == 7); return 0; }' "
                    "> hidden.c && cc -o hidden hidden.c ring.c && ./hidden\n"
                ),
                "sh hidden.sh",
            ),
        ),
    ),
)

_CART_JAVA = """package shop;

import java.util.ArrayList;
import java.util.List;

/** A cart. */
public class Cart {
    private final List<Integer> prices = new ArrayList<>();

    public void add(int price, int count) {
        prices.add(price);
    }

    public int total() {
        int sum = 0;
        for (int price : prices) sum += price;
        return sum;
    }

    /** Free above 5000, else 390. */
    public int postage() {
        return total() > 5000 ? 0 : 390;
    }
}
"""
_CART_TEST = """package shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import org.junit.jupiter.api.Test;

public class CartTest {
    @Test
    public void adds() {
        Cart cart = new Cart();
        cart.add(100, 1);
        cart.add(50, 1);
        assertEquals(150, cart.total());
    }

    @Test
    public void postage() {
        Cart cart = new Cart();
        cart.add(5000, 1);
        assertEquals(390, cart.postage());
    }
}
"""
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shop</groupId>
  <artifactId>shop</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.junit.jupiter</groupId>
      <artifactId>junit-jupiter</artifactId>
      <version>5.11.4</version>
      <scope>test</scope>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin>
      <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>
      <plugin><artifactId>maven-surefire-plugin</artifactId><version>3.2.5</version></plugin>
    </plugins>
  </build>
</project>
"""
_CART, _CART_TESTS = "src/main/java/shop/Cart.java", "src/test/java/shop/CartTest.java"
_COUNTS = PlantedBug(
    name="how many",
    goal="Cart.add ignores its count: 3 of 100 have to cost 300",
    gold=Edit(_CART, "prices.add(price);", "prices.add(price * count);"),
    covers=Edit(
        _CART_TESTS,
        "    @Test\n    public void postage",
        "    @Test\n    public void counts() {\n        Cart cart = new Cart();\n        cart.add(100, 3);\n"
        "        assertEquals(300, cart.total());\n    }\n\n    @Test\n    public void postage",
    ),
    elsewhere=Edit(_CART, "total() > 5000", "total() >= 5000"),
    cosmetic=Edit(_CART, "/** A cart. */", "/** A cart, with counts. */"),
    plausible=Edit(
        _CART, "prices.add(price);", "for (int at = 1; at <= count; at++) prices.add(price * at / 2 + price / 2);"
    ),
    overfit=Edit(_CART, "prices.add(price);", "prices.add(count == 3 ? price * 3 : price);"),
    emptied="package shop;\n\npublic class CartTest {}\n",
    hidden=(
        "src/test/java/shop/HiddenTest.java",
        (
            "package shop;\nimport static org.junit.jupiter.api.Assertions.assertEquals;\nimport org.junit.jupiter.api.Test;\n"
            "public class HiddenTest {\n    @Test public void hidden() {\n        Cart cart = new Cart();\n"
            "        cart.add(7, 2);\n        cart.add(1, 5);\n        assertEquals(19, cart.total());\n"
            "        Cart big = new Cart();\n        big.add(5000, 1);\n        assertEquals(390, big.postage());\n    }\n}\n"
        ),
        "mvn -o -q -B test -Dtest=HiddenTest",
    ),
)

MAVEN_CART = BuggyRepository(
    name="cart",
    language="Java (Maven, JUnit)",
    needs=("mvn", "javac"),
    files={".gitignore": "/target\n", "pom.xml": _POM, _CART: _CART_JAVA, _CART_TESTS: _CART_TEST},
    named="mvn -o -B test",
    bugs=(_COUNTS,),
)

_STEPS_GO = """package steps

// Climb returns how far it is up and down along heights.
func Climb(heights []int) (up, down int) {
	for at := 1; at < len(heights)-1; at++ {
		if step := heights[at] - heights[at-1]; step > 0 {
			up += step
		} else {
			down -= step
		}
	}
	return up, down
}

// Highest returns the highest of heights, 0 for none.
func Highest(heights []int) int {
	best := 0
	for _, height := range heights {
		if height > best {
			best = height
		}
	}
	return best
}
"""
_TEST_GO = """package steps

import "testing"

func TestFlat(t *testing.T) {
	if up, down := Climb([]int{3, 3}); up != 0 || down != 0 {
		t.Fatal(up, down)
	}
}

func TestHighest(t *testing.T) {
	if got := Highest([]int{1, 9, 4}); got != 9 {
		t.Fatal(got)
	}
}
"""

STEPS = BuggyRepository(
    name="steps",
    language="Go",
    needs=("go",),
    files={"go.mod": "module example.com/steps\n\ngo 1.19\n", "steps.go": _STEPS_GO, "steps_test.go": _TEST_GO},
    named="go test ./...",
    bugs=(
        PlantedBug(
            name="the last step",
            goal="Climb in steps.go leaves out the last step of heights",
            gold=Edit("steps.go", "at < len(heights)-1", "at < len(heights)"),
            covers=Edit(
                "steps_test.go",
                "func TestHighest",
                "func TestClimb(t *testing.T) {\n\tif up, down := Climb([]int{1, 4, 2}); up != 3 || down != 2 {\n"
                "\t\tt.Fatal(up, down)\n\t}\n}\n\nfunc TestHighest",
            ),
            elsewhere=Edit("steps.go", "height > best", "height < best"),
            cosmetic=Edit("steps.go", "// Climb returns how far", "// Climb tells how far"),
            plausible=Edit("steps.go", "at < len(heights)-1", "at <= len(heights)-1 && heights[at] != heights[0]"),
            overfit=Edit(
                "steps.go", "\treturn up, down", "\tif len(heights) == 3 {\n\t\tdown = 2\n\t}\n\treturn up, down"
            ),
            emptied="package steps\n",
            broken="\n)(\n",
            hidden=(
                "hidden_test.go",
                (
                    'package steps\n\nimport "testing"\n\nfunc TestHidden(t *testing.T) {\n'
                    "\tif up, down := Climb([]int{1, 5, 1, 0}); up != 4 || down != 5 {\n\t\tt.Fatal(up, down)\n\t}\n"
                    "\tif Highest([]int{1, 9, 4}) != 9 {\n\t\tt.Fatal()\n\t}\n}\n"
                ),
                "go test -run TestHidden ./...",
            ),
        ),
    ),
)

REPOSITORIES = (SPANS, RING, MAVEN_CART, STEPS)
