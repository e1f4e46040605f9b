"""`make run`'s runner: everything comes up, stays up, and goes down on one Ctrl-C."""

import http.client
import os
import pty
import signal
import socket
import sys
import time

from lio.run.child import Child, remains
from tests.ground.conftest import CHECKOUT, until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answer(port, path="/readyz"):
    """The status that the web server answers, or None when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def marked(folder, name):
    return [process.pid for process in remains(f"{folder}:{name}")]


def start(ground, port):
    ground.environment["LIO_PORT"] = str(port)
    return ground.popen("-m", "lio.run")


def test_it_comes_up_heals_and_stops_on_one_interrupt(fresh):
    port = free_port()
    runner = start(fresh, port)
    try:
        until(lambda: answer(port) == 200, seconds=100)

        second, _ = start(fresh, free_port()).communicate(timeout=60)
        assert "already runs from this folder" in second

        web, worker = marked(fresh.folder, "web"), marked(fresh.folder, "worker")
        assert web and worker
        os.kill(min(web), signal.SIGKILL)  # gunicorn's master; its workers must not live on beside the next one
        until(lambda: marked(fresh.folder, "web") and not set(web) & set(marked(fresh.folder, "web")))
        until(lambda: answer(port) == 200)
        fresh.kill("supervisor")
        until(lambda: fresh.status()["supervisor"])

        begun = time.monotonic()
        runner.send_signal(signal.SIGINT)
        output, _ = runner.communicate(timeout=60)
    finally:
        runner.kill()
    assert runner.returncode == 0, output
    assert time.monotonic() - begun < 30  # a second or two on a machine that does nothing else
    assert f"http://127.0.0.1:{port}/" in output
    assert output.rstrip().endswith("Stopped.")
    assert not marked(fresh.folder, "web") and not marked(fresh.folder, "worker")
    assert not fresh.status()["server"]

    # The second time everything is there already.
    runner = start(fresh, port)
    try:
        until(lambda: answer(port) == 200, seconds=60)
        runner.kill()  # even its remains are found and stopped
        assert "Migrating" not in runner.communicate()[0]  # nothing is done twice: that is what makes it quick
        fresh.popen("-m", "lio.run", "stop").communicate(timeout=60)
    finally:
        runner.kill()
    assert answer(port) is None
    assert not marked(fresh.folder, "web") and not marked(fresh.folder, "worker")
    assert not fresh.status()["server"]


def test_a_taken_port_is_named(fresh):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        runner = start(fresh, port)
        output, _ = runner.communicate(timeout=60)
    assert runner.returncode == 1
    assert f"port {port}" in output and "LIO_PORT=8001" in output


def test_a_child_that_dies_is_started_again_with_growing_pauses(tmp_path):
    child = Child("short", [sys.executable, "-c", "print('last words')"], tmp_path)
    child.start()
    child.process.wait()
    news = child.watch()
    assert "last words" in news and "starts again in 1 s" in news
    first = child.process.pid
    until(lambda: child.watch() is None and child.process.pid != first)
    child.process.wait()
    assert "starts again in 2 s" in child.watch()


def test_what_a_dead_child_forked_dies_with_it(tmp_path):
    code = (
        "import subprocess, time; subprocess.Popen(['sleep', '100'], start_new_session=True); "
        "print('up', flush=True); time.sleep(100)"
    )
    child = Child("parent", [sys.executable, "-c", code], tmp_path)
    child.start()
    until(lambda: len(remains(child.mark)) == 2 and "up" in child.end_of_log())
    child.process.kill()
    child.process.wait()
    child.kill_remains()
    until(lambda: not remains(child.mark), seconds=5)


def test_control_c_in_a_terminal_under_make_ends_with_exit_code_0(tmp_path):
    work = tmp_path / "work.py"
    work.write_text(
        "import signal, sys\n"
        "from lio.run.terminal import in_foreground\n"
        "def work():\n"
        "    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))\n"
        "    print('at work', flush=True)\n"
        "    while True: signal.pause()\n"
        "sys.exit(in_foreground(work))\n"
    )
    (tmp_path / "Makefile").write_text(f"run:\n\t@PYTHONPATH={CHECKOUT} {sys.executable} {work}\n\t@echo after\n")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("make", ["make", "-C", str(tmp_path), "run"])  # noqa: S606
    seen = read_until(terminal, b"at work")
    os.write(terminal, b"\x03")
    seen += read_until(terminal, b"after")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, seen


def read_until(terminal, word):
    seen = b""
    while word not in seen:
        seen += os.read(terminal, 1000)
    return seen
