#!/usr/bin/env python3
"""Builds the OCI image of feedback with the standard library, without a daemon and without being root.

    python3 dev.py image FILE

The image has three layers: Python and the libraries that it needs, from the packages of the Debian that builds it; the
locked packages of requirements.lock; the product. There is no shell and no package manager in it. Names, order, owners,
modes and times in it depend on nothing but the content: from the same Debian packages and the same source, every build
has the same digest, which is printed. `docker load`, `podman load` and `skopeo` read the file.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "image"
LEVEL = 6
"""Of the compression."""
USER = 65532
"""The user of the program, who owns nothing but /var/lib/feedback; by custom "nonroot" in images without a shell."""
PACKAGES = ["libstdc++6", "ca-certificates", "netbase"]
"""What Python's own dependencies do not bring: wheels need the first, mail servers' certificates the second."""
LEFT_OUT = re.compile(
    r"perl.*|libperl.*|dpkg|tar|install-info|mailcap|mime-support|readline-common|lib(md0|acl1|selinux1|pcre2-8-0|gdbm.*)"
)
"""Packages that others name only for their installation."""
KEPT = re.compile(
    r"usr/(bin|lib|lib64|sbin|share/(ca-certificates|doc/[^/]+/copyright))(/|$)|etc/(protocols|services)$"
)
LIBRARIES = "opt/feedback/lib"
"""The folder of the locked packages; the product is beside it, in a layer of its own."""
PRODUCT = "opt/feedback/product"
INSTANCE = "var/lib/feedback"

# `name: (mode, owner)` of what is not 0755 or 0644 of root
SPECIAL = {"tmp": (0o1777, 0), INSTANCE: (0o700, USER)}


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    target, uv = Path(arguments[0]).resolve(), arguments[1]
    layers = [layer(each) for each in (system(), libraries(uv), product(uv))]
    digest = write(target, layers)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB, digest {digest}")
    return 0


def system() -> Path:
    """The tree of the first layer."""
    tree = fresh("system")
    for name in ("bin", "lib", "lib64", "sbin"):
        (tree / name).symlink_to(f"usr/{name}")
        (tree / "usr" / name).mkdir(parents=True)
    for archive in downloaded(closure()):
        unpacked = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", archive], check=True, stdout=subprocess.PIPE
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as content:
            for member in content:
                place(content, member, tree)
    certificates = sorted((tree / "usr/share/ca-certificates").rglob("*.crt"))
    (tree / "etc/ssl/certs").mkdir(parents=True)
    (tree / "etc/ssl/certs/ca-certificates.crt").write_bytes(
        b"".join(each.read_bytes() for each in certificates)
    )
    (tree / "usr/bin/python3").unlink(missing_ok=True)
    (tree / "usr/bin/python3").symlink_to(python())
    users = f"root:x:0:0:root:/:/sbin/nologin\nfeedback:x:{USER}:{USER}:feedback:/{INSTANCE}:/sbin/nologin\n"
    (tree / "etc/passwd").write_text(users)
    (tree / "etc/group").write_text(f"root:x:0:\nfeedback:x:{USER}:\n")
    for name in ("tmp", INSTANCE, "proc", "dev", "sys", "run"):
        (tree / name).mkdir(parents=True)
    return tree


@cache
def python() -> str:
    """The name of Debian's Python, such as python3.11."""
    told = apt_cache("depends", "python3-minimal")
    return re.findall(r"(python3\.\d+)-minimal", told)[0]


def closure() -> list[str]:
    """The packages of the first layer."""
    weak = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    needed = [f"{python()}-minimal", f"lib{python()}-stdlib"]
    told = apt_cache("depends", "--recurse", *(f"--no-{each}" for each in weak), *needed)
    found = {line for line in told.splitlines() if line[:1].isalnum()}
    return sorted({*(each for each in found if not LEFT_OUT.fullmatch(each)), *PACKAGES})


