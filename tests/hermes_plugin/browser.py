"""Chromium without a screen, driven by its DevTools over a pipe: what a dashboard page of Hermes does there."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

CHROMIUM = shutil.which("chromium")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--remote-debugging-pipe",
    "--disable-features=IsolateSandboxedIframes",
)
_AT_3_AND_4 = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
)


class Tab:
    """One tab. `wrong` holds what its scripts threw and what its console called an error."""

    def __init__(self, asking: BinaryIO, told: BinaryIO) -> None:
        self._asking, self._told = asking, told
        self._number, self._session, self.wrong = 0, "", list[str]()

    def ask(self, method: str, **given: Any) -> Any:
        """Ask DevTools; return its result. Events that come before it are looked through for errors."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": given}
        if self._session:
            asked["sessionId"] = self._session
        self._asking.write(json.dumps(asked).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]

    def open(self, address: str, *, width: int, dark: bool = False) -> None:
        """Go to *address* in a window of *width* CSS pixels."""
        if not self._session:
            target = self.ask("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for part in ("Page", "Runtime", "Log"):
                self.ask(f"{part}.enable")
        scheme = [{"name": "prefers-color-scheme", "value": "dark"}] if dark else []
        self.ask("Emulation.setEmulatedMedia", features=scheme)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.ask("Page.navigate", url=address)

    def value(self, expression: str) -> Any:
        """Return what *expression* comes to in the page; a promise is waited for."""
        found = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, expression: str) -> Any:
        """Return what *expression* comes to once it is true; the page is asked every 50 ms, at most 60 s."""
        often = (
            f"const v=(()=>{{try{{return {expression}}}catch{{return 0}}}})();if(v||n++>1200)y(v);else setTimeout(f,50)"
        )
        return self.value(f"new Promise(y=>{{let n=0;const f=()=>{{{often}}};f()}})")

    def text_of_frame(self) -> str:
        """Return the HTML of the frame, which a script of the page may not read: it has no origin."""
        found = [
            self._text(one["frame"]["id"]) for one in self.ask("Page.getFrameTree")["frameTree"].get("childFrames", [])
        ]
        return "".join(found)

    def _text(self, frame: str) -> str:
        world = self.ask("Page.createIsolatedWorld", frameId=frame)["executionContextId"]
        script = "document.documentElement.outerHTML"
        found: str = self.ask("Runtime.evaluate", expression=script, contextId=world, returnByValue=True)["result"][
            "value"
        ]
        return found

    def picture(self, file: Path) -> None:
        """Write what the window shows, as a PNG."""
        file.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def _next(self) -> Mapping[str, Any]:
        parts = bytearray()
        while (one := self._told.read(1)) != b"\0":
            assert one, "the browser has ended"
            parts += one
        told: Mapping[str, Any] = json.loads(parts)
        if told.get("method") == "Runtime.exceptionThrown":
            self.wrong.append(json.dumps(told["params"]["exceptionDetails"])[:500])
        entry = told.get("params", {}).get("entry", {})
        if entry.get("level") == "error":
            self.wrong.append(f"{entry['text']} {entry.get('url', '')}")
        return told


@contextmanager
def browser(folder: Path) -> Iterator[Tab]:
    """Give a tab of a chromium whose home is *folder*; the browser ends with the block."""
    reading, asking = _pipe()
    told, telling = _pipe()
    words = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={folder}/chromium"]
    with subprocess.Popen(
        [sys.executable, "-S", "-c", _AT_3_AND_4, str(reading), str(telling), *words], cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)}, pass_fds=(reading, telling), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(reading)
        os.close(telling)
        try:
            with open(asking, "wb", buffering=0) as questions, open(told, "rb") as answers:  # noqa: PTH123 - of a number
                yield Tab(questions, answers)
        finally:
            process.terminate()


def _pipe() -> tuple[int, int]:
    """Return the ends of a pipe, neither of them 3 or 4, which chromium reads and writes."""
    ends = os.pipe()
    high = fcntl.fcntl(ends[0], fcntl.F_DUPFD_CLOEXEC, 10), fcntl.fcntl(ends[1], fcntl.F_DUPFD_CLOEXEC, 10)
    for end in ends:
        os.close(end)
    return high
