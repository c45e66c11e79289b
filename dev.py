#!/usr/bin/env python3
"""The commands of the README. They need only Python 3.8 or newer.

    python3 dev.py demo [ARGS]        try the product with made-up customers
    python3 dev.py test [PYTEST ARGS] every check; with arguments only pytest, with these
    python3 dev.py bench NAME [ARGS]  a measurement from tests/benchmarks
    python3 dev.py run COMMAND ...    a program of the environment, e.g. `run feedback doctor`
    python3 dev.py docs               generate the pages of docs/ that are made from code
    python3 dev.py lock [--upgrade]   generate the lock files
    python3 dev.py audit              check the dependencies: withdrawn releases, hashes, licences
    python3 dev.py sbom [FILE]        write the bill of materials (CycloneDX), default sbom.cdx.json
    python3 dev.py image FILE         build the OCI image (on Debian; without a daemon and without being root)

Each command first creates `.venv` from the lock file if it does not exist.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
TOOLS = ROOT / ".venv" / ".tools"
STAMP = VENV / ".installed"
RUN_LOCK, DEV_LOCK = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
COMPILE = [
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--generate-hashes",
    "--no-header",
    "--python-version=3.11",
]
GENERATED = {
    "docs/settings.md": ["-m", "feedback.settings"],
    "docs/personal-data.md": ["-m", "feedback.services.privacy.reference"],
    "docs/gallery.md": ["-m", "feedback.services.questionnaires.gallery_page"],
}
WRITERS = [
    "feedback.lint.pages",
    "feedback.lint.document.json_schema",
]  # write docs/rules/ and docs/schema/ themselves
BROWSER_PACKAGES = ["chromium", "fonts-noto-core"]  # Noto has the letters of Persian and Arabic
SYSTEMD = ["systemd"]  # its program that rates a unit
PROXIES = ["nginx", "caddy"]  # unpacked and not installed, because Debian starts what it installs
PROGRAMS = TOOLS / "debian"
NODE_PACKAGES = ["nodejs", "npm"]  # for the program that enforces Twilio's contract


def main(arguments: list[str]) -> int:
    commands = {
        "demo": demo,
        "test": test,
        "bench": bench,
        "run": run_tool,
        "docs": docs,
        "lock": lock,
        "audit": audit,
        "sbom": sbom,
        "image": image,
    }
    if not arguments or arguments[0] not in commands:
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    os.chdir(ROOT)
    return commands[arguments[0]](arguments[1:])


def demo(arguments: list[str]) -> int:
    install(RUN_LOCK)
    return call([BIN / "feedback", "demo", *arguments])


def test(arguments: list[str]) -> int:
    install(DEV_LOCK)
    install_programs()
    if arguments:
        return call([BIN / "pytest", *arguments])
    failed = [name for name, command in checks() if not passes(name, command)]
    failed += ["withdrawn releases"] if withdrawn() else []
    print("All checks passed." if not failed else f"Failed: {', '.join(failed)}.", flush=True)
    return 1 if failed else 0


def checks() -> list[tuple[str, list[str | Path]]]:
    """Cheap ones first: they fail within seconds."""
    found: list[tuple[str, list[str | Path]]] = [
        ("ruff check", [BIN / "ruff", "check"]),
        ("ruff format", [BIN / "ruff", "format", "--check"]),
        ("import-linter", [BIN / "lint-imports"]),
        ("mypy", [BIN / "mypy"]),
    ]
    if any((ROOT / "templates").rglob("*.html")):
        found.append(("djlint", [BIN / "djlint", "--lint", "--quiet", "templates"]))
    return [*found, ("pytest", [BIN / "pytest", "-n", "2", "--dist", "worksteal", *coverage()])]


def coverage() -> list[str]:
    """Only where no test may be skipped is the share of the code that they run worth a floor (see pyproject.toml), and
    only there may the tests take longer for it: on Python 3.11 half as much computing again."""
    return ["--cov", "--cov-report=term"] if os.environ.get("CI") == "true" else []


def passes(name: str, command: list[str | Path]) -> bool:
    print(f"== {name}", flush=True)
    return call(command) == 0


def bench(arguments: list[str]) -> int:
    if not arguments:
        names = sorted(path.stem for path in (ROOT / "tests" / "benchmarks").glob("[a-z]*.py"))
        print(f"Name one of: {', '.join(names) or 'there is none yet'}")
        return 2
    install(DEV_LOCK)
    return call([BIN / "python", "-m", f"tests.benchmarks.{arguments[0]}", *arguments[1:]])


def run_tool(arguments: list[str]) -> int:
    install(DEV_LOCK)
    return call([BIN / arguments[0], *arguments[1:]] if arguments else [BIN / "python"])


def docs(_: list[str]) -> int:
    install(DEV_LOCK)
    for page, command in GENERATED.items():
        made = subprocess.run([BIN / "python", *command], check=True, stdout=subprocess.PIPE)
        (ROOT / page).write_bytes(made.stdout)
    for module in WRITERS:
        subprocess.run([BIN / "python", "-m", module], check=True, cwd=ROOT)
    return 0


def lock(arguments: list[str]) -> int:
    """The development lock repeats the running one's versions, so that what is tested is what runs."""
    uv = find_uv()
    runtime = [*uv, *COMPILE, "pyproject.toml", "--extra", "postgres", "--extra", "sso", *arguments]
    develop = [*runtime, "--group", "dev", "--constraints", RUN_LOCK.name]
    return call([*runtime, "-o", RUN_LOCK.name]) or call([*develop, "-o", DEV_LOCK.name])


