"""The OCI image: put together without a daemon, the same each time, and it starts as a user who owns nothing."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import missing
from tests.deploy.installed_server import DEPLOY, ROOT


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("image", DEPLOY / "image.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Image:
    """An image in its file, read as its specification says."""

    def __init__(self, file: Path) -> None:
        with tarfile.open(file) as archive:
            self.files = {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]
        (self.entry,) = json.loads(self.files["index.json"])["manifests"]
        self.manifest = json.loads(self.blob(self.entry))
        self.config = json.loads(self.blob(self.manifest["config"]))

    def blob(self, described: dict[str, Any]) -> bytes:
        content = self.files["blobs/" + described["digest"].replace(":", "/")]
        assert len(content) == described["size"]
        assert "sha256:" + hashlib.sha256(content).hexdigest() == described["digest"]
        return content

    def layers(self) -> list[bytes]:
        return [gzip.decompress(self.blob(each)) for each in self.manifest["layers"]]


def tree(place: Path, names: list[str]) -> Path:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
        (place / name).chmod(0o600)
    (place / "var/lib/feedback").mkdir(parents=True)
    (place / "link").symlink_to("b/one")
    return place


def test_two_builds_of_the_same_files_are_the_same_image(builder: ModuleType, tmp_path: Path) -> None:
    """Although they were made in another order, at another time, with other rights."""
    names = ["b/one", "a/two", "z"]
    first, second = tree(tmp_path / "1", names), tree(tmp_path / "2", names[::-1])
    os.utime(second / "z", (1, 1))
    (second / "z").chmod(0o644)
    digests = [
        builder.write(tmp_path / f"{each.name}.tar", [builder.layer(each)]) for each in (first, second)
    ]
    assert digests[0] == digests[1]
    assert (tmp_path / "1.tar").read_bytes() == (tmp_path / "2.tar").read_bytes()
    (first / "z").write_text("other")
    assert builder.write(tmp_path / "3.tar", [builder.layer(first)]) != digests[0]


def test_an_image_is_what_its_digests_say_and_its_user_owns_one_directory(
    builder: ModuleType, tmp_path: Path
) -> None:
    made = builder.write(tmp_path / "image.tar", [builder.layer(tree(tmp_path / "tree", ["a/b"]))])
    image = Image(tmp_path / "image.tar")
    assert image.entry["digest"] == made
    (layer,) = image.layers()
    assert image.config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer).hexdigest()]
    assert image.config["config"]["User"] == "65532:65532"
    with tarfile.open(fileobj=io.BytesIO(layer)) as content:
        owned = {each.name: oct(each.mode) for each in content if each.uid == 65532}
        assert owned == {"var/lib/feedback": "0o700"}
        assert {each.mtime for each in content} == {0}
    (loaded,) = json.loads(image.files["manifest.json"])
    assert {loaded["Config"], *loaded["Layers"]} <= image.files.keys()


@pytest.fixture(scope="module")
def started(builder: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root of a container: the layers of a real image, one over the other."""
    if not Path("/etc/debian_version").exists() or os.geteuid() != 0:
        missing("only root on Debian can change its root")
    place = tmp_path_factory.mktemp("image")
    uv = shutil.which("uv") or str(ROOT / ".venv" / ".tools" / "bin" / "uv")
    if not Path(uv).exists():
        missing("uv is not installed")
    builder.LEVEL = 1  # type: ignore[attr-defined]  # a fast one
    assert builder.main([str(place / "feedback.tar"), uv]) == 0
    root = place / "root"
    for layer in Image(place / "feedback.tar").layers():
        with tarfile.open(fileobj=io.BytesIO(layer)) as content:
            content.extraction_filter = lambda member, _: member  # we have made it ourselves
            content.extractall(root)
    yield root
    shutil.rmtree(root)


def run(root: Path, builder: ModuleType, *arguments: str) -> str:
    """The output of a command in the container, as its user and with its environment."""
    environ = dict(each.split("=", 1) for each in builder.configuration([])["config"]["Env"])
    entry = builder.configuration([])["config"]["Entrypoint"]
    command = ["chroot", f"--userspec={builder.USER}:{builder.USER}", str(root), *entry, *arguments]
    done = subprocess.run(
        command,
        env={**environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.uncounted
def test_the_image_starts_without_anything_of_this_machine(started: Path, builder: ModuleType) -> None:
    assert run(started, builder, "--version").startswith("feedback, version ")
    made = run(started, builder, "init", "--name", "Acme", "--public-url", "https://s.example.com")
    assert "/var/lib/feedback/feedback.toml" in made
    assert "Wrote" in run(started, builder, "support-bundle", "/var/lib/feedback/bundle.zip")
    written = [each for each in started.rglob("*") if each.lstat().st_uid == builder.USER]
    assert written
    assert all(each.is_relative_to(started / "var/lib/feedback") for each in written)
    assert not (started / "usr/bin/sh").exists()
