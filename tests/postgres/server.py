"""A PostgreSQL server of the tests: its own folder, a socket in it, and a port of 127.0.0.1."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
PASSWORD = "s3cret-of-the-tests"


class Server:
    """Whoever comes by the socket is trusted; whoever comes by the port needs the password."""

    def __init__(self):
        # Short: the path of a socket has at most 107 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mgpg", dir="/tmp"))
        # The server refuses to run as root; the package makes a user for it.
        self.as_user = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.data = self.folder / "data"
        self._run("initdb", "-D", self.data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8",
                  "--locale=C")
        hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (self.data / "pg_hba.conf").write_text(hba)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()
        self._run("createdb", "-h", self.folder, "-p", str(self.port), "-U", "tester", "tester")

    def _run(self, program, *words):
        done = subprocess.run([PROGRAMS / program, *words], capture_output=True, text=True, cwd="/",
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                              stdin=subprocess.DEVNULL, **self.as_user)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def start(self):
        options = (f"-k {self.folder} -c listen_addresses=127.0.0.1 -p {self.port} -c fsync=off "
                   "-c max_connections=20 -c shared_buffers=16MB -c timezone=Asia/Kathmandu")
        self._run("pg_ctl", "-D", self.data, "-l", self.folder / "log", "-o", options, "-w", "start")

    def stop(self):
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def close(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, database="tester", user="tester"):
        """By the socket."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def port_address(self, database="tester", user="tester"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"
