"""Build what is released, install it where nothing else is, and use it there.

    python release/check.py                     the wheel without extras: what CI checks
    python release/check.py draw lsp torch      with each of these extras, each on its own

Exit status 1 where a file is missing or astray in sdist or wheel, or a command fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
NET = """anynet 1

net Small {
  input = 1x8x8
  stem { w = 16, s = 1 }
  body {
    block = resnext
    g = 8
    stage s1 { d = 1, w = 24 }
  }
  head { classes = 10 }
}
"""
STUDY = """
study tiny {
  spaces = [Small]
  recipe = quick
  samples = 1
}

recipe quick { epochs = 1 }
"""
BASE = [
    "anydsl --version",
    "anydsl lint net.anynet std:digits std:regnet/regnetx std:studies/principles_digits",
    "anydsl fmt --check net.anynet",
    "anydsl show net.anynet",
    "anydsl show std:regnet/regnety::RegNetY_400MF --format json",
    "anydsl expand std:classic/resnet50",
    "anydsl sample std:std/spaces::AnyNetXE -n 2",
    "anydsl explain shared_bottleneck",
    "anydsl draw net.anynet -o net.svg",
    "anydsl diff net.anynet std:d2l/regnetx32",
    "anydsl completion bash",
    "anydsl --help",
    "anydsl new started.anynet",
    "anydsl lint started.anynet",
]
EXTRAS = {
    "": BASE,
    "torch": [
        "anydsl compile net.anynet -o net.py",
        "anydsl train net.anynet --epochs 1 --device cpu --out run --quiet",
        "anydsl eval run --device cpu",
    ],
    "timm": ["anydsl import timm:regnetx_002 -o timm.anynet", "anydsl lint timm.anynet"],
    "export": ["anydsl compile net.anynet -o net.onnx", "anydsl compile net.anynet -o net.pt2"],
    "study": [
        "anydsl sweep study.anynet --out study --device cpu --workers 1 --quiet",
        "anydsl report study",
    ],
    "cluster": ["anydsl sweep study.anynet --cluster local --device cpu --workers 1 --out ray"],
    "draw": ["anydsl draw net.anynet -o net.png"],
    "lsp": ["anydsl lsp"],
}
WITHOUT = {  # what says in one line which extra it needs
    "anydsl train net.anynet": "pip install 'anydsl[torch]'",
    "anydsl compile net.anynet": "pip install 'anydsl[torch]'",
    "anydsl sweep study.anynet": "pip install 'anydsl[",
    "anydsl report .": "pip install 'anydsl[study]'",
    "anydsl draw net.anynet -o net.png": "pip install 'anydsl[draw]'",
    "anydsl lsp": "pip install 'anydsl[lsp]'",
}
SHIPPED = {".py", ".anynet", ".lark", ".typed", ".css", ".jinja"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extras", nargs="*", metavar="EXTRA", help=", ".join(filter(None, EXTRAS)))
    options = parser.parse_args()
    found: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The wheel is made of the sdist, which therefore holds all that it takes.
        run([sys.executable, "-m", "build", "--no-isolation", "-o", str(folder), str(ROOT)], folder)
        (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
        found += [*astray_in_wheel(wheel), *missing_in_sdist(sdist)]
        for extra in options.extras or [""]:
            wrong = list(used(wheel, extra, folder / (extra or "base")))
            print(f"{extra or 'base':<8} {'; '.join(wrong) or 'ok'}", flush=True)
            found += wrong
    print("\n".join(found) or "sdist, wheel and what is installed are as they should be")
    return 1 if found else 0


def tracked() -> set[str]:
    """The files that git knows, by their paths."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name for name in done.stdout.split("\0") if name and (ROOT / name).exists()}


def astray_in_wheel(wheel: Path) -> Iterator[str]:
    """What is missing in the wheel, and what has no business there."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    known = tracked()
    wanted = {name for name in known if name.startswith("anydsl/")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    more = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for source, place in more.items():
        inside = (name for name in known if name.startswith(f"{source}/"))
        wanted |= {place + name.removeprefix(source) for name in inside}
    yield from (f"the wheel lacks {name}" for name in sorted(wanted - names))
    yield from (f"{name} is in the wheel" for name in sorted(names - wanted))
    yield from (
        f"{name} is in the wheel" for name in sorted(names) if Path(name).suffix not in SHIPPED
    )


def missing_in_sdist(sdist: Path) -> Iterator[str]:
    """What is missing in the sdist, and what has no business there."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = {str(parent) for name in names for parent in Path(name).parents}
    names -= {*folders, "", "PKG-INFO"}
    yield from (f"the sdist lacks {name}" for name in sorted(tracked() - names))
    yield from (f"{name} is in the sdist" for name in sorted(names - tracked()))


def used(wheel: Path, extra: str, folder: Path) -> Iterator[str]:
    """What is wrong with the wheel where it is installed with an extra, and nothing else is."""
    folder.mkdir()
    place = folder / "venv"
    run([sys.executable, "-m", "venv", "--without-pip", str(place)], folder)
    wanted = f"anydsl[{extra}] @ {wheel.as_uri()}" if extra else str(wheel)
    python = str(place / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run([*pip, "install", "--quiet", wanted], folder)
    (folder / "net.anynet").write_text(NET)
    (folder / "study.anynet").write_text(NET + STUDY)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PATH"] = f"{place / 'bin'}{os.pathsep}{environment['PATH']}"

    def tried(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command.split(),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    (folder / "where.py").write_text("import anydsl; print(anydsl.__file__)")
    if not tried("python where.py").stdout.startswith(str(place)):
        yield "another anydsl was there"
    for command in EXTRAS[extra]:
        done = tried(command)
        if done.returncode:
            yield f"{command}: status {done.returncode}: {done.stdout}{done.stderr}"
    for command, words in WITHOUT.items() if not extra else ():
        done = tried(command)
        if done.returncode != 2 or words not in done.stderr or done.stderr.count("\n") != 1:
            yield f"{command}: status {done.returncode}: {done.stderr}"


def run(command: list[str], folder: Path) -> None:
    """Do what has to go well, quietly."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
