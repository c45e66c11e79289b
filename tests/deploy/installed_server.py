"""A real `feedback run` behind a real proxy, both as processes of their own, for tests of the files in docs/deploy."""

from __future__ import annotations

import fcntl
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from click.testing import CliRunner
from requests.adapters import HTTPAdapter

from feedback.cli import main
from tests.conftest import missing

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
UNPACKED = ROOT / ".venv" / ".tools" / "debian"
"""Where `python3 dev.py test` unpacks programs without installing them: an installed one would be started."""
PASSWORD = "correct horse battery"
SIOCSIFADDR = 0x8916


def program(name: str) -> str:
    """The path of a program of Debian's, which the test cannot do without."""
    places = [UNPACKED / "usr" / "sbin" / name, UNPACKED / "usr" / "bin" / name]
    found = next((str(each) for each in places if each.exists()), shutil.which(name))
    if found is None:
        missing(f"{name} is not installed")
    return found


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def own_address() -> str:
    """An address of this machine that is not the loopback one, whose visitors no limit counts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        try:
            opened.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return _given_address(opened, "198.51.100.7")
        return str(opened.getsockname()[0])


def _given_address(opened: socket.socket, address: str) -> str:
    """Give a machine without a network a second address, as root may (netdevice(7))."""
    wanted = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton(address))
    try:
        fcntl.ioctl(opened, SIOCSIFADDR, wanted)
    except OSError:
        missing("this machine has no network")
    return address


@dataclass
class Site:
    """The installation, its public address, and the certificate of its proxy."""

    instance: Path
    environ: Mapping[str, str]
    url: str
    port: int
    backend: int
    certificate: Path

    def feedback(self, *arguments: str) -> str:
        """The output of a command, in this process, because each new one takes a second."""
        done = CliRunner(env=self.environ).invoke(main, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    def visitor(self, address: str = "127.0.0.1") -> requests.Session:
        """Somebody whose connection comes from `address`."""
        session = requests.Session()
        session.verify = str(self.certificate)
        session.trust_env = False
        session.mount("https://", _From(address))
        return session


class _From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **kwargs)  # type: ignore[arg-type]


@contextmanager
def running(command: list[str], environ: Mapping[str, str], until: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has written a line with `until`; afterwards it is told to stop, and waited for."""
    process = subprocess.Popen(
        command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    assert process.stdout
    rest = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    try:
        for line in process.stdout:
            lines.append(line)
            if until in line:
                break
        else:
            raise AssertionError("".join(lines))
        rest.start()
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if rest.ident:
            rest.join()  # it reads to the end of the pipe, which comes with the end of the process
        process.stdout.close()
