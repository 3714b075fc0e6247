import subprocess
import sys

#: SciPy is not among them: treelite, which runs the trees, loads its sparse matrices.
HEAVY = [
    "torch",
    "torch_geometric",
    "lightgbm",
    "sklearn",
    "sentence_transformers",
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
