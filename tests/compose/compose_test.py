"""Builds the image, brings compose.yaml up, and does to it what a deployment goes through: the demo, scaling, a killed
replica, a rolling restart. Then takes it down and looks that nothing is left.

    compose_test.py [--prebuilt]

--prebuilt: the image takes the binaries of build/release, which needs Debian 12, instead of compiling them again.
Uses the engine that answers `docker info`, else one that with-docker runs (beside the repository, or named by
$WITH_DOCKER). Exits with 77 where none is to be had; under CI=true that is a failure.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from audience_run import AudienceRun
from people import write_people
from project import SERVICES, STATEFUL, STATELESS, Failed, Project, run, until

SKIPPED = 77
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CUSTOMERS = 20000
REPLICAS = 3
# New replicas are found when connections have grown too old: within their maximum age, and no later than this.
FOUND_WITHIN = 30


def skip(why):
    print(f"SKIPPED: {why}", flush=True)
    sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


def say(text):
    print(text, flush=True)


class Stopwatch:
    def __init__(self):
        self.last = time.monotonic()

    def lap(self, what):
        now = time.monotonic()
        say(f"{now - self.last:7.1f} s  {what}")
        self.last = now


# ---- Before there is an engine ----

def build_here(prebuilt):
    """What the test itself calls; and the image's binaries, where it takes those of this machine."""
    targets = ["campaignctl", "shop"] + (["installed"] if prebuilt else [])
    run(os.path.join(ROOT, "tools/build"), "release", *targets)
    staged = os.path.join(ROOT, "build/image")
    shutil.rmtree(staged, ignore_errors=True)
    if prebuilt:
        run("cmake", "--install", os.path.join(ROOT, "build/release"), "--prefix", "/usr/local", "--strip",
            env={**os.environ, "DESTDIR": staged})


def engine_answers():
    try:
        return all(subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
                   for command in (["docker", "info"], ["docker", "compose", "version"]))
    except OSError:
        return False


def run_within_engine(arguments):
    """This script again, where docker works; its status."""
    inner = [sys.executable, os.path.abspath(__file__), "--inside", *arguments]
    if engine_answers():
        return subprocess.run(inner).returncode
    with_docker = os.environ.get("WITH_DOCKER", os.path.join(ROOT, "../shared/tools/docker-box/with-docker"))
    if not os.access(with_docker, os.X_OK):
        skip(f"no engine answers `docker info`, and there is no {with_docker} to run one")
    status = subprocess.run([with_docker, *inner]).returncode
    if status == SKIPPED:
        skip("no engine is to be had")
    return status


# ---- What is tested ----

def table(title, before, after):
    say(f"\n           {title}")
    for name in after:
        say(f"             {name:<16} {after[name] - before.get(name, 0):>6,} calls")
    say("")


def check_demo(project):
    output = run(os.path.join(ROOT, "tools/demo"), "--compose", "--built", "--base_port", str(project.base_port),
                 env=project.env)
    if "hero-vip: DELIVERED" not in output or "Message-ID:" not in output:
        raise Failed("the demo told no story:\n" + output)


def check_second_processes_are_refused(project):
    """On the volume of a process that runs."""
    for service in STATEFUL:
        status, output = project.compose("run", "--rm", "--no-deps", "-T", service, check=False)
        if status == 0 or "another process owns" not in output:
            raise Failed(f"a second {service}: exit {status}\n{output}")
    say("           " + [line for line in output.split("\n") if "another process owns" in line][0])


