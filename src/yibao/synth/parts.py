"""The parts of a fee: what the pool's fund bears, drugs, treatment without surgery, Chinese medicine.

Shares are ten-thousandths and amounts integer fen, rounded down, so that no part exceeds the fee.
"""

from typing import NamedTuple

import numpy as np

from yibao.synth.diseases import LETTERS, Model
from yibao.synth.draw import Bools, Floats, Ints, stream
from yibao.synth.sheets import rows, table

_PART = 7
_OTHER_FROM = 4_000_000
"""Fund payment in fen above which other funds (大病, 救助) bear a part."""
_OTHER_PERMILLE = (350, 650)
_DRUGS = {"": 0.36, "诊断性操作": 0.26, "治疗性操作": 0.33, "手术": 0.18, "介入治疗": 0.14}
_TREATMENT = {"": 0.11, "诊断性操作": 0.08, "治疗性操作": 0.20, "手术": 0.06, "介入治疗": 0.05}
_BY_PROCEDURE = {"99.2503": (0.58, 0.08), "92.2400": (0.12, 0.60), "93.3800": (0.18, 0.44), "94.2700": (0.20, 0.38),
                 "96.7200": (0.30, 0.30), "96.7100": (0.32, 0.26), "99.8301": (0.10, 0.34)}  # fmt: skip
_PSYCHIATRIC = 0.36
"""Treatment's share in mental disorders (chapter F)."""
_DEAR_TUMOUR = 2.4
"""A tumour case so many times as dear as its path is dear for drugs (in 0.55 of them) or treatment (0.30)."""
_TCM_OTHER = (0.03, 0.15)
"""Chinese medicine's share outside its own diseases: elsewhere, and in a hospital of Chinese medicine."""


class Parts(NamedTuple):
    """Parts of each fee in fen. ``pool`` is inside the fund's payment; ``tcm`` inside drugs and treatment."""

    pool: Ints
    drugs: Ints
    treatment: Ints
    tcm: Ints


def parts(
    model: Model, seed: int, fee: Ints, typical: Ints, fund: Ints, principal: Ints, path: Ints, entry: Ints, tcm: Bools
) -> Parts:
    """Splits each fee. ``typical`` is the usual fee of the path in fen, ``tcm`` whether the hospital is a 中医医院."""
    rng = stream(seed, _PART)
    drug, treatment = _shares(model, path, entry, fee > typical * _DEAR_TUMOUR, rng)
    chinese = _chinese(model, principal, tcm, rng)
    cut = [np.rint(share * 10_000).astype(np.int64) for share in (drug, treatment, chinese)]
    rest = 10_000 - cut[2]
    drugs = fee * (cut[0] * rest // 10_000 + cut[2] * 6 // 10) // 10_000
    treated = fee * (cut[1] * rest // 10_000 + cut[2] - cut[2] * 6 // 10) // 10_000
    above = np.maximum(0, fund - _OTHER_FROM)
    other = above * rng.integers(*_OTHER_PERMILLE, len(fee)) // 1000
    return Parts(fund - other, drugs, treated, np.minimum(fee * cut[2] // 10_000, drugs + treated))


def _shares(model: Model, path: Ints, entry: Ints, dear: Bools, rng: np.random.Generator) -> tuple[Floats, Floats]:
    kinds = ["", *(table("procedures")[code]["kind"] for code in model.px.codes)]
    codes = ["", *model.px.codes]
    usual = np.array(
        [_BY_PROCEDURE.get(code, (_DRUGS[kind], _TREATMENT[kind])) for code, kind in zip(codes, kinds, strict=True)]
    )[model.path_px[path] + 1]
    drug, treatment = usual[:, 0], usual[:, 1]
    treatment = np.where(model.letter[entry] == LETTERS.index("F"), _PSYCHIATRIC, treatment)
    luck = rng.random(len(path))
    tumour = dear & np.isin(model.letter[entry], (LETTERS.index("C"), LETTERS.index("Z")))
    drug = np.where(tumour & (luck < 0.55), 0.66, np.where(tumour & (luck < 0.85), 0.16, drug))
    treatment = np.where(tumour & (luck < 0.55), 0.08, np.where(tumour & (luck < 0.85), 0.62, treatment))
    drug = np.clip(drug * np.exp(rng.normal(0.0, 0.18, len(path))), 0.01, 0.8)
    treatment = treatment * np.exp(rng.normal(0.0, 0.2, len(path)))
    return drug, np.minimum(treatment, 0.97 - drug)


def _chinese(model: Model, principal: Ints, tcm: Bools, rng: np.random.Generator) -> Floats:
    """The share of Chinese medicine: by disease (longest prefix of ``tcm_diseases.csv``) and kind of hospital."""
    known = {row["dx"]: (float(row["elsewhere"]), float(row["tcm"])) for row in rows("tcm_diseases")}
    by_code = np.array([known.get(code[:5], known.get(code[:3], _TCM_OTHER)) for code in model.dx.codes])
    share: Floats = by_code[principal, tcm.astype(np.int64)] * np.exp(rng.normal(0.0, 0.3, len(principal)))
    return np.minimum(share, 0.85)
