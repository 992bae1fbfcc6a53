"""The kinds of difference in their order of precedence, and the rungs by which settlements were found to be one."""

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of difference: stable code, Chinese name, what to do, and whether it counts as explained."""

    code: str
    label: str
    next_step: str
    explained: bool = True


KINDS = (
    Kind("split", "本方一笔、对方拆成几笔", "各项金额合计相等；核对结算ID，按对方的拆分登记"),
    Kind("merged", "本方几笔、对方合成一笔", "各项金额合计相等；核对结算ID，请对方说明合并依据"),
    Kind("void_ours", "本方结算后又冲销，对方没有", "合计为零，不影响总额；跨日的会使两天的合计不同，无须补传"),
    Kind("void_theirs", "对方结算后又冲销，本方没有", "合计为零，不影响总额；本方补登记或注明"),
    Kind("amount", "同一笔金额不同", "调出双方的结算单，按差异的金额项逐项核对，由错的一方更正"),
    Kind("other_day", "同一笔记在不同的日子", "总额不受影响；以结算时间为准，核对双方取的是结算日还是上传日"),
    Kind("other_class", "同一笔归在不同的机构、险种或清算类别", "总额不受影响；核对归类，由错的一方更正"),
    Kind("rejected_ours", "对应的本方行被退回", "改正“退回的行”里本方的这一行，再对一次", explained=False),
    Kind("rejected_theirs", "对应的对方行被退回", "请对方改正“退回的行”里的这一行，再对一次", explained=False),
    Kind("doubled_ours", "本方重复", "核对是否重复导出或重复记账，删去多出的一笔"),
    Kind("doubled_theirs", "对方重复", "请对方核对是否重复入账，冲销多出的一笔"),
    Kind("reversed_ours", "只有本方冲销", "核对退费是否已上传；未上传的补传冲销，误冲的本方恢复"),
    Kind("reversed_theirs", "只有对方冲销", "核对是否漏记退费；应退的本方补记冲销，误冲的请对方恢复"),
    Kind("missing_ours", "本方没有，对方有", "查本方是否漏记或被误删；确未发生的请对方冲销"),
    Kind("missing_theirs", "本方有，对方没有", "查是否上传失败；失败的重新上传，已冲销的本方补记冲销"),
)
"""Every kind of difference in its order of precedence: a settlement is of the first that fits."""

NEUTRAL = (
    Kind("linked", "同一笔，结算ID写法不同或缺失", "金额、日期都相同；按所列依据对上，改正结算ID即可"),
    Kind("same", "相同", ""),
)
"""What is no difference: matched otherwise than by the same identifier, and wholly equal."""

BY_CODE = {kind.code: kind for kind in (*KINDS, *NEUTRAL)}
SUMMED = tuple(kind.code for kind in KINDS)
UNEXPLAINED = tuple(kind.code for kind in KINDS if not kind.explained)

RUNGS = {
    "id_same": "结算ID",
    "id_amount": "结算ID",
    "id_only": "结算ID",
    "form_amount": "结算ID（去掉空格、全角、前导零等写法差别后相同）",
    "form_only": "结算ID（去掉空格、全角、前导零等写法差别后相同）",
    "visit_same": "就诊ID和各项金额",
    "visit_amount": "就诊ID和各项金额",
    "person_day": "人员编号、日期和各项金额",
    "visit_only": "就诊ID",
    "person_near": "人员编号和各项金额，日期相差七天以内",
    "person_some": "人员编号、日期和其中一项金额",
    "amount_day": "日期和各项金额，在两个文件里都只有这一笔",
    "sum": "各项金额合计相等",
    "cancel": "冲销与原结算各项金额相抵",
    "": "",
}
"""The rungs of the ladder in their order, with what they go by."""
