"""A real Chromium, driven over the DevTools protocol through a pipe: no port, no driver.

Commands and events are JSON, each ended by a zero byte, on the browser's descriptors 3 and 4
(``--remote-debugging-pipe``).
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOUND = shutil.which("chromium") or shutil.which("chromium-browser")
"""The browser of this machine, if it has one."""

_FLAGS = (
    "--headless",
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
)

_KEYS = {
    "Enter": (13, "\r"),
    "Tab": (9, ""),
    "Escape": (27, ""),
    "ArrowDown": (40, ""),
    "ArrowUp": (38, ""),
    "Backspace": (8, ""),
    "End": (35, ""),
    " ": (32, " "),
}
_MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}


class Chromium:
    """The browser; `open` gives a tab."""

    def __init__(self, profile: Path) -> None:
        assert FOUND is not None
        to_us, from_browser = os.pipe()
        from_us, to_browser = os.pipe()

        def descriptors() -> None:
            os.dup2(from_us, 3)
            os.dup2(from_browser, 4)

        # Pipes with small numbers would be overwritten by the ones that are put in their place.
        to_us, from_browser, from_us, to_browser = (
            _above(one) for one in (to_us, from_browser, from_us, to_browser)
        )
        self._process = subprocess.Popen(
            [FOUND, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4),
            preexec_fn=descriptors,
            start_new_session=True,
        )
        for one in (from_us, from_browser):
            os.close(one)
        self._in, self._out = to_us, to_browser
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events that come before it are kept."""
        self._number += 1
        content: dict[str, Any] = {
            "id": self._number,
            "method": method,
            "params": parameters,
        }
        if session:
            content["sessionId"] = session
        os.write(self._out, json.dumps(content).encode() + b"\0")
        until = time.monotonic() + 30
        while True:
            message = self._take(until)
            assert message is not None, f"{method} was not answered"
            if message.get("id") == self._number:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            self.events.append(message)

    def wait(self, seconds: float) -> None:
        """Take the events of the next moment."""
        until = time.monotonic() + seconds
        while (message := self._take(until)) is not None:
            self.events.append(message)

    def _take(self, until: float) -> dict[str, Any] | None:
        while b"\0" not in self._buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._in], [], [], left)[0]:
                return None
            part = os.read(self._in, 1_000_000)
            assert part, "the browser ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))

    def open(self, width: int = 1200, height: int = 900) -> Tab:
        """A tab in a window of its own, without cookies or storage of the others."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        return Tab(self, attached["sessionId"], context, width, height)

    def close(self) -> None:
        os.close(self._out)
        os.close(self._in)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()


def _above(descriptor: int) -> int:
    """The same descriptor under a number past those that the browser reads."""
    import fcntl

    fresh = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return fresh


class Tab:
    """One page in the browser."""

    def __init__(
        self, browser: Chromium, session: str, context: str, width: int, height: int
    ) -> None:
        self._browser = browser
        self._session = session
        self._context = context
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.size(width, height)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def events(self, method: str) -> list[dict[str, Any]]:
        """What events of a kind have told so far."""
        self._browser.wait(0.05)
        return [
            dict(event["params"])
            for event in self._browser.events
            if event.get("sessionId") == self._session and event["method"] == method
        ]

    def faults(self) -> list[str]:
        """What the browser has logged against the page: violations of its policy, errors."""
        said = [event["entry"]["text"] for event in self.events("Log.entryAdded")]
        thrown = self.events("Runtime.exceptionThrown")
        return said + [event["exceptionDetails"]["text"] for event in thrown]

    def addresses(self) -> list[str]:
        """What the page has asked for."""
        return [event["request"]["url"] for event in self.events("Network.requestWillBeSent")]

    def size(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def scheme(self, name: str) -> None:
        """Prefer ``light`` or ``dark``."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def without_scripts(self) -> None:
        self.call("Emulation.setScriptExecutionDisabled", value=True)

    def go(self, address: str) -> None:
        """Load an address, and wait until it is there."""
        loads = len(self.events("Page.loadEventFired"))
        self.call("Page.navigate", url=address)
        self.until(lambda: len(self.events("Page.loadEventFired")) > loads, f"{address} to load")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
            allowUnsafeEvalBlockedByCSP=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, true: Callable[[], object] | str, what: str = "", seconds: float = 10) -> None:
        """Wait until something, or an expression in the page, is true."""
        end = time.monotonic() + seconds
        while not (self.run(f"!!({true})") if isinstance(true, str) else true()):
            assert time.monotonic() < end, f"waited in vain for {what or true}"
            time.sleep(0.02)

    def press(self, *chords: str) -> None:
        """Press keys one after the other: ``Tab``, ``Control+Enter``, ``a``."""
        for chord in chords:
            *held, key = chord.split("+") if len(chord) > 1 else [chord]
            modifiers = sum(_MODIFIERS[name] for name in held)
            # The code of a sign other than these would be that of another key: "." is Delete's.
            sign = (ord(key.upper()) if key.isalnum() else 0, key) if len(key) == 1 else None
            code, text = sign if sign and key != " " else _KEYS[key]
            pressed: dict[str, Any] = {
                "key": key,
                "modifiers": modifiers,
                "windowsVirtualKeyCode": code,
            }
            if key in _KEYS and key != " ":
                pressed["code"] = key
            if text and not modifiers & ~8:
                pressed["text"] = text
            self.call("Input.dispatchKeyEvent", type="keyDown", **pressed)
            pressed.pop("text", None)
            self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def type(self, text: str) -> None:
        """Type a text letter by letter."""
        for letter in text:
            self.press("Enter" if letter == "\n" else letter)

    def picture(self, whole: bool = True) -> bytes:
        """A PNG of the page."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def close(self) -> None:
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)
