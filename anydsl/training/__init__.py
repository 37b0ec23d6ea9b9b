"""Training: data, the loop, optimizers and schedules, checkpoints, run folders, evaluation.

May import `lowering` and what is below it. Not for meaning: recipes are resolved in `design`.
"""
