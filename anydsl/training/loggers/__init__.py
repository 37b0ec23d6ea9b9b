"""Where the curves of a run are sent beside its folder: one file a kind, named by `--logger`.

May import what `training` may; the libraries are imported when a run begins, and none has to be
there. Not for the terminal: that is `training.progress`.
"""
