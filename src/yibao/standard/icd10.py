"""Chapters of ICD-10 (疾病分类与代码，医保版章节): the last fallback of DIP grouping and its statistics' main index.

Source: ICD-10 chapter ranges as used by the insurance edition (national platform, 疾病诊断 code table).
"""

from bisect import bisect_right

CHAPTERS: tuple[tuple[str, str, str], ...] = (
    ("A00", "B99", "某些传染病和寄生虫病"),
    ("C00", "D48", "肿瘤"),
    ("D50", "D89", "血液及造血器官疾病和某些涉及免疫机制的疾患"),
    ("E00", "E90", "内分泌、营养和代谢疾病"),
    ("F00", "F99", "精神和行为障碍"),
    ("G00", "G99", "神经系统疾病"),
    ("H00", "H59", "眼和附器疾病"),
    ("H60", "H95", "耳和乳突疾病"),
    ("I00", "I99", "循环系统疾病"),
    ("J00", "J99", "呼吸系统疾病"),
    ("K00", "K93", "消化系统疾病"),
    ("L00", "L99", "皮肤和皮下组织疾病"),
    ("M00", "M99", "肌肉骨骼系统和结缔组织疾病"),
    ("N00", "N99", "泌尿生殖系统疾病"),
    ("O00", "O99", "妊娠、分娩和产褥期"),
    ("P00", "P96", "起源于围生期的某些情况"),
    ("Q00", "Q99", "先天性畸形、变形和染色体异常"),
    ("R00", "R99", "症状、体征和临床与实验室异常所见"),
    ("S00", "T98", "损伤、中毒和外因的某些其他后果"),
    ("U00", "U99", "用于特殊目的的编码"),
    ("V01", "Y98", "疾病和死亡的外因"),
    ("Z00", "Z99", "影响健康状态和与保健机构接触的因素"),
)
_FIRST = [first for first, _, _ in CHAPTERS]


def chapter_of(category: str) -> str:
    """The chapter range (e.g. ``I00-I99``) of a 3-character category; '' where no chapter holds it.

    Later editions add categories behind a chapter's last one (K94, D49): they belong to the chapter of that letter.
    """
    at = bisect_right(_FIRST, category) - 1
    if at < 0 or category[:1] > CHAPTERS[at][1][0]:
        return ""
    return f"{CHAPTERS[at][0]}-{CHAPTERS[at][1]}"


def chapter_name(chapter: str) -> str:
    """The Chinese name of a chapter range; the range itself where it is unknown."""
    return next((name for first, last, name in CHAPTERS if f"{first}-{last}" == chapter), chapter)
