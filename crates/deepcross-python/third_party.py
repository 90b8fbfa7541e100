"""Writes `THIRD-PARTY.txt`, the licences of the crates in the wheel, or checks the list of crates in it.

    python3 crates/deepcross-python/third_party.py            write
    python3 crates/deepcross-python/third_party.py --check    compare the list of crates, without a change

A crate that may be used under the Apache License 2.0 is used under it; the text of that stands in `LICENSE-APACHE`.
The texts of all others, and notices, are those in the crates' own folders; a text that several crates have stands once.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOTICES = HERE / "THIRD-PARTY.txt"
TITLE = """\
The wheel of deepcross contains code of the crates in this list. Those that can be had under the Apache License 2.0 are
used under it; its text is the file LICENSE-APACHE. The texts of the other licences, and notices, follow the list.
"""


def crates() -> list[dict]:
    """Return the packages of other authors that the native module is linked with, on any system."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--manifest-path", str(HERE / "Cargo.toml")]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = next(id for id, package in packages.items() if package["name"] == "deepcross-python")
    found, waiting = {root}, [root]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            is_linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            is_macro = any("proc-macro" in target["kind"] for target in packages[dependency["pkg"]]["targets"])
            if is_linked and not is_macro and dependency["pkg"] not in found:
                found.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    others = [packages[id] for id in found if packages[id]["source"] is not None]
    return sorted(others, key=lambda package: (package["name"], package["version"]))


def titles(packages: list[dict]) -> list[str]:
    return [f"{package['name']} {package['version']} ({package['license']})" for package in packages]


def texts(package: dict) -> list[str]:
    """Return the texts of a crate that must be told: its notices, and its licences unless it is used under Apache."""
    folder = Path(package["manifest_path"]).parent
    is_apache = "Apache-2.0" in re.split(" OR |/", package["license"])
    is_text = re.compile("notice" if is_apache else "(licen[cs]e|copying|notice|copyright)", re.IGNORECASE)
    files = sorted(file for file in folder.iterdir() if file.is_file() and is_text.match(file.name))
    return [
        "\n".join(line.rstrip() for line in file.read_text("utf-8", "replace").splitlines()).strip() for file in files
    ]


def notices(packages: list[dict]) -> str:
    named: dict[str, list[str]] = {}
    for title, package in zip(titles(packages), packages):
        for text in texts(package):
            named.setdefault(text, []).append(title)
    parts = [TITLE, "\n".join(titles(packages)) + "\n"]
    parts += [f"{'=' * 80}\n{', '.join(owners)}\n{'-' * 80}\n{text}\n" for text, owners in named.items()]
    return "\n".join(parts)


def main() -> int:
    packages = crates()
    if "--check" not in sys.argv[1:]:
        NOTICES.write_text(notices(packages), "utf-8")
        return 0
    listed = NOTICES.read_text("utf-8").split("\n\n")[1].splitlines()
    differing = sorted(set(listed) ^ set(titles(packages)))
    if differing:
        print(f"{NOTICES.name} does not name the crates of the lock file: {', '.join(differing)}", file=sys.stderr)
        print("write it again: python3 crates/deepcross-python/third_party.py", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