def apt_cache(*arguments: str) -> str:
    return subprocess.run(["apt-cache", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def downloaded(packages: list[str]) -> list[Path]:
    """The archives of these packages in the versions that are the newest here; apt checks their signatures."""
    place = WORK / "packages"
    place.mkdir(parents=True, exist_ok=True)
    told = apt_cache("show", "--no-all-versions", *packages)
    versions = re.findall(r"^Package: (.*)\n(?:.+\n)*?Version: (.*)$", told, re.MULTILINE)
    wanted = [(name, version, f"{name}_{version.replace(':', '%3a')}_*.deb") for name, version in versions]
    absent = [f"{name}={version}" for name, version, file in wanted if not list(place.glob(file))]
    if absent:
        subprocess.run(["apt-get", "download", "-qq", *absent], cwd=place, check=True)
    return sorted(found for _, _, file in wanted for found in place.glob(file))


def place(content: tarfile.TarFile, member: tarfile.TarInfo, tree: Path) -> None:
    """Put one file of a package where it belongs today: /lib is /usr/lib."""
    name = member.name.removeprefix("./")
    if re.match(r"(bin|lib|lib64|sbin)/", name):
        name = f"usr/{name}"
    if not KEPT.match(name) or member.isdir():
        return
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if member.issym():
        path.symlink_to(member.linkname)
    elif member.islnk():
        linked = member.linkname.removeprefix("./")
        shutil.copy(tree / (f"usr/{linked}" if not linked.startswith("usr/") else linked), path)
    elif source := content.extractfile(member):
        path.write_bytes(source.read())
        path.chmod(member.mode & 0o755 | 0o644)


def libraries(uv: str) -> Path:
    """The tree of the second layer: exactly what the lock file names, with its hashes."""
    tree = fresh("libraries")
    install(uv, tree / LIBRARIES, "--require-hashes", "-r", str(ROOT / "requirements.lock"))
    return tree


def product(uv: str) -> Path:
    """The tree of the third layer."""
    tree, wheels = fresh("product"), fresh("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", wheels],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    install(uv, tree / PRODUCT, *map(str, wheels.glob("*.whl")))
    return tree


def install(uv: str, place: Path, *what: str) -> None:
    """Install wheels into a folder, without what depends on the machine, and compiled so that no time is in it."""
    version = python().removeprefix("python")
    command = [uv, "pip", "install", "--quiet", "--target", place, "--python-version", version, "--no-deps"]
    subprocess.run([*command, *what], check=True, cwd=ROOT)
    shutil.rmtree(place / "bin", ignore_errors=True)
    (place / ".lock").unlink(missing_ok=True)
    for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"):
        for each in place.glob(f"*.dist-info/{name}"):
            each.unlink()
    for each in list(place.rglob("__pycache__")):
        shutil.rmtree(each)
    inside = "/" + str(place.relative_to(WORK)).split("/", 1)[1]
    compile_all = [
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        place,
        "-p",
        inside,
        place,
    ]
    subprocess.run(
        [compiler(), *compile_all],
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL,
    )  # a package may bring a template that is no Python, which is no failure


def compiler() -> str:
    """A Python of the image's version: another one's compiled files would not be read."""
    same = f"python{sys.version_info.major}.{sys.version_info.minor}" == python()
    return sys.executable if same else f"/usr/bin/{python()}"


def layer(tree: Path) -> bytes:
    """The tree as a tar archive in which nothing depends on when and by whom it was made."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(tree.rglob("*")):
            add(archive, path, path.relative_to(tree).as_posix())
    return packed.getvalue()


def add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    entry = tarfile.TarInfo(name)
    runs = path.is_dir() or bool(path.stat().st_mode & 0o100) if not path.is_symlink() else True
    entry.mode, owner = SPECIAL.get(name, (0o755 if runs else 0o644, 0))
    entry.uid = entry.gid = owner
    if path.is_symlink():
        entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
        archive.addfile(entry)
    elif path.is_dir():
        entry.type = tarfile.DIRTYPE
        archive.addfile(entry)
    else:
        content = path.read_bytes()
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))


def write(target: Path, layers: list[bytes]) -> str:
    """Write the image (OCI image layout 1.0 in a tar archive, with the list that `docker load` reads). Its digest."""
    packed = [gzip.compress(each, LEVEL, mtime=0) for each in layers]
    config = encoded(configuration(layers))
    parts = [("application/vnd.oci.image.layer.v1.tar+gzip", each) for each in packed]
    manifest = encoded(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": described("application/vnd.oci.image.config.v1+json", config),
            "layers": [described(kind, content) for kind, content in parts],
        }
    )
    name = {
        "org.opencontainers.image.ref.name": "feedback:latest",
        "io.containerd.image.name": "docker.io/library/feedback:latest",
    }
    entry = described("application/vnd.oci.image.manifest.v1+json", manifest) | {"annotations": name}
    loaded = [
        {"Config": blob(config), "RepoTags": ["feedback:latest"], "Layers": [blob(each) for each in packed]}
    ]
    files = {
        "oci-layout": encoded({"imageLayoutVersion": "1.0.0"}),
        "index.json": encoded({"schemaVersion": 2, "manifests": [entry]}),
        "manifest.json": encoded(loaded),
        **{blob(each): each for each in (*packed, config, manifest)},
    }
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:
        for path, content in sorted(files.items()):
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
    return digest_of(manifest)


def configuration(layers: list[bytes]) -> dict[str, object]:
    """How a container of this image is started."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    environ = [
        "PATH=/usr/bin", f"PYTHONPATH=/{PRODUCT}:/{LIBRARIES}", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1",
        "LANG=C.UTF-8", f"HOME=/{INSTANCE}", f"FEEDBACK_INSTANCE=/{INSTANCE}",
    ]  # fmt: skip
    return {
        "architecture": machine,
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "User": f"{USER}:{USER}",
            "Env": environ,
            "Entrypoint": ["/usr/bin/python3", "-m", "feedback.cli"],
            "Cmd": ["run"],
            "WorkingDir": f"/{INSTANCE}",
            "ExposedPorts": {"8080/tcp": {}},
            "Volumes": {f"/{INSTANCE}": {}},
            "StopSignal": "SIGTERM",
            "Labels": {
                "org.opencontainers.image.title": "feedback",
                "org.opencontainers.image.licenses": "Apache-2.0",
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [digest_of(each) for each in layers]},
    }


def fresh(name: str) -> Path:
    place = WORK / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def encoded(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def described(kind: str, content: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def blob(content: bytes) -> str:
    return "blobs/sha256/" + hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
