"""Java and the jars of a Neo4j server, which Maven downloads into a cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

from etl.locks import exclusive_lock
from graph.errors import GraphError

OLDEST_JAVA = 17
_OR_ELSE = "or name a running server with --store bolt://HOST:7687"
#: In a checkout, and in an installed package.
POM_FILES = (
    Path(__file__).parents[1] / "deploy" / "neo4j" / "pom.xml",
    Path(__file__).parent / "neo4j_server.pom.xml",
)


def find_java() -> str:
    """Path of Java 17 or later, from `JAVA_HOME` if it is set, else from `PATH`.

    Raises:
        GraphError: If there is none.
    """
    home = os.environ.get("JAVA_HOME")
    command = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if command is None:
        raise GraphError(f"Neo4j needs Java {OLDEST_JAVA} or later, found none: install it, {_OR_ELSE}")
    ended = subprocess.run([command, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', ended.stderr)
    if version is None or int(version[1]) < OLDEST_JAVA:
        found = (ended.stderr.strip() or "unknown").splitlines()[0]
        raise GraphError(
            f"Neo4j needs Java {OLDEST_JAVA} or later, {command} is {found}: install one, {_OR_ELSE}"
        )
    return command


def fetch_jars() -> Path:
    """Folder of the jars of the version in `deploy/neo4j/pom.xml`; Maven downloads them the first time.

    Raises:
        GraphError: If they are not in the cache and Maven is missing or fails.
    """
    pom = next((file for file in POM_FILES if file.is_file()), None)
    if pom is None:
        raise GraphError(f"deploy/neo4j/pom.xml is missing: install bundlegraph again, {_OR_ELSE}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bundlegraph"
    folder = cache / f"neo4j-{neo4j_version(pom)}"
    if not folder.is_dir():
        busy = GraphError("another process is downloading Neo4j: wait for it, then try again")
        with exclusive_lock(cache / "neo4j.lock", busy=busy):
            _download(pom, folder)
    return folder


def neo4j_version(pom: Path) -> str:
    """The Neo4j version in `pom`."""
    names = {"maven": "http://maven.apache.org/POM/4.0.0"}
    version = ElementTree.parse(pom).findtext(".//maven:dependency/maven:version", namespaces=names)
    if version is None:
        raise GraphError(f"{pom} names no version of Neo4j")
    return version


def _download(pom: Path, folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise GraphError(f"Maven downloads Neo4j, found no mvn: install it, {_OR_ELSE}")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={unfinished}"]
    ended = subprocess.run(
        [maven, "--quiet", "--batch-mode", f"--file={pom}", *goal],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        lines = [line for line in ended.stdout.splitlines() if "ERROR" in line] or ["no message"]
        raise GraphError(f"Maven could not download Neo4j ({lines[0].strip()}): fix it, {_OR_ELSE}")
    unfinished.rename(folder)
