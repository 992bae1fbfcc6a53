"""The vocabulary is whole and says nothing twice."""

import pytest

from yibao.standard import CODE_TABLES, FIELDS, TABLES, Kind


def test_every_table_s_key_and_required_columns_are_among_its_columns() -> None:
    for schema in TABLES.values():
        assert set(schema.grain) | set(schema.required) <= set(schema.columns) | {"seq"}, schema.name
        assert len(set(schema.columns)) == len(schema.columns), schema.name


def test_cases_requires_what_no_job_can_do_without() -> None:
    assert TABLES["cases"].required == ("setl_id", "fixmedins_code", "diag_codes", "dscg_date", "medfee_sumamt")


def test_within_a_table_no_header_names_two_columns() -> None:
    for schema in TABLES.values():
        if schema.role != "input":
            continue
        names = [name for field in schema.fields for name in (field.name, field.label, *field.aliases)]
        assert len(names) == len(set(names)), (schema.name, {name for name in names if names.count(name) > 1})


def test_every_field_has_a_chinese_label_a_source_and_a_known_code_table() -> None:
    for field in FIELDS.values():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in field.label), field.name
        assert field.source and (field.code_table is None or field.code_table in CODE_TABLES), field.name


def test_every_code_table_says_where_it_comes_from_and_every_spelling_leads_to_a_code() -> None:
    for table in CODE_TABLES.values():
        assert table.source and table.codes
        assert set(table.spellings().values()) <= set(table.codes)


@pytest.mark.parametrize(
    ("national", "level"),
    [("01", "3"), ("04", "3"), ("05", "2"), ("07", "2"), ("08", "1"), ("10", "1"), ("11", "1")],
)
def test_the_national_levels_fold_into_three(national: str, level: str) -> None:
    assert CODE_TABLES["hosp_lv"].spellings()[national] == level


def test_every_example_of_a_coded_field_is_in_its_table() -> None:
    for field in FIELDS.values():
        if field.code_table and field.example:
            assert field.example in CODE_TABLES[field.code_table].codes, field.name


def test_money_points_and_codes_are_never_floating_point_columns() -> None:
    assert not [kind for kind in Kind if kind.sql_type in ("DOUBLE", "FLOAT", "REAL")]


def test_asking_for_a_column_a_table_lacks_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no column"):
        TABLES["cases"].field("nothing")
