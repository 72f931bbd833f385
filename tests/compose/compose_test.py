"""Builds the image, brings compose.yaml up, and does to it what a deployment goes through: the demo, scaling, a killed
replica, a rolling restart. Then takes it down and looks that nothing is left.

    compose_test.py [--prebuilt]

--prebuilt: the image takes the binaries of build/release, which needs Debian 12, instead of compiling them again.
Uses the engine that answers `docker info`, else one that with-docker runs (beside the repository, or named by
$WITH_DOCKER). Exits with 77 where none is to be had; under CI=true that is a failure.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from project import SERVICES, STATEFUL, STATELESS, Failed, Project, run, until

SKIPPED = 77
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CUSTOMERS = 20000
REPLICAS = 3
# New replicas are found when connections have grown too old: within their maximum age, and no later than this.
FOUND_WITHIN = 30
RUN_TIMEOUT = 300
BOUGHT = "2026-01-05T09:00:00Z"


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

def write_people(directory):
    """20,000 customers who bought once and agreed to e-mail, as campaignctl imports them."""
    def write(name, records):
        with open(os.path.join(directory, name + ".jsonl"), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)

    ids = [f"person-{i:05}" for i in range(CUSTOMERS)]
    amount = {"amount_minor": "1000"}
    write("customers", ({"customer_id": i, "first_name": "Ada", "locale": "en-US", "time_zone": "Europe/Berlin",
                         "country": "DE", "currency_code": "USD", "signup_time": BOUGHT, "tags": ["person"],
                         "contact_points": [{"channel": "CHANNEL_EMAIL", "address": f"{i}@example.com"}]} for i in ids))
    write("events", ({"event_id": f"{i}-1", "customer_id": i, "event_time": BOUGHT,
                      "purchase": {"order_id": i, "lines": [{"product_id": "book", "category": "books", "quantity": 1,
                                                             **amount}], **amount}} for i in ids))
    write("consents", ({"customer_id": i, "channel": "CHANNEL_EMAIL", "granted": True, "event_time": BOUGHT,
                        "source": "form"} for i in ids))
    write("suppressions", ())


def start_run(project):
    started = project.ctl_json("run", "everybody", "--audience", "--detach")
    return started["campaignRun"]["campaignRunId"]


def progress(project, run_id):
    """Customers with an outcome; and whether the run is over."""
    newest = project.ctl_json("runs", "everybody", "--limit", "1")["campaignRuns"][0]
    if newest["campaignRunId"] != run_id:
        raise Failed(f"{run_id} is not the newest run")
    counts = {count["state"]: int(count["count"]) for count in newest["stateCounts"]}
    return counts.get("CUSTOMER_RUN_STATE_DELIVERED", 0), newest["state"] == "CAMPAIGN_RUN_STATE_FINISHED"


def await_delivered(project, run_id, count):
    """Until so many have been delivered; the run must not be over then."""
    def enough():
        delivered, over = progress(project, run_id)
        if over:
            raise Failed(f"run {run_id} was over before {count:,} customers could be waited for")
        return delivered >= count
    until(f"{count:,} customers of run {run_id} are delivered", RUN_TIMEOUT, enough)


def expect_each_delivered_once(project, run_id):
    """Every customer has an outcome, DELIVERED; the ledger and the spool have one message for each and no more."""
    until(f"run {run_id} finishes", RUN_TIMEOUT, lambda: progress(project, run_id)[1])
    outcomes = project.ctl_json("customers", run_id, "--limit", "0")["customerRuns"]
    states = {one["customerId"]: one["state"] for one in outcomes}
    if len(outcomes) != CUSTOMERS or len(states) != CUSTOMERS:
        raise Failed(f"run {run_id}: {len(outcomes)} outcomes of {len(states)} customers, not {CUSTOMERS}")
    others = sorted(set(states.values()) - {"CUSTOMER_RUN_STATE_DELIVERED"})
    if others:
        raise Failed(f"run {run_id}: not delivered, but {others}")
    names = {one["customerRunId"] for one in outcomes}
    ledger = [one for one in project.ctl_json("deliveries", "--limit", "0")["deliveries"]
              if one["customerRunId"] in names]
    sent = [one["customerId"] for one in ledger if one["receipt"]["state"] == "DELIVERY_STATE_ACCEPTED"]
    files = project.compose("exec", "-T", "delivery", "sh", "-c",
                            f"find /var/lib/campaign/spool -name '{run_id}-*' -exec grep -h '^To:' {{}} +").split("\n")
    addresses = [line for line in files if line]
    for what, found in (("ledger", sent), ("spool", addresses)):
        if len(found) != CUSTOMERS or len(set(found)) != CUSTOMERS:
            raise Failed(f"run {run_id}: {len(found)} messages to {len(set(found))} in the {what}, not {CUSTOMERS}")
    again = sum(one["receipt"]["attemptCount"] > 1 for one in ledger)
    return f"{len(sent):,} delivered, ledger and spool hold one message each ({again} with a second attempt)"


def table(title, before, after):
    say(f"\n{title}")
    for name in sorted(after):
        say(f"  {name:<16} {after[name] - before.get(name, 0):>7,} calls")
    say("")


def check_demo(project, directory):
    output = run(os.path.join(ROOT, "tools/demo"), "--compose", "--built", "--base_port", str(project.base_port),
                 env=project.env)
    with open(os.path.join(directory, "demo.txt"), "w", encoding="utf-8") as file:
        file.write(output)
    if "hero-churn" not in output or "Message-ID:" not in output:
        raise Failed("the demo told no story:\n" + output)


def check_second_processes_are_refused(project):
    """On the volume of a process that runs."""
    for service in STATEFUL:
        status, output = project.compose("run", "--rm", "--no-deps", "-T", service, check=False)
        if status == 0 or "another process owns" not in output:
            raise Failed(f"a second {service}: exit {status}\n{output}")
    line = [line for line in output.split("\n") if "another process owns" in line][0]
    say(f"           {line.strip()}")


def check_scaling(project, watch):
    run_id = start_run(project)
    watch.lap(f"run {run_id} finished with one replica each: " + expect_each_delivered_once(project, run_id))
    table("Calls of all runs so far, before scaling:", {}, before := project.calls(*STATELESS))

    run_id = start_run(project)
    await_delivered(project, run_id, CUSTOMERS // 20)
    project.compose("up", "--detach", "--no-recreate", *(f"--scale={service}={REPLICAS}" for service in STATELESS))
    watch.lap(f"scaled to {REPLICAS} replicas each, in the middle of run {run_id}")
    for service in STATELESS:
        for container in project.containers(service).values():
            project.wait_until_serving(container)
    seen = {}

    def all_found():
        now = project.calls(*STATELESS)
        # A replica asks itself for its health; what comes beside that comes from the orchestrator.
        seen.update({name: count for name, count in now.items()})
        return len(now) == REPLICAS * len(STATELESS) and all(count >= 20 for count in now.values())
    until("each replica gets calls", FOUND_WITHIN, all_found)
    watch.lap(f"each replica has been found: {seen}")
    until(f"run {run_id} finishes", RUN_TIMEOUT, lambda: progress(project, run_id)[1])
    watch.lap(f"run {run_id} finished")

    before = project.calls(*STATELESS)
    run_id = start_run(project)
    watch.lap(f"run {run_id} finished: " + expect_each_delivered_once(project, run_id))
    after = project.calls(*STATELESS)
    table(f"Calls of run {run_id}, after scaling:", before, after)
    for service in STATELESS:
        shares = [after[name] - before[name] for name in after if name.startswith(service)]
        if min(shares) * 2 < max(shares):
            raise Failed(f"the calls of {service} are not spread: {shares}")


def check_killed_replica(project, watch):
    retries = project.retries()
    run_id = start_run(project)
    await_delivered(project, run_id, CUSTOMERS // 10)
    for service in STATELESS:
        run("docker", "kill", list(project.containers(service).values())[-1])
    delivered, over = progress(project, run_id)
    if over:
        raise Failed("the run was over before the replicas were killed")
    result = expect_each_delivered_once(project, run_id)
    watch.lap(f"run {run_id}, a replica of each killed after {delivered:,}: {result}; "
              f"{project.retries() - retries} steps tried again")

    retries = project.retries()
    run_id = start_run(project)
    await_delivered(project, run_id, CUSTOMERS // 10)
    project.up("--no-recreate", *(f"--scale={service}=1" for service in STATELESS))
    if progress(project, run_id)[1]:
        raise Failed("the run was over before the replicas were gone")
    result = expect_each_delivered_once(project, run_id)
    watch.lap(f"run {run_id}, scaled back to one: {result}; {project.retries() - retries} steps tried again")


def check_rolling_restart(project, watch):
    retries = project.retries()
    run_id = start_run(project)
    await_delivered(project, run_id, CUSTOMERS // 20)
    durations = []
    for service in SERVICES:
        start = time.monotonic()
        project.compose("restart", service)
        for container in project.containers(service).values():
            project.wait_until_serving(container)
        durations.append(f"{service} {time.monotonic() - start:.1f} s")
    delivered, over = progress(project, run_id)
    if over:
        raise Failed("the run was over before everything had been restarted")
    say("           " + ", ".join(durations))
    watch.lap(f"all restarted one after the other, {delivered:,} of {CUSTOMERS:,} customers delivered by then")
    result = expect_each_delivered_once(project, run_id)
    watch.lap(f"run {run_id} finished: {result}; {project.retries() - retries} steps tried again")


def check_everything(project, watch, prebuilt, directory):
    project.compose("build", *(["--build-arg", "BINARIES=prebuilt"] if prebuilt else []))
    size = int(run("docker", "image", "inspect", "--format", "{{.Size}}", project.name))
    watch.lap(f"image built{' from prebuilt binaries' if prebuilt else ''}: {size / 1e6:.0f} MB")
    project.up("--no-build")
    watch.lap("everything is up and healthy")
    check_demo(project, directory)
    watch.lap("tools/demo --compose")
    check_second_processes_are_refused(project)
    watch.lap(f"a second process on the volume of each of {', '.join(STATEFUL)} refuses to start")
    write_people(directory)
    project.ctl("import", directory)
    project.use("compose.yaml", "tests/compose/small_batches.yaml")
    project.up("--no-build")
    project.ctl("apply", os.path.join(ROOT, "tests/compose/everybody.yaml"))
    watch.lap(f"{CUSTOMERS:,} customers imported; the orchestrator made anew with small batches")
    check_scaling(project, watch)
    check_killed_replica(project, watch)
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
