"""The supervisor restarts what dies, says so once, and ends everything with itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config.embedded import free_port
from config.preflight import CannotStart, only_one, read_places, require_port
from config.processes import Program
from config.supervisor import Supervisor
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

SLEEPER = ("sleep", "600")


def _program(tmp_path: Path, *command: str, name: str = "sleeper", patience: float = 5.0) -> Program:
    return Program(
        name=name,
        command=command or SLEEPER,
        log=tmp_path / f"{name}.log",
        environment={"PATH": os.environ["PATH"], "MARK": str(tmp_path)},
        patience=patience,
    )


def _marked(mark: Path) -> set[int]:
    """Find the living processes whose environment carries the mark."""
    found = set()
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            state = (directory / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and str(mark).encode() in (directory / "environ").read_bytes():
                found.add(int(directory.name))
        except OSError:
            continue
    return found


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(say=said.append)
    yield supervisor
    supervisor.stop()


def test_a_killed_child_comes_back_after_one_line(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    first = supervisor.start(_program(tmp_path))
    first.send_signal(signal.SIGKILL)
    first.wait()

    def is_back() -> bool:
        supervisor.look_after()
        return bool(_marked(tmp_path))

    until(is_back)
    assert _marked(tmp_path) != {first.pid}
    assert said == [
        f"The sleeper ended (signal 9); restarting it in 0.5 s, its log is {tmp_path / 'sleeper.log'}"
    ]


def test_a_child_that_keeps_dying_waits_longer_each_time(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    supervisor.start(_program(tmp_path, "false"))

    def died_three_times() -> bool:
        supervisor.look_after()
        return len(said) == 3

    until(died_three_times)
    assert [line.split("restarting it in ")[1].split(" s")[0] for line in said] == ["0.5", "1", "2"]


def test_what_a_child_left_behind_ends_with_it(supervisor: Supervisor, tmp_path: Path) -> None:
    """A master that is killed cannot end its workers; the supervisor does."""
    master = supervisor.start(_program(tmp_path, "sh", "-c", "sleep 601 & sleep 602 & wait"))
    until(lambda: len(_marked(tmp_path)) == 3)
    master.send_signal(signal.SIGKILL)
    master.wait()
    assert len(_marked(tmp_path)) == 2
    supervisor.look_after()
    until(lambda: not _marked(tmp_path))


def test_stop_ends_even_those_who_do_not_listen(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(_program(tmp_path))
    stubborn = _program(
        tmp_path, "sh", "-c", "trap '' TERM; echo deaf; sleep 603 & wait", name="deaf", patience=0.5
    )
    supervisor.start(stubborn)
    until(lambda: stubborn.log.exists() and "deaf" in stubborn.log.read_text())
    supervisor.stop()
    assert _marked(tmp_path) == set()


def test_children_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    """SIGKILL of the supervisor leaves no orphan: the kernel tells each child."""
    source = (
        "import sys, time; from pathlib import Path; from config.processes import Program\n"
        "Program(name='x', command=('sleep', '604'), log=Path(sys.argv[1]) / 'x.log',"
        " environment={'MARK': sys.argv[1], 'PATH': '/usr/bin:/bin'}).start()\n"
        "print('started', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", source, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"started\n"
        assert len(_marked(tmp_path)) == 1
        holder.kill()
    until(lambda: not _marked(tmp_path))


def test_a_busy_port_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart) as caught:
            require_port(port, name="SIM_PORT", patience=0.0)
    assert (
        str(caught.value)
        == f"port {port} is taken; choose another one, such as `SIM_PORT={port + 1} make demo`."
    )
    require_port(free_port(), name="PORT", patience=0.0)


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8 000"])
def test_a_wrong_port_is_refused_before_anything_starts(port: str) -> None:
    with pytest.raises(CannotStart, match=r"PORT is .* must be a number from 1 to 65535"):
        read_places({"PORT": port})


def test_places_come_from_the_environment(tmp_path: Path) -> None:
    places = read_places({"PORT": "8001", "SIM_PORT": "8181", "VAR_DIR": str(tmp_path)})
    assert (places.url, places.simulator_url, places.var_dir) == (
        "http://127.0.0.1:8001",
        "http://127.0.0.1:8181",
        tmp_path,
    )
    assert read_places({"PORT": "", "VAR_DIR": ""}).url == "http://127.0.0.1:8000"


def test_one_directory_serves_one_demo(tmp_path: Path) -> None:
    with (
        only_one(tmp_path) as followed_a_kill,
        pytest.raises(CannotStart, match="another demo is using"),
        only_one(tmp_path),
    ):
        raise AssertionError("two demos in one directory")
    assert followed_a_kill is False
    with only_one(tmp_path) as followed_a_kill:
        assert followed_a_kill is False
    (tmp_path / "demo.lock").write_text("4711")
    with only_one(tmp_path) as followed_a_kill:
        assert followed_a_kill is True
