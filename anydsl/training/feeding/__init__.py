"""From files of pictures to batches on the device.

Imports recipes of `design`; not for what is done with the batches.
"""
