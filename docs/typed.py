"""Types the tutorial as a newcomer would: each command in a process of its own, in an empty folder.

`python docs/typed.py` prints what each took, and exits 1 where one ends as it should not: only the
mistakes that the tutorial makes on purpose do.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.docs.pages import Block, Edit, blocks  # noqa: E402

COMMAND = re.compile(r"^\$ (anydsl .*)\n((?:(?!\$ ).*\n)*)", re.M)


def main() -> int:
    """Go through the page; return the exit status."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    }
    wrong = 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")):
            match block:
                case Edit(file, old, new):
                    path = Path(folder, file)
                    text = path.read_text(encoding="utf-8").replace(old, new)
                    path.write_text(text, encoding="utf-8")
                case Block(language="anynet", words=[name], body=body):
                    Path(folder, name).write_text(body, encoding="utf-8")
                case Block(reason=None, language="console", body=body):
                    for command, printed in COMMAND.findall(body):
                        start = time.monotonic()
                        done = subprocess.run(
                            ["sh", "-c", command], cwd=folder, env=environment, capture_output=True
                        )
                        fine = (done.returncode == 0) == ("error[" not in printed)
                        wrong += not fine
                        note = "" if fine else f"  exit status {done.returncode}"
                        print(f"{time.monotonic() - start:6.1f} s  {command}{note}", flush=True)
                case _:
                    pass
    print(f"{time.monotonic() - began:6.1f} s  in all")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
