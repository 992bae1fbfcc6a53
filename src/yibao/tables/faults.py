"""Every fault that reading a table can find: its code, what it does to the row, and what to tell the clerk."""

import unicodedata
from typing import NamedTuple

from yibao.kernel import Finding, Place, Severity
from yibao.standard import CODE_TABLES, Field

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO


class Fault(NamedTuple):
    """A kind of fault. ``message`` may use {label} {value} {detail}; ``scope`` is file, row, or repair."""

    severity: Severity
    message: str
    cause: str
    next_step: str
    scope: str = "row"


FAULTS: dict[str, Fault] = {
    # the file as a whole
    "file_missing": Fault(_E, "文件不存在", "路径写错或文件已移走", "核对文件路径", "file"),
    "no_table_file": Fault(
        _E, "文件夹里没有“{detail}”的数据文件", "文件名不是表名开头", "把文件改名为表名，如 cases.xlsx", "file"
    ),
    "unsupported_format": Fault(
        _E, "不支持的文件格式", "只接受 csv、txt、tsv、parquet、xlsx、xls", "另存为 xlsx 或 csv 后再试", "file"
    ),
    "unreadable_file": Fault(_E, "文件读不出来", "文件损坏或没有传完", "重新导出或重新拷贝这个文件", "file"),
    "encrypted_file": Fault(
        _E, "文件加了密码", "加密的工作簿无法读取；旧版xls改了后缀也是这样", "去掉打开密码，另存为xlsx", "file"
    ),
    "empty_file": Fault(_E, "文件是空的", "没有表头也没有数据", "核对导出是否成功", "file"),
    "unknown_encoding": Fault(
        _E, "文字编码无法识别", "既不是UTF-8也不是GB18030", "用Excel打开后另存为“CSV UTF-8”", "file"
    ),
    "missing_column": Fault(
        _E,
        "缺少必需的列：{detail}",
        "表头里没有这一列，或列名与标准名、中文名都对不上",
        "补上这一列，或把列名改成标准名",
        "file",
    ),
    "duplicate_column": Fault(_W, "有两列都是“{label}”，只用前一列", "表头里列名重复", "删去或改名多余的一列", "file"),
    "ragged_row": Fault(
        _E, "这一行的列数与表头不一致", "单元格里有未加引号的分隔符，或行被截断", "核对这一行的分隔符和引号"
    ),
    "total_row": Fault(
        _E, "这一行是合计，不是一笔结算", "导出时带了合计行，或各个编号都空着", "删去合计行；确是结算的，补填编号"
    ),
    # one value
    "missing_value": Fault(_E, "{label}没有填", "必填项为空", "补填{label}"),
    "missing_principal_dx": Fault(_E, "没有主要诊断", "诊断代码为空，或第一个位置空着", "补填主要诊断，放在第一个位置"),
    "bad_number": Fault(_E, "{label}不是数字", "含有文字、逗号、货币符号或其他字符", "只填数字，不要千分位逗号和单位"),
    "negative_amount": Fault(
        _E,
        "{label}是负数",
        "冲销记录混入，或填写有误",
        "改为正数；冲销的病例删去，冲销的凭证用“冲销”业务",
    ),
    "negative_number": Fault(_E, "{label}是负数", "填写有误", "改为零或正数"),
    "zero_total_fee": Fault(_E, "医疗费总额为零", "没有费用的病例不能参与计算", "核对费用，或删去这条记录"),
    "fraction_of_fen": Fault(_E, "{label}有不足一分的零头", "金额最小到分", "按实际金额改为两位小数"),
    "amount_too_large": Fault(_E, "{label}超过单笔上限一百亿元", "单位可能是分而不是元", "改为以元为单位的金额"),
    "budget_too_large": Fault(_E, "{label}超过上限十万亿元", "单位可能是分而不是元", "改为以元为单位的金额"),
    "bad_date": Fault(_E, "{label}不是日期", "写法不是 2025-01-31、2025/1/31 或 20250131", "改写成 2025-01-31 的样子"),
    "impossible_date": Fault(
        _E, "{label}是不存在的日期", "没有这一天，或年份不在1900到2100之间", "核对原始单据上的日期"
    ),
    "unknown_code": Fault(_E, "{label}的代码不在代码表里", "代码写错，或是地方代码", "改用代码表里的代码：{detail}"),
    "full_width": Fault(_E, "{label}里有全角字符", "输入法处于全角状态", "改成半角：{detail}"),
    "lost_digits": Fault(
        _E, "{label}被Excel改成了科学计数法，后几位已经丢失", "该列不是文本格式", "把该列设为文本格式后重新填写完整号码"
    ),
    "bad_dx_code": Fault(
        _E,
        "主要诊断代码不合ICD-10格式",
        "代码写错，或填了诊断名称",
        "改成“字母+两位数字+小数点+细目”的代码，如 K35.300",
    ),
    "age_out_of_range": Fault(_E, "年龄不在0到130岁之间", "填写有误，或单位不是岁", "核对年龄"),
    "discharge_before_admission": Fault(_E, "出院日期早于入院日期（{detail}）", "日期填反或有误", "核对两个日期"),
    "duplicate_key": Fault(
        _E, "{label}重复，而且内容不一样，无法判断哪条为准", "同一结算导出了不同版本", "只保留正确的一条"
    ),
    "duplicate_row": Fault(_E, "整行重复，只保留第一条", "同一条记录导出了两次", "删去重复的行；不处理也不影响结果"),
    # remarks: the row stays
    "dx_code_dropped": Fault(_W, "其他诊断代码不合ICD-10格式，已略去：{detail}", "代码写错", "改正后可参与分组"),
    "px_code_dropped": Fault(_W, "手术操作代码不合ICD-9-CM-3格式，已略去：{detail}", "代码写错", "改正后可参与分组"),
    "weight_implausible": Fault(
        _W, "{label}不合常理，按未填处理", "不在100到20000克之间，可能以千克填写", "改为以克为单位的体重"
    ),
    "fund_over_total": Fault(_W, "基金支付总额大于医疗费总额（{detail}）", "字段取错或填写有误", "核对两个金额"),
    "parts_do_not_sum": Fault(
        _W, "医疗费总额不等于基金支付总额加个人负担（{detail}）", "有医院负担金额，或字段取错", "核对三个金额"
    ),
    # the normalised form
    "orphan_row": Fault(
        _W,
        "这条记录在基本信息（setlinfo）里找不到对应的结算",
        "基本信息缺行，或结算ID写错",
        "补齐基本信息，或改正结算ID",
    ),
    "missing_child_table": Fault(
        _W, "缺少“{detail}”，相应内容为空", "4101的这个节点没有导出", "补充导出这张表", "file"
    ),
    # repairs: said once for each column
    "letter_case": Fault(_I, "{label}的字母大小写已统一", "扩展位的x小写，其余字母大写", "无须处理", "repair"),
    "dot_added": Fault(_I, "{label}已补上小数点", "代码里没有小数点，如 K353", "无须处理", "repair"),
    "list_separator": Fault(_I, "{label}的分隔符已统一为|", "多个代码用逗号、分号或顿号隔开", "无须处理", "repair"),
    "code_mapped": Fault(_I, "{label}已换成标准代码", "填的是名称或国家细分代码", "无须处理", "repair"),
}
"""The faults by code, in the order of the documentation."""

