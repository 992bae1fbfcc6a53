"""The tables: what each row is, its columns in order, and what it cannot do without."""

from yibao.standard.field import TableSchema
from yibao.standard.fields import FIELDS


def _schema(
    name: str, label: str, grain: str, columns: str, required: str, note: str = "", role: str = "input"
) -> TableSchema:
    fields = tuple(FIELDS[column] for column in columns.split())
    return TableSchema(name, label, tuple(grain.split()), fields, tuple(required.split()), note, role)


_SCHEMAS = (
    _schema(
        "cases",
        "住院病例（结算清单）",
        "setl_id",
        """setl_id psn_no insutype fixmedins_code hosp_lv gend age nwb_age_days nwb_adm_wt adm_date dscg_date
        act_ipt_days dscg_way diag_codes oprn_codes medfee_sumamt fund_pay_sumamt psn_part_amt acct_pay psn_cash_pay""",
        "setl_id fixmedins_code diag_codes dscg_date medfee_sumamt",
        "一行一次住院结算。金额以元填写，读入后为整数分。",
    ),
    _schema(
        "setlinfo",
        "结算清单基本信息（4101）",
        "setl_id",
        """setl_id mdtrt_id psn_no insutype fixmedins_code fixmedins_name hosp_lv hi_setl_lv gend brdy age nwb_age_days
        nwb_adm_wt adm_date dscg_date act_ipt_days dscg_way medfee_sumamt fund_pay_sumamt psn_part_amt acct_pay
        psn_cash_pay""",
        "setl_id fixmedins_code dscg_date",
    ),
    _schema(
        "diseinfo", "结算清单诊断信息（4101）", "setl_id seq",
        "setl_id mdtrt_id seq diag_type diag_code diag_name maindiag_flag", "diag_code",
        "一行一个诊断；以setl_id或mdtrt_id挂到基本信息上。",
    ),
    _schema(
        "oprninfo", "结算清单手术操作信息（4101）", "setl_id seq",
        "setl_id mdtrt_id seq oprn_oprt_type oprn_oprt_code oprn_oprt_name oprn_oprt_date", "oprn_oprt_code",
        "一行一个手术操作；以setl_id或mdtrt_id挂到基本信息上。",
    ),
    _schema(
        "iteminfo", "结算清单收费项目信息（4101）", "setl_id med_chrgitm",
        "setl_id mdtrt_id med_chrgitm amt", "amt",
        "一行一类收费项目；以setl_id或mdtrt_id挂到基本信息上。",
    ),
    _schema(
        "persons", "参保人员", "psn_no",
        "psn_no certno psn_name gend brdy insutype psn_type admdvs", "psn_no",
    ),
    _schema(
        "providers", "定点医药机构", "fixmedins_code",
        "fixmedins_code fixmedins_name hosp_lv fixmedins_type admdvs beds", "fixmedins_code",
    ),
    _schema(
        "dip_rules", "DIP先期、并项、诊断辅助细分病种表", "layer dip_code dx dx_other px",
        """layer dip_code dip_name dx dx_other px nwb_age_days_max nwb_adm_wt_min nwb_adm_wt_max age_min age_max""",
        "layer dip_code",
        "一行一条入组条件；一个病种可有多行，满足任一行即入组。",
    ),
    _schema("dip_exclusions", "DIP排除目录", "list code scope", "list code effect scope", "list code effect"),
    _schema("px_kinds", "手术操作治疗方式目录", "oprn_code", "oprn_code px_kind", "oprn_code px_kind",
            "代码按前缀匹配，最长的前缀优先。"),
    _schema("dip_lists", "DIP代码目录", "list code", "list code", "list code"),
    _schema(
        "ledger_entries", "记账凭证", "entry_id seq",
        """entry_id seq action entry_date admdvs fund_type subj_code subj_detail debit credit settles memo refers
        expires group_id bank_ref""",
        "entry_id entry_date admdvs fund_type",
        "一行一条分录；同一凭证号的各行合为一张凭证，放在同一个文件里。除科目、金额和摘要外，各行应当一致。",
    ),
    _schema(
        "ledger_accounts", "科目账户", "admdvs fund_type subj_code subj_detail",
        "admdvs fund_type subj_code subj_detail acct_name opened", "admdvs fund_type subj_code opened",
        "一行开立一个账户。",
    ),
    _schema(
        "ledger_limits", "账户限额", "admdvs fund_type subj_code subj_detail limit_kind year",
        "admdvs fund_type subj_code subj_detail limit_kind year limit_amount basis",
        "admdvs fund_type subj_code limit_kind basis",
        "一行一项限额；限额空着表示取消。",
    ),
    _schema(
        "bank_statement", "银行对账单", "admdvs fund_type subj_code subj_detail bank_ref",
        """admdvs fund_type subj_code subj_detail bank_date bank_ref amount_in amount_out bank_side bank_amt
        bank_balance counterparty memo""",
        "bank_date bank_ref",
        "一行一笔收付，照银行导出的样子；命令里写明账户时，账户各列可以没有。",
    ),
    _schema(
        "catalogue", "DIP病种目录库", "dip_code",
        "dip_code dip_type dx oprn_codes px_kind n_cases mean_fee mean_fee_lv1 mean_fee_lv2 mean_fee_lv3 points",
        "dip_code", role="output",
    ),
    _schema(
        "priced_cases", "病例分值与分配", "setl_id",
        "setl_id fixmedins_code dip_code dip_type group_points deviation case_points pay", "setl_id", role="output",
    ),
    _schema(
        "hospitals", "医疗机构分值与分配", "fixmedins_code",
        "fixmedins_code cases case_points cmi pay", "fixmedins_code", role="output",
    ),
)  # fmt: skip

TABLES: dict[str, TableSchema] = {schema.name: schema for schema in _SCHEMAS}
"""Every table by name."""
