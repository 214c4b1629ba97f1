"""How long looking a text through for secrets and private paths takes, and what is found. A benchmark, not a test.

    python tests/benchmarks/secret_scan.py [MEGABYTES]
    python tests/benchmarks/secret_scan.py recall
    python tests/benchmarks/secret_scan.py alarms PACKAGE_OR_FOLDER ...

`recall` prints which share of the tokens and passwords of `tests/core/privacy/token_shapes.py` is found, per family. It
does so for the forms that the patterns were written for and for those that were held out. `alarms` prints what is found
in the source of installed packages or of folders, which hold next to no secrets.

Prints the processor seconds per megabyte for texts of several kinds. One figure is for the secrets alone, one for all
that decides whether a task is private. The first text is real: what this Python's own packages hold.
"""

import base64
import importlib.util
import random
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "skill"), str(ROOT)]

from tests.core.privacy.token_shapes import planted  # noqa: E402

from profile_router.core.privacy.findings import findings, masked  # noqa: E402
from profile_router.evidence.private_scan import find_private  # noqa: E402

GLOBS = (".env*", "*.pem", "secrets/**", "id_rsa*", "**/.ssh/**")
LARGEST = 400_000  # bytes of one file
SEED = 7
LINES = {
    "escapes": '    "\\x{n:02x}\\u00{n:02x}%2{d}": lambda value: value + "\\n" + key_{i},  # &#{n}; token\n',
    "prose": "the retry delay is configurable by the user; see chapter {d} of the manual. ",
    "log": "2026-01-01T10:00:{d:02d} INFO req={i:08x} path=/a/b/{i} dur={d}ms token count={d}\n",
    "cyrillic": "Сегодня хорошая погода, и мы идём гулять {i}. ",
    "minified": '!function(e,t){{var n=e.token,r="\\u00e9";if(n.password===t)return e.key=n[{d}]}}(a,b);',
}


def real(size: int) -> Iterator[str]:
    """Yield the texts of installed packages, in an order of their own."""
    files = sorted(path for path in Path(sysconfig.get_path("purelib")).rglob("*.*") if path.is_file())
    random.Random(SEED).shuffle(files)
    for path in files:
        data = path.read_bytes() if path.stat().st_size <= LARGEST else b"\0"
        if b"\0" not in data:
            yield data.decode("utf-8", "replace")
            size -= len(data)
        if size <= 0:
            return


def texts(size: int) -> Iterator[tuple[str, str]]:
    """Yield the texts by name, each of *size* characters."""
    yield "packages", "\n".join(real(size))[:size]
    for name, line in LINES.items():
        written = (line.format(i=i, n=i % 256, d=i % 10) for i in range(size // 40))
        yield name, "".join(written)[:size]
    yield "base64", base64.b64encode(random.Random(SEED).randbytes(size))[:size].decode()
    yield "one letter", "a" * size
    yield "empty lines", "\n" * size


def seconds(work: Callable[[str], object], text: str) -> float:
    """Return the processor time of *work* per million characters."""
    started = time.process_time()
    work(text)
    return (time.process_time() - started) * 1e6 / len(text)


def recall() -> None:
    """Print the share of values, not of lines, that is found: what is masked must not be shown in part."""
    counts: dict[tuple[str, bool], list[int]] = {}
    for each in planted(SEED, 3):
        found = counts.setdefault((each.family, each.held_out), [0, 0])
        found[0] += each.value not in masked(each.line)
        found[1] += 1
    for (family, held_out), (found_of, whole) in sorted(counts.items()):
        print(
            f"{family:<10} {'held out' if held_out else 'seen':<9} {found_of:>5} of {whole:>5}  {found_of / whole:6.1%}"
        )
    found_of, whole = (sum(each[at] for each in counts.values()) for at in (0, 1))
    print(f"{'all':<20} {found_of:>5} of {whole:>5}  {found_of / whole:6.1%}")


def alarms(packages: Sequence[str]) -> None:
    """Print what is found in each of *packages*, a folder or the import name of an installed package."""
    for name in packages:
        spec = None if Path(name).is_dir() else importlib.util.find_spec(name)
        places = spec.submodule_search_locations if spec else None
        root = Path(name) if Path(name).is_dir() else Path(next(iter(places))) if places else None
        if root is None:
            print(f"{name:<16} absent: give a folder, or install the package")
            continue
        files = [path for path in root.rglob("*") if path.is_file() and b"\0" not in path.read_bytes()[:LARGEST]]
        found = [
            (path, each) for path in files for each in findings(path.read_bytes()[:LARGEST].decode("utf-8", "replace"))
        ]
        print(f"{name:<16} {len(files):>5} files  {len(found):>4} findings")
        for path, each in found:
            print(f"    {path.relative_to(root)}:{each.line} {each.kind}")


def main(megabytes: float) -> None:
    """Measure each text once."""
    for name, text in texts(int(megabytes * 1e6)):
        alone = seconds(findings, text)
        whole = seconds(lambda text: find_private(text, (), GLOBS, lambda path: ()), text)
        print(f"{name:<12} secrets {alone:5.2f} s/MB   all that is private {whole:5.2f} s/MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["recall"]:
        recall()
    elif sys.argv[1:2] == ["alarms"]:
        alarms(sys.argv[2:])
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 2)
