"""The tables of enrolment (参保): enrolments, payments, identities, residents, accounts and who shares them.

`INSURED_FIELDS` are the fields that only these tables have (``begndate`` and ``enddate`` stand in `care`),
`INSURED_CODES` their code tables, `INSURED_SCHEMAS` the tables by the names of their columns; `fields`, `codes` and
`schemas` take them in.
"""

from typing import NamedTuple

from yibao.standard.field import CodeTable, Field, Kind

_OURS = "本系统"
_NAMED = "本系统命名"
_K = Kind


def _codes(name: str, label: str, source: str, codes: str, variants: str = "") -> CodeTable:
    words, others = codes.split(), variants.split()
    pairs = dict(zip(words[::2], words[1::2], strict=True))
    return CodeTable(name, label, pairs, dict(zip(others[::2], others[1::2], strict=True)), source)


INSURED_CODES = (
    _codes(
        "psn_insu_stas", "人员参保状态", "通行用法，待以1901字典查询核对", "1 正常参保 2 暂停参保 4 终止参保",
        "正常 1 参保 1 暂停 2 停保 2 暂停缴费 2 终止 4 退保 4",
    ),
    _codes("clct_way", "参保缴费方式", _NAMED, "1 统账结合 2 单建统筹 3 居民按年缴费", "单建 2 单建统筹基金 2 居民 3"),
    _codes(
        "emp_type", "参保单位类型", _NAMED, "enterprise 企业 agency 机关事业单位 flexible 灵活就业",
        "机关 agency 事业单位 agency 灵活就业人员 flexible 个体工商户 flexible",
    ),
    _codes(
        "psn_idet_type", "人员身份类别", "国家取值未获得（以1901返回为准）；代码" + _NAMED,
        """tekun 特困人员 dibao 最低生活保障对象 bianyuan 最低生活保障边缘家庭成员 jiance 防止返贫监测对象
        zhongbing 因病致贫重病患者 orphan 孤儿 disabled 重度残疾人 student 在校学生 elder 老年居民""",
        """特困 tekun 特困供养人员 tekun 低保 dibao 低保对象 dibao 低保边缘 bianyuan 返贫监测 jiance 监测对象 jiance
        返贫致贫人口 jiance 因病致贫 zhongbing 重残 disabled""",
    ),
    _codes(
        "rlts", "与账户所有人的关系", "近亲属范围见公开资料（2025-07-04）；代码" + _NAMED,
        """spouse 配偶 parent 父母 child 子女 sibling 兄弟姐妹 grandparent 祖父母 maternal_grandparent 外祖父母
        grandchild 孙子女 maternal_grandchild 外孙子女 other 其他""",
        """丈夫 spouse 妻子 spouse 父亲 parent 母亲 parent 儿子 child 女儿 child 祖父 grandparent 祖母 grandparent
        外祖父 maternal_grandparent 外祖母 maternal_grandparent 兄弟 sibling 姐妹 sibling""",
    ),
    _codes("acct_stas", "个人账户状态", _NAMED, "normal 正常 frozen 冻结 closed 注销", "冻结账户 frozen 已注销 closed"),
    _codes(
        "resd_kind", "居住类别", _NAMED, "register 户籍人口 permit 居住证人口 floating 未办居住证的流动人口",
        "户籍 register 本地户籍 register 居住证 permit 常住非户籍 permit 流动人口 floating",
    ),
    _codes(
        "empl_kind", "就业状态", _NAMED, "unit 单位就业 flexible 灵活就业 student 在校学生 retired 退休 none 未就业",
        "在职 unit 灵活就业人员 flexible 学生 student 学龄前 none 无业 none",
    ),
    _codes(
        "cover_stas", "参保区间状态", _NAMED,
        "covered 已缴费，在保 arrears 参保而未足额缴费 suspended 暂停参保",
    ),
)  # fmt: skip