def check_scaling(project, watch):
    before = project.calls(*STATELESS)
    audience = AudienceRun(project, CUSTOMERS // 4)
    watch.lap(f"run {audience.name}: {audience.expect_each_delivered_once()}")
    table("calls of that run, before scaling:", before, project.calls(*STATELESS))

    audiences = [AudienceRun(project, CUSTOMERS)]
    audiences[0].await_delivered(percent=5)
    project.compose("up", "--detach", "--no-recreate", *(f"--scale={service}={REPLICAS}" for service in STATELESS))
    for service in STATELESS:
        for container in project.containers(service).values():
            project.wait_until_serving(container)
    watch.lap(f"scaled to {REPLICAS} replicas each, in the middle of run {audiences[0].name}")

    def all_found():
        # On a fast machine the run may be over before the connections are too old.
        if audiences[-1].delivered()[1]:
            audiences.append(AudienceRun(project, CUSTOMERS // 4))
        counts = project.calls(*STATELESS)
        # Their own health checks are calls as well: one in five seconds.
        return len(counts) == REPLICAS * len(STATELESS) and min(counts.values()) > 2 * FOUND_WITHIN / 5
    until("each replica gets calls", FOUND_WITHIN, all_found)
    watch.lap("each replica has been found")
    for audience in audiences:
        watch.lap(f"run {audience.name}: {audience.expect_each_delivered_once()}")

    before = project.calls(*STATELESS)
    audience = AudienceRun(project, CUSTOMERS // 4)
    watch.lap(f"run {audience.name}: {audience.expect_each_delivered_once()}")
    after = project.calls(*STATELESS)
    table("calls of that run, after scaling:", before, after)
    for service in STATELESS:
        shares = [after[name] - before[name] for name in after if name.startswith(service)]
        if min(shares) * 2 < max(shares):
            raise Failed(f"the calls of {service} are not spread: {shares}")


def check_replicas_go(project, watch):
    audience = AudienceRun(project, CUSTOMERS)
    audience.await_delivered(percent=5)
    for service in STATELESS:
        run("docker", "kill", list(project.containers(service).values())[-1])
    audience.await_delivered(percent=20)
    project.compose("up", "--detach", "--no-recreate", *(f"--scale={service}=1" for service in STATELESS))
    audience.expect_going()
    watch.lap(f"a replica of each killed after 5 % of run {audience.name}, all but one taken away after 20 %")
    watch.lap(f"run {audience.name}: {audience.expect_each_delivered_once()}")


def check_rolling_restart(project, watch):
    audience = AudienceRun(project, CUSTOMERS)
    durations = []
    for number, service in enumerate(SERVICES, 1):
        audience.await_delivered(percent=10 * number)
        start = time.monotonic()
        project.compose("restart", service)
        for container in project.containers(service).values():
            project.wait_until_serving(container)
        durations.append(f"{service} {time.monotonic() - start:.1f} s")
        audience.expect_going()
    say(f"           restarted after 10, 20 ... {10 * len(SERVICES)} % of run {audience.name}: {', '.join(durations)}")
    watch.lap(f"run {audience.name}: {audience.expect_each_delivered_once()}")


def check_image(project, watch, prebuilt):
    project.compose("build", *(["--build-arg", "BINARIES=prebuilt"] if prebuilt else []))
    size = int(run("docker", "image", "inspect", "--format", "{{.Size}}", project.name))
    watch.lap(f"image built{' of binaries that are there' if prebuilt else ''}: {size / 1e6:.0f} MB")


def check_everything(project, watch, prebuilt, directory):
    check_image(project, watch, prebuilt)
    project.up("--no-build")
    watch.lap("everything is up and healthy")
    check_demo(project)
    watch.lap("tools/demo --compose")
    check_second_processes_are_refused(project)
    watch.lap(f"a second process on the volume of {', '.join(STATEFUL)} refuses to start")
    write_people(directory, CUSTOMERS)
    project.ctl("import", directory)
    project.use("compose.yaml", "tests/compose/small_batches.yaml")
    project.up("--no-build")
    project.ctl("apply", os.path.join(ROOT, "tests/compose/everybody.yaml"))
    watch.lap(f"{CUSTOMERS:,} customers imported; the orchestrator made anew, with small batches")
    check_scaling(project, watch)
    check_replicas_go(project, watch)
    check_rolling_restart(project, watch)


def last_words(project):
    for service in SERVICES:
        say(f"---- {service}\n" + project.compose("logs", "--no-color", "--tail", "15", service, check=False)[1])


def run_inside(prebuilt):
    watch, total = Stopwatch(), Stopwatch()
    project = Project(ROOT)
    say(f"project {project.name}, ports from {project.base_port} on")
    failure = None
    with tempfile.TemporaryDirectory(prefix="compose-test-") as directory:
        try:
            check_everything(project, watch, prebuilt, directory)
        except Failed as error:
            failure = str(error)
            last_words(project)
        finally:
            project.take_down()
    watch.lap("taken down")
    left = project.leftovers()
    if left:
        failure = f"{failure or ''}\nleft behind: {' '.join(left)}"
    total.lap("in all" if failure is None else f"FAILED: {failure}")
    return 0 if failure is None else 1


def main():
    arguments = sys.argv[1:]
    if not set(arguments) <= {"--prebuilt", "--inside"}:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    prebuilt = "--prebuilt" in arguments
    if "--inside" in arguments:
        return run_inside(prebuilt)
    try:
        build_here(prebuilt)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    return run_within_engine([argument for argument in arguments if argument != "--inside"])


if __name__ == "__main__":
    sys.exit(main())
