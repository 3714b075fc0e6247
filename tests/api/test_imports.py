import subprocess
import sys

HEAVY = [
    "torch",
    "torch_geometric",
    "scipy",
    "pandas",
    "pyarrow",
    "duckdb",
    "ibis",
    "neo4j",
    "ladybug",
    "networkx",
]


def test_the_service_imports_nothing_heavy() -> None:
    statement = f"import sys, api.app; print([name for name in {HEAVY} if name in sys.modules])"

    found = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