_NO_FIELD = Field("", "")


def half_width(text: str) -> str:
    """The text with full-width letters, digits and marks made half-width."""
    return unicodedata.normalize("NFKC", text)


def _detail(code: str, field: Field, value: str, detail: str) -> str:
    if detail:
        return detail
    if code == "full_width":
        return half_width(value)
    if code == "unknown_code" and field.code_table:
        table = CODE_TABLES[field.code_table]
        return "、".join(f"{key} {name}" if key != name else key for key, name in list(table.codes.items())[:6]) + (
            " 等" if len(table.codes) > 6 else ""
        )
    return ""


def finding(
    code: str, place: Place, *, field: Field = _NO_FIELD, detail: str = "", key: str = "", count: int = 0
) -> Finding:
    """The Finding of a fault at a place. ``count`` (for repairs) says how many rows it concerns."""
    fault = FAULTS[code]
    words = {"label": field.label, "value": place.value, "detail": _detail(code, field, place.value, detail)}
    message = fault.message.format(**words)
    return Finding(
        code,
        fault.severity,
        f"{message}，共{count}行" if count else message,
        place,
        fault.cause,
        fault.next_step.format(**words),
        "国家医保信息平台接口规范" if field.code_table and code == "unknown_code" else "",
        key,
    )


class FileFaultError(Exception):
    """A file that contributes nothing; carries its finding."""

    def __init__(self, code: str, file: str, detail: str = "", row: int | None = None) -> None:
        self.finding = finding(code, Place(file=file, row=row), detail=detail)
        super().__init__(str(self.finding))
