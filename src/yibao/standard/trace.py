"""Trace codes (追溯码) and stock (进销存): scans, moves of stock, and the mapping of codes to drugs (两码合一).

Names are those of transactions 3501–3507 where these have one; the flat tables join the node ``drugtracinfo`` to the
record it hangs on, so a scan stands in one row with the quantity, settlement and time of its record.
"""

from yibao.standard.care import TableSpec
from yibao.standard.field import CodeTable, Field, Kind

_OURS = "本系统"
_K = Kind

TRACE_CODES = (
    CodeTable(
        "infno", "进销存交易编号",
        {"3501": "商品盘存", "3502": "商品库存变更", "3503": "商品采购", "3504": "商品采购退货", "3505": "商品销售",
         "3506": "商品销售退货", "3507": "商品信息删除"},
        {"盘存": "3501", "库存变更": "3502", "采购": "3503", "采购退货": "3504", "销售": "3505", "销售退货": "3506",
         "3505A": "3505"},
        "国家医保信息平台接口规范的交易编号",
    ),
    CodeTable(
        "inv_chg_type", "库存变更类型",
        {"101": "调拨入库", "102": "调拨出库", "103": "盘盈", "104": "盘损", "105": "销毁", "106": "其他入库",
         "107": "其他出库", "108": "商品采购入库", "109": "商品退货出库", "110": "赠药入库", "111": "赠药退回出库"},
        {}, "公开的医院系统源码所列，待以1901字典查询核对",
    ),
    CodeTable("trdn_flag", "拆零标志", {"0": "否", "1": "是"}, {}, "公开的药店系统源码所列，待以1901字典查询核对"),
)  # fmt: skip

TRACE_FIELDS = (
    Field("drug_trac_codg", "药品追溯码", _K.TEXT, aliases=("追溯码", "溯源码", "电子监管码"),
          note="照扫描的样子填；全角、空格、扫码设备加的前缀都认得", example="81234567890123456789"),
    Field("infno", "交易编号", code_table="infno", aliases=("交易", "业务类型"), example="3505"),
    Field("ocur_time", "业务发生时间", _K.DATETIME, example="2025-07-05 10:20:30", source=_OURS,
          aliases=("sel_retn_time", "purc_retn_stoin_time", "inv_chg_time", "invdate", "扫码时间", "销售时间")),
    Field("trdn_flag", "拆零标志", code_table="trdn_flag", example="0"),
    Field("sel_retn_cnt", "数量", _K.QUANTITY, example="1",
          aliases=("销售/退货数量", "purc_retn_cnt", "采购/退货数量", "销售数量"),
          note="整盒的填这一条明细的盒数；拆零的填从这一码取出的最小单位数"),
    Field("upld_sn", "上传流水号", example="U202507050001", source=_OURS, aliases=("上传批次", "请求号", "msgid")),
    Field("trac_sn", "码序号", example="1", source=_OURS, note="同一次上传里的第几个码；区分重复上传和一次里扫了两遍"),
    Field("upld_time", "上传时间", _K.DATETIME, example="2025-07-05 10:21:00", source=_OURS, aliases=("inf_time",)),
    Field("rtal_docno", "零售单据号", example="R0001", aliases=("medins_prod_sel_no", "商品销售流水号")),
    Field("drug_trac_idt", "追溯码品种标识", _K.TEXT, example="8123456", source=_OURS,
          note="追溯码里标识品种的前几位"),
    Field("drug_prod_barc", "药品条形码", _K.TEXT, aliases=("商品条码", "商品码", "GTIN"), example="6912345678901"),
    Field("pac_cnt", "包装数量", _K.INT, aliases=("每盒数量",), note="一盒里有多少最小单位，拆零用", example="24"),
    Field("fixmedins_bchno", "定点医药机构批次流水号", example="B0001"),
    Field("inv_chg_type", "库存变更类型", code_table="inv_chg_type", example="101"),
)  # fmt: skip

TRACE_TABLES = (
    TableSpec(
        "trace_scans", "追溯码扫码记录", "drug_trac_codg infno ocur_time upld_sn trac_sn",
        """drug_trac_codg infno inv_chg_type fixmedins_code ocur_time med_list_codg trdn_flag sel_retn_cnt setl_id
        psn_no feedetl_sn rtal_docno fund_pay_sumamt upld_sn trac_sn upld_time""",
        "infno fixmedins_code ocur_time med_list_codg",
        "一行一个码在一次采购、退货、销售、库存变更里的一次扫描；基金支付总额填这一行由基金支付的金额。",
    ),
    TableSpec(
        "stock_moves", "进销存记录", "fixmedins_code med_list_codg infno ocur_time upld_sn",
        "fixmedins_code med_list_codg fixmedins_bchno infno inv_chg_type ocur_time cnt fund_pay_sumamt upld_sn",
        "fixmedins_code med_list_codg infno ocur_time cnt",
        "一行一次盘存（填库存）、变更、采购、退货或销售；数量为正，方向看交易编号。",
    ),
    TableSpec(
        "trace_drugs", "追溯码与药品对应（两码合一）", "drug_trac_idt drug_prod_barc begndate",
        "drug_trac_idt drug_prod_barc med_list_codg pac_cnt begndate enddate", "med_list_codg begndate",
        "一行一个品种的一段有效期：追溯码品种标识、药品条形码至少有一个。",
    ),
)  # fmt: skip