def audit(_: list[str]) -> int:
    install(DEV_LOCK)
    return withdrawn() or call([BIN / "pytest", "-q", "tests/test_supply_chain.py"])


def withdrawn() -> int:
    """Print the locked releases that their authors have withdrawn; their number."""
    print("== withdrawn releases", flush=True)
    warnings = [warning for each in (RUN_LOCK, DEV_LOCK) for warning in yanked(each)]
    for warning in warnings:
        print(warning)
    return len(warnings)


def yanked(lock_file: Path) -> list[str]:
    """The warnings of the package registry about locked releases that their authors have withdrawn."""
    again = [*COMPILE, "--no-deps", "--no-annotate", lock_file.name]
    asked = [each for each in again if each not in ("--quiet", "--generate-hashes")]
    done = subprocess.run(
        [*find_uv(), *asked], env=environment(), check=False, capture_output=True, text=True
    )
    if done.returncode == 0:
        return sorted({line for line in done.stderr.splitlines() if " is yanked" in line})
    if os.environ.get("CI") == "true":
        return [f"The package registry could not be asked about {lock_file.name}: {done.stderr.strip()}"]
    print(f"Not checked for withdrawn releases, because the registry cannot be reached: {lock_file.name}")
    return []


def sbom(arguments: list[str]) -> int:
    """The same on every machine: it is made from the lock, without times and random numbers."""
    install(DEV_LOCK)
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--of", "JSON", "--sv", "1.6"]
    target = arguments[0] if arguments else "sbom.cdx.json"
    # The tool warns that a list of requirements has no graph; python -W leaves other warnings alone.
    quiet = ["-W", "ignore:The Component this BOM is describing:UserWarning"]
    return call(
        [BIN / "python", *quiet, "-m", "cyclonedx_py", "requirements", RUN_LOCK, *options, "-o", target]
    )


def image(arguments: list[str]) -> int:
    """Its Python has to be of the version of Debian's, whose files it compiles."""
    if len(arguments) != 1:
        print("Name the file of the image: python3 dev.py image FILE")
        return 2
    install(DEV_LOCK)
    return call([BIN / "python", ROOT / "docs" / "deploy" / "image.py", arguments[0], *find_uv()])


def install(lock_file: Path) -> None:
    """Make `.venv` from the lock, if what is there was made from another one."""
    wanted = stamp_of(lock_file)
    present = STAMP.read_text().split() if STAMP.exists() else []
    # The development lock contains everything that running needs.
    if wanted == present or (lock_file == RUN_LOCK and present == stamp_of(DEV_LOCK)):
        return
    uv = find_uv()
    if not (BIN / "python").exists():
        require([*uv, "venv", "--quiet", "--allow-existing", "--python", ">=3.11", VENV])
    into = ["--quiet", "--python", BIN / "python"]
    require([*uv, "pip", "sync", *into, "--compile-bytecode", "--require-hashes", lock_file])
    require([*uv, "pip", "install", *into, "--no-deps", "-e", "."])
    STAMP.write_text(" ".join(wanted))


