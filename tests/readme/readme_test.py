"""Runs every ```sh block of README.md that uses grpcurl, in order and in one shell, against a freshly started system.

    readme_test.py ROOT BUILD

Each call of grpcurl must succeed and print something; what a service answers must be JSON that says something. Exits
with 77, which CTest counts as skipped, where grpcurl is neither installed nor to be had.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

SKIPPED = 77
GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4"
README_BASE_PORT = 7100

# Stands before the real one in PATH and keeps what each call was, printed and returned.
WRAPPER = """#!/bin/bash
calls=$(ls "$CALLS" | wc -l)
call=$CALLS/$((calls + 1))
mkdir "$call"
printf '%s\\n' "$@" > "$call/arguments"
status=0
"$REAL_GRPCURL" "$@" > "$call/output" 2> "$call/errors" || status=$?
echo "$status" > "$call/status"
cat "$call/errors" >&2
cat "$call/output"
exit "$status"
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def find_grpcurl(root):
    """The path of grpcurl: from PATH, or built with Go into build/tools."""
    installed = shutil.which("grpcurl")
    if installed:
        return installed
    folder = os.path.join(root, "build/tools")
    built = os.path.join(folder, "grpcurl")
    if not os.path.exists(built):
        if not shutil.which("go"):
            skip("grpcurl is not installed, and there is no Go to build it with")
        done = subprocess.run(
            ["go", "install", GRPCURL], env={**os.environ, "GOBIN": folder}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            skip(f"go install {GRPCURL} failed:\n{done.stdout}")
    return built


def grpcurl_blocks(readme):
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    return [block for block in blocks if re.search(r"^[^#\n]*\bgrpcurl\b", block, re.MULTILINE)]


def free_base_port():
    """A port that is free, with the seven after it."""
    for base in range(20000 + os.getpid() % 1000 * 8, 32000, 8):
        try:
            for port in range(base, base + 8):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
    sys.exit("no eight free ports in a row")


def on_ports(text, base):
    """`text` with the ports that the README uses moved to `base`."""
    return re.sub(r"127\.0\.0\.1:(710[0-7])\b", lambda m: f"127.0.0.1:{int(m[1]) - README_BASE_PORT + base}", text)


def write_script(path, root, build, base, directory, blocks):
    campaignctl = [os.path.join(build, "tools/campaignctl/campaignctl"), "--orchestrator", f"127.0.0.1:{base}"]
    for name, offset in (("retrieval", 2), ("compliance", 5), ("delivery", 6), ("analytics", 7)):
        campaignctl += [f"--{name}", f"127.0.0.1:{base + offset}"]
    lines = [
        "set -euo pipefail",
        f"cd '{root}'",
        f"'{build}/tools/shop/shop' --out '{directory}/shop'",
        f"ctl() {{ '{campaignctl[0]}' \"$@\" {' '.join(campaignctl[1:])}; }}",
        f"ctl import '{directory}/shop'",
        "ctl apply tools/shop/campaigns/*.yaml",
        f"export PATH='{directory}/bin':$PATH",
        *[on_ports(block, base) for block in blocks],
    ]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def complaint(call):
    """What is wrong with a call of grpcurl; empty if nothing is."""
    output, arguments = read(call, "output"), read(call, "arguments").split("\n")
    if read(call, "status").strip() != "0":
        return "failed: " + read(call, "errors")
    if not output.strip():
        return "printed nothing"
    if "list" in arguments or "describe" in arguments:
        return ""
    try:
        return "" if json.loads(output) else "answered with an empty message"
    except ValueError as error:
        return f"printed no JSON ({error}): {output}"


def main():
    root, build = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    blocks = grpcurl_blocks(read(root, "README.md"))
    if not blocks:
        sys.exit("README.md has no ```sh block with grpcurl")
    grpcurl, base = find_grpcurl(root), free_base_port()

    with tempfile.TemporaryDirectory(prefix="readme-test-") as directory:
        wrapper, calls, script = (os.path.join(directory, name) for name in ("bin/grpcurl", "calls", "script"))
        os.makedirs(os.path.dirname(wrapper))
        os.makedirs(calls)
        with open(wrapper, "w", encoding="utf-8") as file:
            file.write(WRAPPER)
        os.chmod(wrapper, 0o755)
        write_script(script, root, build, base, directory, blocks)
        done = subprocess.run(
            [os.path.join(root, "tools/run_local"), "--dir", os.path.join(directory, "system"), "--build", build,
             "--base_port", str(base), "--", "bash", script],
            env={**os.environ, "REAL_GRPCURL": grpcurl, "CALLS": calls}, stdin=subprocess.DEVNULL)

        made = [os.path.join(calls, name) for name in sorted(os.listdir(calls), key=int)]
        wrong = [(call, complaint(call)) for call in made]
        wrong = [(call, what) for call, what in wrong if what]
        for call, what in wrong:
            print(f"\ngrpcurl {' '.join(read(call, 'arguments').split())}\n  {what}")
        written = sum(len(re.findall(r"^(?:\w+=\$\()?grpcurl\b", block, re.MULTILINE)) for block in blocks)
        print(f"{len(made)} of {written} grpcurl commands ran, {len(wrong)} with a complaint")
        if done.returncode != 0 or wrong or len(made) != written:
            sys.exit(1)


if __name__ == "__main__":
    main()
