"""The jars of a Neo4j server, from Maven Central into a cache, and the Java that runs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

from graph.errors import GraphError
from graph.locks import only_one

OLDEST_JAVA = 17
_OR_ELSE = "or name a running server with --store bolt://HOST:7687"
# In a checkout, and in an installed package.
POM_FILES = (
    Path(__file__).parents[1] / "deploy" / "neo4j" / "pom.xml",
    Path(__file__).parent / "neo4j_server.pom.xml",
)


def java() -> str:
    """Path of a Java of version 17 or later: that of `JAVA_HOME`, else the one on the path.

    Raises:
        GraphError: If there is none.
    """
    home = os.environ.get("JAVA_HOME")
    command = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if command is None:
        raise GraphError(f"Neo4j needs Java {OLDEST_JAVA} or later, found none: install it, {_OR_ELSE}")
    answer = subprocess.run([command, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', answer.stderr)
    if version is None or int(version[1]) < OLDEST_JAVA:
        found = (answer.stderr.strip() or "unknown").splitlines()[0]
        raise GraphError(
            f"Neo4j needs Java {OLDEST_JAVA} or later, {command} is {found}: install one, {_OR_ELSE}"
        )
    return command


def jars() -> Path:
    """Folder of the jars of the version that `deploy/neo4j/pom.xml` names; Maven fetches them once.

    Raises:
        GraphError: If they are not cached and Maven is missing or fails.
    """
    pom = next((file for file in POM_FILES if file.is_file()), None)
    if pom is None:
        raise GraphError(f"deploy/neo4j/pom.xml is missing: install bundlegraph again, {_OR_ELSE}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bundlegraph"
    folder = cache / f"neo4j-{version_in(pom)}"
    if not folder.is_dir():
        with only_one(cache / "neo4j.lock", doing="fetching Neo4j"):
            _fetch(pom, folder)
    return folder


def version_in(pom: Path) -> str:
    """The version of Neo4j that `pom` names."""
    names = {"maven": "http://maven.apache.org/POM/4.0.0"}
    version = ElementTree.parse(pom).findtext(".//maven:dependency/maven:version", namespaces=names)
    if version is None:
        raise GraphError(f"{pom} names no version of Neo4j")
    return version


def _fetch(pom: Path, folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise GraphError(f"Neo4j's jars come by Maven, found no mvn: install it, {_OR_ELSE}")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    answer = subprocess.run(
        [
            maven,
            "--quiet",
            "--batch-mode",
            f"--file={pom}",
            "dependency:copy-dependencies",
            f"-DoutputDirectory={unfinished}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        lines = [line for line in answer.stdout.splitlines() if "ERROR" in line] or ["no message"]
        raise GraphError(f"Maven could not fetch Neo4j's jars ({lines[0].strip()}): mend it, {_OR_ELSE}")
    unfinished.rename(folder)
