"""The tables: what each row is, its columns in order, and what it cannot do without."""

from yibao.standard.benefits import BENEFIT_TABLES, SETTLEMENT_TABLES
from yibao.standard.care import CARE_TABLES
from yibao.standard.drg import DRG_CASES, SCHEME_TABLES
from yibao.standard.field import TableSchema
from yibao.standard.fields import FIELDS
from yibao.standard.insured import INSURED_SCHEMAS
from yibao.standard.reconcile import recon_tables
from yibao.standard.trace import TRACE_TABLES


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
        act_ipt_days dscg_way diag_codes oprn_codes medfee_sumamt fund_pay_sumamt psn_part_amt acct_pay psn_cash_pay
        hifp_pay insuplc_admdvs drug_fee trt_fee tcm_fee icu_days""",
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
        "fixmedins_code fixmedins_name hosp_lv fixmedins_type admdvs beds key_specialties agreement_from",
        "fixmedins_code",
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
    _schema("dx_names", "诊断名称", "code", "code name", "code name", "报告里写在诊断代码旁边的名称。"),
    _schema("px_names", "手术操作名称", "code", "code name", "code name", "报告里写在手术操作代码旁边的名称。"),
    _schema(
        "local_lists", "本地病种目录", "list_kind dip_code", "list_kind dip_code list_points", "list_kind dip_code",
        "一行一个病种：基层病种、中医优势病种、日间手术病种、按床日付费病种。",
    ),
    _schema(
        "budget_income", "预算收入", "year fund_type income_item", "year fund_type income_item budget_amount basis",
        "year fund_type income_item budget_amount", "一行一项收入；职工、居民分别编制。",
    ),
    _schema(
        "budget_lines", "预算支出指标", "year fund_type budget_line", "year fund_type budget_line budget_amount basis",
        "year fund_type budget_line budget_amount",
        "一行一项指标。住院DIP可以不写：由支出总额减去其他各项得出；写了，各项之和须等于支出总额。",
    ),
    _schema(
        "budget_adjustments", "预算调整", "adjust_id",
        "adjust_id year fund_type budget_line adjust_amount adjust_reason approved_date basis",
        "adjust_id year fund_type budget_line adjust_amount adjust_reason approved_date basis",
        "一行一次经批准的调增；原因限于就医人数合理变化、待遇政策调整、重大公共卫生事件。",
    ),
    _schema(
        "budget_months", "住院DIP月度预算", "year fund_type month", "year fund_type month budget_amount",
        "year fund_type month budget_amount", "一行一个月；没有这张表时按上年各月记账额的比例分月。",
    ),
    _schema(
        "fund_position", "基金运行情况", "year fund_type",
        "year fund_type balance last_income last_expense forecast_income forecast_expense",
        "year fund_type balance last_income last_expense",
        "一行一个险种；用于判断能否预付：年初累计结余可支付月数、上年和预计的当年收支。",
    ),
    _schema(
        "prepay_applications", "预付金申请", "year fund_type fixmedins_code",
        "year fund_type fixmedins_code apply_date", "year fund_type fixmedins_code apply_date",
    ),
    _schema(
        "assessments", "年度考核和信用", "year fixmedins_code",
        "year fixmedins_code assess_score credit_lv agreement_status", "year fixmedins_code",
        "一行一家机构一个年度；清算用本年度得分，预付金和加成系数用上年度信用等级。",
    ),
    _schema(
        "deductions", "违规扣减", "deduct_id", "deduct_id year fund_type fixmedins_code deduct_amount reason basis",
        "deduct_id year fund_type fixmedins_code deduct_amount", "一行一笔病例审核的违规费用扣减。",
    ),
    _schema(
        "overrun_claims", "合理超支认定", "year fund_type fixmedins_code",
        "year fund_type fixmedins_code claim_amount overrun_reason basis",
        "year fund_type fixmedins_code claim_amount overrun_reason",
    ),
    _schema(
        "beds", "床位档案", "fixmedins_code bed_from", "fixmedins_code bed_from auth_beds agreement_beds open_beds",
        "fixmedins_code bed_from auth_beds agreement_beds", "一行一家机构自某日起的床位数，到下一行的起始日为止。",
    ),
    _schema(
        "special_reviews", "特例单议申请", "setl_id",
        "setl_id review_reason apply_date review_result review_date review_points",
        "setl_id review_reason apply_date review_result",
    ),
    _schema(
        "medical_groups", "医共体成员", "group_code fixmedins_code",
        "group_code group_name fixmedins_code group_method", "group_code fixmedins_code group_method",
        "一行一家成员机构；一家机构只能在一个医共体。",
    ),
    _schema(
        "excluded_items", "除外支付目录", "med_list_codg valid_from",
        "med_list_codg item_name valid_from valid_until", "med_list_codg valid_from",
        "新药新技术除外支付的药品、耗材和项目，按出院日期适用。",
    ),
    _schema(
        "excluded_fees", "除外费用", "setl_id med_list_codg", "setl_id med_list_codg item_amount",
        "setl_id med_list_codg item_amount", "一行一次结算里一个除外项目的费用。",
    ),
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

_CARE = tuple(_schema(*spec) for spec in CARE_TABLES)
_BENEFITS = (
    *(_schema(*spec) for spec in BENEFIT_TABLES), *(_schema(*spec, role="output") for spec in SETTLEMENT_TABLES)
)  # fmt: skip
_TRACE = tuple(_schema(*spec) for spec in TRACE_TABLES)
_INSURED = tuple(_schema(*spec) for spec in INSURED_SCHEMAS)

TABLES: dict[str, TableSchema] = {
    schema.name: schema
    for schema in (
        *_SCHEMAS, *_CARE, *_BENEFITS, *_INSURED, *_TRACE, *recon_tables(FIELDS).values(), DRG_CASES,
        *SCHEME_TABLES.values(),
    )
}  # fmt: skip
"""Every table by name."""
