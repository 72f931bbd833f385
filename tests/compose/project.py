"""A compose project of its own, and what the tests ask of an engine, its containers and campaignctl."""

import json
import os
import re
import secrets
import socket
import subprocess
import time

STATELESS = ("segmentation", "generator")
# Each owns a SQLite file.
STATEFUL = ("retrieval", "offer", "compliance", "delivery", "analytics", "orchestrator")
SERVICES = STATELESS + STATEFUL
# Published ports, as offsets from the orchestrator's.
PORTS = {"orchestrator": 0, "retrieval": 2, "compliance": 5, "delivery": 6, "analytics": 7}
README_BASE_PORT = 7100


class Failed(Exception):
    """What is not as it should be."""


def until(what, seconds, predicate):
    """Asks until `predicate` gives something true, which is returned; Failed after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        result = predicate()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.1)  # Between two looks.


def run(*command, env=None, check=True):
    """What a command prints; Failed where it fails, unless told not to check."""
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout if check else (done.returncode, done.stdout)


def free_base_port():
    """The README's ports where they are free, else others."""
    def is_free(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return True
            except OSError:
                return False

    for base in [README_BASE_PORT, *range(20000 + os.getpid() % 1000 * 8, 32000, 8)]:
        if all(is_free(base + offset) for offset in PORTS.values()):
            return base
    raise Failed("no free ports")


class Project:
    """Takes nothing that another project has: name, image tag and ports are its own."""

    def __init__(self, root):
        self.root = root
        self.name = f"campaign-test-{secrets.token_hex(4)}"
        self.base_port = free_base_port()
        self.env = {**os.environ, "COMPOSE_PROJECT_NAME": self.name, "CAMPAIGN_IMAGE": self.name}
        self.use("compose.yaml")
        for service, offset in PORTS.items():
            self.env[f"{service.upper()}_PORT"] = str(self.base_port + offset)

    def use(self, *files):
        """The compose files from now on."""
        self.env["COMPOSE_FILE"] = os.pathsep.join(os.path.join(self.root, file) for file in files)

    def compose(self, *arguments, check=True):
        return run("docker", "compose", "--progress", "plain", *arguments, env=self.env, check=check)

    def up(self, *arguments):
        """Starts what is not yet as the files say, and waits until all of it is healthy."""
        self.compose("up", "--detach", "--wait", "--wait-timeout", "120", *arguments)

    def containers(self, service):
        """The running containers of a service: name to id, by number."""
        ids = self.compose("ps", "--quiet", service).split()
        names = run("docker", "inspect", "--format", "{{.Name}}", *ids).split() if ids else []
        named = {name.rsplit(f"{self.name}-", 1)[-1]: identity for name, identity in zip(names, ids)}
        return dict(sorted(named.items()))

    def log(self, container):
        return run("docker", "logs", container)

    def calls(self, *services):
        """Calls served since the start, by replica. Each process says it in its log when asked by SIGUSR1."""
        counts = {}
        for service in services:
            for name, container in self.containers(service).items():
                def lines():
                    return re.findall(r" served (\d+) calls", self.log(container))
                before = len(lines())
                run("docker", "exec", container, "sh", "-c", "kill -USR1 1")
                counts[name] = int(until(f"{name} says how many calls it served", 10, lambda: lines()[before:])[-1])
        return counts

    def wait_until_serving(self, container):
        """As the health check of compose.yaml, but at once."""
        check = run("docker", "inspect", "--format", "{{json .Config.Healthcheck.Test}}", container)
        command = ("docker", "exec", container, "sh", "-c", json.loads(check)[1])
        until(f"{container} serves", 60, lambda: run(*command, check=False)[0] == 0)

    def retries(self):
        """Steps that the orchestrator had to try again, since its container was made."""
        return sum(len(re.findall(r" failed, next in ", self.log(c))) for c in self.containers("orchestrator").values())

    def leftovers(self):
        """Containers, volumes and networks of this project, and its image."""
        label = f"label=com.docker.compose.project={self.name}"
        return (run("docker", "ps", "--all", "--quiet", "--filter", label).split() +
                run("docker", "volume", "ls", "--quiet", "--filter", label).split() +
                run("docker", "network", "ls", "--quiet", "--filter", label).split() +
                run("docker", "images", "--quiet", self.name).split())

    def take_down(self):
        self.compose("down", "--volumes", "--remove-orphans", "--rmi", "all", check=False)

    def ctl(self, *arguments):
        addresses = []
        for service, offset in PORTS.items():
            addresses += [f"--{service}", f"127.0.0.1:{self.base_port + offset}"]
        tool = os.path.join(self.root, "build/release/tools/campaignctl/campaignctl")
        return run(tool, *arguments, *addresses)

    def ctl_json(self, *arguments):
        return json.loads(self.ctl(*arguments, "--json"))
