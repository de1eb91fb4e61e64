"""A headless Chromium that shows files, and what can be asked about what it shows."""

from __future__ import annotations

import base64
import importlib.util
from pathlib import Path
from typing import Any

BROWSER = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


def why_not() -> str | None:
    """Why there is no browser to test with; ``None`` if there is one."""
    if importlib.util.find_spec("selenium") is None:
        return "selenium is not installed"
    missing = [str(path) for path in (BROWSER, DRIVER) if not path.exists()]
    return f"there is no {missing[0]}: apt-get install chromium chromium-driver" if missing else None


class Chromium:
    """One browser with one tab."""

    def __init__(self, profile: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = str(BROWSER)
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver: Any = webdriver.Chrome(options=options, service=Service(str(DRIVER)))

    def quit(self) -> None:
        self.driver.quit()

    def open(self, path: Path, fragment: str = "", *, ready: bool = True) -> None:
        """Show the file as somebody does who has never seen one of them."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(path.as_uri())
        self.run("try { localStorage.clear() } catch {}")
        self.driver.get("about:blank")
        self.driver.get(path.as_uri() + fragment)
        if ready:
            self.until("return document.documentElement.dataset.ready === 'true'")

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def until(self, script: str) -> None:
        """Wait until the script gives something true; at most as long as nobody would wait."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 30, poll_frequency=0.02).until(lambda driver: driver.execute_script(script))

    def cdp(self, command: str, **arguments: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, arguments)

    def press(self, *keys: str) -> None:
        """Type into whatever has the focus."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def click(self, selector: str) -> None:
        self.find(selector).click()

    def find(self, selector: str) -> Any:
        from selenium.webdriver.common.by import By

        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def complaints(self) -> list[Any]:
        """What the console has said since a page was opened."""
        return list(self.driver.get_log("browser"))

    def requests(self) -> list[str]:
        """Addresses that were asked for since a page was opened."""
        import json

        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]

    def resize(self, width: int, height: int = 900) -> None:
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def reset(self) -> None:
        """As it was when it was started."""
        self.cdp("Emulation.clearDeviceMetricsOverride")
        self.cdp("Emulation.setEmulatedMedia", media="", features=[])
        self.cdp("Emulation.setScriptExecutionDisabled", value=False)

    def printed(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self.cdp("Page.printToPDF", printBackground=True)["data"])
