"""The review room in a window of its own: `accord serve --window`, with `accord[window]`."""

import os
import sys
from collections.abc import Callable
from types import ModuleType

from accord.errors import ConfigurationError

TITLE = "Accord"
WIDTH, HEIGHT = 1360, 900


def library() -> ModuleType:
    """Return pywebview. Raises ConfigurationError without it, and without a screen to draw on."""
    try:
        import webview
    except ImportError as error:
        raise ConfigurationError(
            "the window needs pywebview, which is not installed",
            hint="pip install 'accord[window]', or accord serve without --window",
        ) from error
    seen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not seen:
        raise ConfigurationError(
            "there is no screen to open a window on", hint="accord serve without --window"
        )
    return webview


def show(address: str, beside: Callable[[], None]) -> None:
    """Show `address` in a window until it is closed; `beside` is called once it is begun.

    Must be called on the main thread. Nothing of the window is kept. Raises ConfigurationError
    where this machine has nothing to draw a window with.
    """
    webview = library()
    webview.create_window(TITLE, address, width=WIDTH, height=HEIGHT, text_select=True)
    try:
        webview.start(beside, private_mode=True)
    except webview.errors.WebViewException as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise ConfigurationError(
            f"no window can be opened here: {said}",
            hint="install GTK or Qt for Python, or accord serve without --window",
        ) from error
