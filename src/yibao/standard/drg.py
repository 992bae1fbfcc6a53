"""The tables of DRG grouping: the cases to group, and the files that a grouping scheme (分组方案) is made of.

The scheme's files and columns are those of the open tables of CHS-DRG schemes; `yibao.casemix.drg` says what they mean.
Every column is text: what a cell may hold depends on the scheme, and a case is never left out for what it holds.
"""

from yibao.standard.field import Field, Kind, TableSchema

_CASES = "CHS-DRG 分组器的输入；名称与结算清单字段对应"
_SCHEME = "CHS-DRG 分组方案的表格"


def _field(name: str, label: str, *aliases: str, note: str = "", example: str = "", unit: str = "") -> Field:
    return Field(name, label, Kind.TEXT, None, unit, note, aliases, example, _CASES)


DRG_CASES = TableSchema(
    "drg_cases",
    "DRG分组病例",
    ("case_id",),
    (
        _field("case_id", "病例编号", "setl_id", "结算ID", "结算编号", "病案号", example="S2025000001"),
        _field("gender", "性别", "gend", note="1 男，2 女", example="1"),
        _field("age", "年龄", "周岁", unit="岁", note="不足一岁填0", example="65"),
        _field("age_day", "不足一周岁天数", "nwb_age_days", "天龄", "nwb_age", unit="天"),
        _field("weight_g", "新生儿入院体重", "nwb_adm_wt", "新生儿入院体重(g)", unit="克"),
        _field("los_days", "实际住院天数", "act_ipt_days", "住院天数", "住院日", unit="天", example="7"),
        _field("leaving_type", "离院方式", "dscg_way", example="1"),
        _field("dept", "出院科别", "出院科室", "dscg_dept"),
        _field("icu_hours", "重症监护小时数", "监护小时数", unit="小时"),
        _field("dx", "诊断代码", "diag_codes", "出院诊断代码", "诊断编码", "诊断代码列表", "疾病诊断代码",
               note="以|分隔，第一个为主要诊断", example="K35.300|E11.900"),
        _field("px", "手术操作代码", "oprn_codes", "手术代码", "手术编码", "手术操作编码", "手术操作代码列表",
               note="以|分隔，第一个为主要手术操作", example="47.0100"),
        _field("dscg_date", "出院日期", "dscg_time", "出院时间", "enddate", note="按日期选分组方案时用"),
        _field("fixmedins_code", "定点医药机构编号", "医疗机构编码", "医疗机构代码", "机构编码", "医院编码"),
    ),
    ("case_id", "dx"),
    "一行一例。直接用结算清单（cases）也可以：列名按对应关系识别。",
)  # fmt: skip


def _scheme(name: str, label: str, required: str, columns: str) -> TableSchema:
    """A file whose rows may repeat and whose cells may be empty, but for ``required``; it has no key of its own."""
    fields = tuple(Field(column, column, Kind.TEXT, source=_SCHEME) for column in columns.split())
    return TableSchema(f"scheme_{name}", label, tuple(columns.split()), fields, tuple(required.split()), role="scheme")


SCHEME_TABLES = {
    schema.name: schema
    for schema in (
        _scheme("mdc", "主要诊断大类", "seq mdc", "seq mdc entry_condition min_trauma_sites"),
        _scheme("mdc_dx", "大类的主要诊断", "mdc dx", "mdc seq dx trauma_site"),
        _scheme("adrg", "ADRG步骤", "step mdc rule_key adrg", "step mdc rule_key adrg kind condition"),
        _scheme("adrg_codes", "ADRG代码表", "rule_key list code", "rule_key list seq code tag"),
        _scheme("drg", "DRG细分", "rule_key seq", "rule_key seq drg name condition"),
        _scheme("mcc", "严重并发症或合并症", "dx", "dx excl_table"),
        _scheme("cc", "一般并发症或合并症", "dx", "dx excl_table"),
        _scheme("exclusion", "排除表", "principal_dx excl_table", "principal_dx excl_table"),
        _scheme("px_valid", "手术室手术", "px", "px name"),
        _scheme("dx", "诊断代码和名称", "dx", "dx name"),
        _scheme("px", "手术操作代码和名称", "px", "px name"),
        _scheme("drg_names", "DRG名称", "drg", "drg name"),
        _scheme("dx_map", "临床版诊断代码对照", "dx_in dx_out", "dx_in dx_out"),
        _scheme("px_map", "临床版手术操作代码对照", "px_in px_out", "px_in px_out"),
    )
}
"""The files of a scheme by table name; the file is the name without ``scheme_``."""
OPTIONAL_SCHEME_TABLES = ("scheme_drg_names", "scheme_dx_map", "scheme_px_map")
"""What a scheme may lack: names and maps change no group."""