def stamp_of(lock_file: Path) -> list[str]:
    return [fingerprint(each) for each in (lock_file, ROOT / "pyproject.toml")]


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def find_uv() -> list[str | Path]:
    """Find or install uv: from the PATH, our own venv, pip, or Debian's packages."""
    known = shutil.which("uv")
    if known:
        return [known]
    private = TOOLS / "bin" / "uv"
    if private.exists():
        return [private]
    print("Fetching uv, which installs everything else ...", flush=True)
    if uv_by_venv() or uv_by_pip() or (debian_root() and apt_install(["python3-venv"]) and uv_by_venv()):
        return [private]
    sys.exit("uv cannot be installed: install uv, pip or your system's package python3-venv, then try again.")


def uv_by_venv() -> bool:
    attempt = TOOLS / "venv"
    if not quiet([sys.executable, "-m", "venv", "--clear", attempt]):
        shutil.rmtree(attempt, ignore_errors=True)
        return False
    return uv_with([attempt / "bin" / "python", "-m", "pip"])


def uv_by_pip() -> bool:
    return quiet([sys.executable, "-m", "pip", "--version"]) and uv_with([sys.executable, "-m", "pip"])


def uv_with(pip: list[str | Path]) -> bool:
    return quiet([*pip, "install", "--quiet", "--target", TOOLS, "uv"]) and (TOOLS / "bin" / "uv").exists()


def install_programs() -> None:
    """Some tests need Chromium or npm. Where these cannot be installed they are reported as skipped."""
    if not debian_root():
        return
    wanted = {
        "Chromium for the browser tests": []
        if quiet(["dpkg", "-s", *BROWSER_PACKAGES])
        else BROWSER_PACKAGES,
        "npm for the test of Twilio's contract": [] if shutil.which("npm") else NODE_PACKAGES,
        "systemd for the test of its unit": [] if shutil.which("systemd-analyze") else SYSTEMD,
    }
    for what, packages in wanted.items():
        if packages:
            print(f"Installing {what} ...", flush=True)
            if not apt_install(packages):
                print("That did not work.", flush=True)
    unpack_proxies()


def unpack_proxies() -> None:
    """The programs of the tests of docs/deploy, which need nothing that Debian's Python does not need, too."""
    missing = [name for name in PROXIES if not (PROGRAMS / "unpacked" / name).exists()]
    if not missing or not debian_root():
        return
    print(f"Unpacking {' and '.join(missing)} ...", flush=True)
    quiet(["apt-get", "update", "-qq"])
    place = PROGRAMS / "unpacked"
    place.mkdir(parents=True, exist_ok=True)
    for name in missing:
        done = subprocess.run(
            ["apt-get", "download", "-qq", name], cwd=place, check=False, capture_output=True
        )
        for archive in place.glob(f"{name}_*.deb") if done.returncode == 0 else ():
            if quiet(["dpkg-deb", "-x", archive, PROGRAMS]):
                (place / name).touch()
            archive.unlink()


def debian_root() -> bool:
    return Path("/etc/debian_version").exists() and hasattr(os, "geteuid") and os.geteuid() == 0


def apt_install(packages: list[str]) -> bool:
    quiet(["apt-get", "update", "-qq"])
    return quiet(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages])


def call(command: list[str | Path]) -> int:
    return subprocess.run(command, env=environment(), check=False).returncode


def require(command: list[str | Path]) -> None:
    if call(command) != 0:
        sys.exit(f"This did not work: {' '.join(map(str, command))}")


def quiet(command: list[str | Path]) -> bool:
    done = subprocess.run(
        command, env=environment(), check=False, stdin=subprocess.DEVNULL, capture_output=True
    )
    return done.returncode == 0


def environment() -> dict[str, str]:
    """The caller's, without what would lead the tools to another Python than `.venv`'s, or would make every program
    compile all of its modules again before it starts."""
    unwanted = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    kept = {key: value for key, value in os.environ.items() if key not in unwanted}
    kept.setdefault("HOME", str(TOOLS))
    # A company's proxy may use a certificate that only the system's store contains.
    kept.setdefault("UV_SYSTEM_CERTS", "1")
    return {**kept, "VIRTUAL_ENV": str(VENV), "DEBIAN_FRONTEND": "noninteractive"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