INSURED_FIELDS = (
    Field("psn_insu_stas", "人员参保状态", code_table="psn_insu_stas", aliases=("参保状态",), example="1"),
    Field("psn_insu_date", "个人参保日期", _K.DATE, aliases=("参保日期", "本次参保日期"), example="2020-01-01"),
    Field("paus_insu_date", "暂停参保日期", _K.DATE, aliases=("停保日期", "终止参保日期"), example="",
          note="自这一天起不再参保；在保的空着"),
    Field("clct_way", "参保缴费方式", code_table="clct_way", aliases=("缴费方式",), example="1", source=_OURS,
          note="单建统筹没有个人账户"),
    Field("emp_type", "参保单位类型", code_table="emp_type", aliases=("单位类型",), example="enterprise", source=_OURS),
    Field("emp_name", "单位名称", _K.TEXT, example="某市机械厂"),
    Field("pay_from", "待遇享受开始日期", _K.DATE, aliases=("待遇开始日期", "待遇享受日期"), example="", source=_OURS,
          note="经办时已定的日期；空着则按政策推算"),
    Field("clct_id", "缴费记录编号", aliases=("缴费流水号", "征缴单号"), example="JF2025000001", source=_OURS),
    Field("clct_month", "缴费所属月", _K.INT, unit="月", aliases=("费款所属月", "月份"), example="1", source=_OURS,
          note="职工按月填1至12；居民按年缴费的空着"),
    Field("clct_base", "缴费基数", _K.MONEY, unit="元", example="6000.00", source=_OURS),
    Field("clct_amt", "应缴金额", _K.MONEY, unit="元", aliases=("应缴", "应缴费额"), example="400.00", source=_OURS),
    Field("paid_amt", "实缴金额", _K.SIGNED_MONEY, unit="元", aliases=("实缴", "到账金额"), example="400.00",
          source=_OURS, note="退费填负数"),
    Field("aid_amt", "资助金额", _K.MONEY, unit="元", aliases=("资助参保金额",), example="", source=_OURS),
    Field("paid_date", "缴费日期", _K.DATE, aliases=("到账日期", "缴费到账日期"), example="2024-11-20", source=_OURS),
    Field("psn_idet_type", "人员身份类别", code_table="psn_idet_type", aliases=("身份类别",), example="dibao"),
    Field("die_date", "死亡日期", _K.DATE, example="2025-03-01"),
    Field("resd_kind", "居住类别", code_table="resd_kind", aliases=("人口类别", "户籍类别"), example="register",
          source=_OURS),
    Field("empl_kind", "就业状态", code_table="empl_kind", aliases=("就业情况",), example="flexible", source=_OURS),
    Field("owner_psn_no", "账户所有人编号", aliases=("授权人编号", "账户所有人"), example="37030000000000000002",
          source=_OURS),
    Field("bind_id", "共济绑定编号", aliases=("绑定编号",), example="GJ2025000001", source=_OURS),
    Field("rlts", "与账户所有人的关系", code_table="rlts", aliases=("亲属关系",), example="spouse", source=_OURS,
          note="使用人是账户所有人的什么人"),
    Field("bind_seq", "绑定顺序", _K.INT, example="1", source=_OURS, note="同一使用人的多个账户按此先后支付"),
    Field("balc", "余额", _K.MONEY, unit="元", aliases=("个人账户余额",), example="1200.00"),
    Field("acct_stas", "个人账户状态", code_table="acct_stas", aliases=("账户状态",), example="normal", source=_OURS),
    Field("cover_stas", "参保区间状态", code_table="cover_stas", example="covered", source=_OURS),
    Field("spell_no", "参保段序号", _K.INT, example="1", source=_OURS),
    Field("fund_paid", "当年基金支付", _K.MONEY, unit="元", example="0.00", source=_OURS),
    Field("reward_used", "当年使用的激励额度", _K.MONEY, unit="元", example="0.00", source=_OURS,
          note="大病保险赔付超过基准封顶线的部分"),
    Field("n_cont", "连续参保年数", _K.INT, unit="年", example="7", source=_OURS),
    Field("cont_amt", "连续参保激励额度", _K.MONEY, unit="元", example="9000.00", source=_OURS),
    Field("n_zero", "零报销年数", _K.INT, unit="年", example="2", source=_OURS),
    Field("zero_amt", "零报销激励额度", _K.MONEY, unit="元", example="6000.00", source=_OURS),
)  # fmt: skip


class Columns(NamedTuple):
    """A table by the names of its columns: name, label, key, columns, required columns, note, role."""

    name: str
    label: str
    grain: str
    columns: str
    required: str
    note: str = ""
    role: str = "input"


INSURED_SCHEMAS = (
    Columns(
        "enrolments", "参保登记", "psn_no insutype insuplc_admdvs psn_insu_date",
        """psn_no insutype insuplc_admdvs psn_type clct_way emp_type emp_name psn_insu_stas psn_insu_date
        paus_insu_date pay_from""",
        "psn_no insutype insuplc_admdvs psn_insu_date",
        "一行一段参保关系。停保、终止的写明暂停参保日期。",
    ),
    Columns(
        "contributions", "缴费记录", "clct_id",
        """clct_id psn_no insutype insuplc_admdvs year clct_month clct_base clct_amt paid_amt aid_amt paid_date
        pay_from""",
        "clct_id psn_no insutype insuplc_admdvs year clct_amt paid_amt paid_date",
        "一行一笔。职工写缴费所属年、月；居民写保障年度。同一月（年）的几笔合并计算，足额才算在保。",
    ),
    Columns(
        "identities", "人员身份", "psn_no psn_idet_type begndate", "psn_no psn_idet_type begndate enddate",
        "psn_no psn_idet_type begndate", "一行一段身份；有几种身份的写几行，资助就高。",
    ),
    Columns("deaths", "死亡登记", "psn_no", "psn_no die_date", "psn_no die_date"),
    Columns(
        "residents", "居民人口", "certno", "certno psn_name gend brdy admdvs resd_kind empl_kind",
        "certno", "一行一个应参保的人，用来与参保登记比对。",
    ),
    Columns(
        "acct_balances", "个人账户", "psn_no", "psn_no insuplc_admdvs balc acct_stas", "psn_no insuplc_admdvs balc",
    ),
    Columns(
        "acct_bindings", "家庭共济绑定", "bind_id", "bind_id owner_psn_no psn_no rlts bind_seq begndate enddate",
        "bind_id owner_psn_no psn_no rlts bind_seq begndate",
        "一行一次绑定：账户所有人让一位近亲属使用自己的个人账户。",
    ),
    Columns(
        "insured_years", "参保年度", "psn_no year", "psn_no year insutype fund_paid reward_used",
        "psn_no year insutype", "一行一人一年，用来推算大病保险激励；断保的年度没有行。",
    ),
    Columns(
        "incentives", "大病保险激励额度", "psn_no year", "psn_no year n_cont cont_amt n_zero zero_amt",
        "psn_no year", role="output",
    ),
    Columns(
        "cover", "参保区间", "spell_no begndate",
        "psn_no insutype insuplc_admdvs psn_type clct_way begndate enddate pay_from cover_stas spell_no",
        "psn_no begndate enddate cover_stas", role="output",
    ),
)  # fmt: skip
"""The tables of enrolment; ``cover`` and ``incentives`` are made by `yibao.enrolment`."""
