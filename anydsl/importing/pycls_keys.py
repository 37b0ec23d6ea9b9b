"""The keys of pycls' configurations that design a network, and their defaults."""

from __future__ import annotations

from fractions import Fraction

TYPES = ("anynet", "regnet", "resnet")

_STAGES = {
    "STEM_TYPE": "simple_stem_in",
    "STEM_W": 32,
    "BLOCK_TYPE": "res_bottleneck_block",
    "HEAD_W": 0,
    "SE_ON": False,
    "SE_R": Fraction(1, 4),
}

DEFAULTS: dict[str, dict[str, object]] = {
    "MODEL": {
        "TYPE": "",
        "DEPTH": 0,
        "NUM_CLASSES": 10,
        "LOSS_FUN": "cross_entropy",
        "ACTIVATION_FUN": "relu",
        "ACTIVATION_INPLACE": True,
        "SCALING_TYPE": "",
        "SCALING_FACTOR": 1,
    },
    "RESNET": {
        "TRANS_FUN": "basic_transform",
        "NUM_GROUPS": 1,
        "WIDTH_PER_GROUP": 64,
        "STRIDE_1X1": True,
    },
    "ANYNET": {
        **_STAGES,
        "DEPTHS": [],
        "WIDTHS": [],
        "STRIDES": [],
        "BOT_MULS": [],
        "GROUP_WS": [],
    },
    "REGNET": {
        **_STAGES,
        "STRIDE": 2,
        "DEPTH": 10,
        "W0": 32,
        "WA": 5,
        "WM": Fraction(5, 2),
        "GROUP_W": 16,
        "BOT_MUL": 1,
    },
    "BN": {
        "EPS": Fraction(1, 10**5),
        "MOM": Fraction(1, 10),
        "USE_PRECISE_STATS": True,
        "NUM_SAMPLES_PRECISE": 8192,
        "ZERO_INIT_FINAL_GAMMA": False,
        "USE_CUSTOM_WEIGHT_DECAY": False,
        "CUSTOM_WEIGHT_DECAY": 0,
    },
    "TRAIN": {"DATASET": "", "IM_SIZE": 224},
}
"""By section and key. Of TRAIN, what is read; its other keys say how a net is trained."""

DESIGN = ("MODEL", "RESNET", "ANYNET", "REGNET", "BN")
"""The sections whose keys have to be known."""

OTHER_SECTIONS = (
    "TEST",
    "OPTIM",
    "EN",
    "VIT",
    "DATA_LOADER",
    "MEM",
    "CUDNN",
    "PREC_TIME",
    "LAUNCH",
    "DESC",
    "VERBOSE",
    "NUM_GPUS",
    "OUT_DIR",
    "CFG_DEST",
    "RNG_SEED",
    "LOG_DEST",
    "LOG_PERIOD",
    "DIST_BACKEND",
    "HOST",
    "PORT",
    "PORT_RANGE",
    "DOWNLOAD_CACHE",
)
"""Sections, and settings beside them, that say nothing of the design."""
