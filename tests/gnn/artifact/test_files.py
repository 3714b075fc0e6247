from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gnn.artifact.files import FORMAT_VERSION, MANIFEST, load_artifact, read_info, save_artifact
from gnn.artifact.model import ArtifactError
from tests.artifact_factory import PlantedItem, PlantedShop, assert_same_columns, make_artifact

SHOP = PlantedShop(
    items=[PlantedItem("0012", category="Food > Dairy", title="Käse — 奶酪"), PlantedItem("a/b")],
    baskets=[(["0012", "a/b"], 20)],
    histories={"ann": {"0012": 2}},
)
WITH_TREES = replace(SHOP, trees=True)


@pytest.mark.parametrize(
    "shop", [SHOP, WITH_TREES, PlantedShop(items=[])], ids=["a shop", "with trees", "an empty shop"]
)
def test_an_artifact_is_the_same_after_saving_and_loading(tmp_path: Path, shop: PlantedShop) -> None:
    artifact = make_artifact(shop)

    loaded = load_artifact(save_artifact(artifact, tmp_path))

    assert_same_columns(loaded, artifact)
    assert loaded.info == artifact.info == read_info(tmp_path / artifact.info.model_version)


def test_arrays_of_a_loaded_artifact_are_read_only(tmp_path: Path) -> None:
    loaded = load_artifact(save_artifact(make_artifact(SHOP), tmp_path))

    with pytest.raises(ValueError, match="read-only"):
        loaded.network.bias[0] = 1.0


def test_a_version_is_never_overwritten(tmp_path: Path) -> None:
    save_artifact(make_artifact(SHOP), tmp_path)

    with pytest.raises(ArtifactError, match="is there already"):
        save_artifact(make_artifact(SHOP), tmp_path)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    folder = save_artifact(make_artifact(SHOP), tmp_path)
    file = folder / "network.bias.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)

    with pytest.raises(ArtifactError, match=r"network\.bias\.npy in .* is damaged"):
        load_artifact(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = save_artifact(make_artifact(SHOP), tmp_path)
    (folder / "histories.item.npy").unlink()

    with pytest.raises(ArtifactError, match=r"histories\.item\.npy is missing"):
        load_artifact(folder)


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="run bundlegraph train"):
        load_artifact(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("{", "is damaged"),
        ('{"format_version": 99}', f"expected model format {FORMAT_VERSION}"),
        (f'{{"format_version": {FORMAT_VERSION}, "info": {{}}, "sha256": {{}}}}', "is damaged"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(tmp_path: Path, manifest: str, message: str) -> None:
    (tmp_path / MANIFEST).write_text(manifest)

    with pytest.raises(ArtifactError, match=message):
        read_info(tmp_path)


def test_a_save_that_was_killed_halfway_leaves_no_model_and_can_be_repeated(tmp_path: Path) -> None:
    artifact = make_artifact(SHOP)
    unfinished = tmp_path / f".unfinished-{artifact.info.model_version}"
    unfinished.mkdir()
    (unfinished / "network.bias.npy").write_bytes(b"half")

    folder = save_artifact(artifact, tmp_path)

    assert load_artifact(folder).info == artifact.info
    assert not unfinished.exists()


def test_metrics_that_are_no_numbers_are_refused_before_anything_is_there(tmp_path: Path) -> None:
    artifact = make_artifact(SHOP)
    broken = replace(artifact, info=replace(artifact.info, metrics={"ndcg": float("nan")}))

    with pytest.raises(ValueError, match="not JSON compliant"):
        save_artifact(broken, tmp_path)

    assert [folder.name for folder in tmp_path.iterdir() if not folder.name.startswith(".")] == []
