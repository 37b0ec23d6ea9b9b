"""Nothing that a stranger wrote makes a command open a port or start a program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.study.planting import plant
from tests.training.processes import environment

_EVIL = "$(touch ran); import os; os.system('touch ran') <script>alert(1)</script>"
_AUDITED = """
import sys
FORBIDDEN = {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty",
    "subprocess.Popen", "pty.spawn", "webbrowser.open"}
found = []

def hook(event, arguments):
    if event in FORBIDDEN or (event.startswith("socket.") and event not in QUIET):
        found.append(f"{event} {arguments[:2]!r}")
    if event == "compile" and isinstance(arguments[0], (str, bytes)):
        if "touch ran" in str(arguments[0]):
            found.append("compile of a stranger's text")

QUIET = ("socket.gethostname", "socket.__new__")  # asyncio wakes itself by a pair of them
from anydsl.cli import main
sys.addaudithook(hook)
status = [main(arguments) for arguments in ARGUMENTS]
print("STATUS", status, "FOUND", found, file=sys.stderr)
"""


def _audited(folder: Path, arguments: list[list[str]], given: bytes = b"") -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"ARGUMENTS = {arguments!r}\n{_AUDITED}"],
        input=given,
        capture_output=True,
        cwd=folder,
        env=environment(),
        timeout=120,
        check=False,
    )
    last = done.stderr.decode().rstrip().splitlines()[-1]
    assert "STATUS" in last, done.stderr.decode()
    assert last.endswith("FOUND []"), last
    assert not (folder / "ran").exists()
    return last


def _spec(folder: Path) -> Path:
    """A spec of hostile texts, under a name that is one."""
    path = folder / "$(touch ran);`touch ran`.anynet"
    path.write_text(
        f"anynet 1\n\n## {_EVIL}\nnet N {{\n  input = 1x8x8\n  body {{\n    block = plain\n"
        "    stage s1 { d = 1, w = 16 }\n    stage s2 { d = 1, w = 8 }\n  }\n"
        f'  head {{ classes = 10 }}\n  waive nondecreasing(w) because "{_EVIL}"\n}}\n'
        "\nspace S {\n  input = 1x8x8\n  body {\n    block = plain\n"
        "    stage s1 { d = 1, w ~ choice(8, 16) }\n  }\n  head { classes = 10 }\n}\n"
        f'\nrecipe r {{\n  data = npz("{_EVIL}")\n}}\n'
    )
    return path


def test_commands_on_a_spec(tmp_path: Path) -> None:
    name = _spec(tmp_path).name
    commands = [
        ["lint", name],
        ["fmt", "--diff", name],
        ["show", f"{name}::N"],
        ["expand", f"{name}::N"],
        ["draw", f"{name}::N", "-o", "n.svg"],
        ["draw", f"{name}::N", "-o", "n.html"],
        ["draw", f"{name}::N", "-o", "n.dot"],
        ["diff", f"{name}::N", f"{name}::N"],
        ["sample", f"{name}::S", "-n", "3"],
        ["lint", f"{_EVIL}.anynet"],
    ]
    last = _audited(tmp_path, commands)
    assert "STATUS [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]" in last


def test_a_report(tmp_path: Path) -> None:
    store = plant(
        tmp_path / "s",
        {"A": [0.1, 0.2, 0.3], "B": [0.2, 0.3, 0.4]},
        doc=_EVIL,
        failing={"A:0": _EVIL},
        text=_EVIL,
        environment={"started": _EVIL, "device_name": _EVIL, "versions": {_EVIL: _EVIL}},
    )
    store.close()
    assert "STATUS [0]" in _audited(tmp_path, [["report", "s", "--no-test"]])


def _message(method: str, number: int | None, params: object) -> bytes:
    body: dict[str, object] = {"jsonrpc": "2.0", "method": method, "params": params}
    content = json.dumps(body if number is None else body | {"id": number}).encode()
    return b"Content-Length: %d\r\n\r\n" % len(content) + content


def test_the_language_server(tmp_path: Path) -> None:
    path = _spec(tmp_path)
    uri = path.as_uri()
    item = {"uri": uri, "languageId": "anynet", "version": 1, "text": path.read_text()}
    file = {"textDocument": {"uri": uri}}
    features = [
        _message(f"textDocument/{name}", number, file | {"position": {"line": 3, "character": 4}})
        for number, name in enumerate(("hover", "completion", "definition", "codeLens"), 2)
    ]
    messages = [
        _message("initialize", 1, {"processId": None, "rootUri": None, "capabilities": {}}),
        _message("initialized", None, {}),
        _message("textDocument/didOpen", None, {"textDocument": item}),
        *features,
        _message("shutdown", 9, None),
        _message("exit", None, None),
    ]
    assert "STATUS [0]" in _audited(tmp_path, [["lsp"]], b"".join(messages))
