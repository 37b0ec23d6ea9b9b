"""The forms that a drawing can have, one file each."""
