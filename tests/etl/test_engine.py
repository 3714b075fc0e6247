from __future__ import annotations

from pathlib import Path

from etl.engine import column_types, identifier, literal, open_engine, set_timezone


def test_names_and_texts_are_quoted() -> None:
    name, text = 'a "b"', "it's"

    with open_engine() as engine:
        engine.execute(f"CREATE TABLE quoted AS SELECT {literal(text)} AS {identifier(name)}")

        assert column_types(engine, "quoted") == {name: "VARCHAR"}
        assert engine.execute("FROM quoted").fetchall() == [(text,)]


def test_what_does_not_fit_is_spilled_beside_the_file_and_never_into_the_working_directory(
    tmp_path: Path,
) -> None:
    query = "SELECT current_setting('temp_directory')"
    file = tmp_path / "engine.duckdb"

    with open_engine(file) as on_disk, open_engine() as in_memory:
        assert on_disk.execute(query).fetchone() == (f"{file}.spill",)
        (spill,) = in_memory.execute(query).fetchone()

    assert Path(spill).is_absolute()
    assert Path.cwd() not in Path(spill).parents


def test_days_begin_in_the_zone_of_the_shop() -> None:
    query = "SELECT CAST(TIMESTAMPTZ '2026-03-01 23:30:00Z' AS DATE)::VARCHAR"

    with open_engine() as engine:
        assert engine.execute(query).fetchone() == ("2026-03-01",)
        set_timezone(engine, "Asia/Tokyo")
        assert engine.execute(query).fetchone() == ("2026-03-02",)
