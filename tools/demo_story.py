"""The story that tools/demo tells: demo_story.py ROOT DIR BASE_PORT [--compose], with the eight processes up."""

import email
import email.policy
import glob
import json
import os
import subprocess
import sys
import textwrap

WIDTH = 130
# The hand-made customers, each the example of one outcome (tools/shop/heroes.h), with the campaign made for them. The
# frequency cap stops the second message to case-capped.
CASES = [
    ("reduce-churn", "hero-churn"),
    ("increase-aov", "hero-aov"),
    ("win-back", "hero-winback"),
    ("feature-adoption", "hero-feature"),
    ("vip-retention", "hero-vip"),
    ("reduce-churn", "case-suppressed"),
    ("feature-adoption", "case-capped"),
    ("feature-adoption", "case-capped"),
    ("win-back", "case-quiet"),
    ("increase-aov", "case-holdout"),
    ("feature-adoption", "case-noaction"),
]


class Story:
    def __init__(self, root, directory, base_port, in_containers):
        self.root, self.directory, self.in_containers = root, directory, in_containers
        tools = os.path.join(root, "build/release/tools")
        self.campaignctl_path = os.path.join(tools, "campaignctl/campaignctl")
        self.shop_path = os.path.join(tools, "shop/shop")
        self.addresses = []
        for name, offset in (("orchestrator", 0), ("retrieval", 2), ("compliance", 5), ("delivery", 6), ("analytics", 7)):
            self.addresses += ["--" + name, f"127.0.0.1:{base_port + offset}"]

    def output(self, command, *arguments):
        """What a command prints; the demo ends where one fails."""
        done = subprocess.run([command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"demo: {os.path.basename(command)} {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def ctl(self, *arguments):
        return self.output(self.campaignctl_path, *arguments, *self.addresses)

    def ctl_json(self, *arguments):
        return json.loads(self.ctl(*arguments, "--json"))

    def show(self, *arguments, note=""):
        """Runs a command as a user would, progress included."""
        heading(f"$ campaignctl {' '.join(arguments)}" + (f"    # {note}" if note else ""))
        done = subprocess.run([self.campaignctl_path, *arguments, *self.addresses], stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise SystemExit(f"demo: campaignctl {' '.join(arguments)} failed")

    def show_explanation(self, customer_run):
        heading(f"$ campaignctl explain {customer_run}    # the ten steps, for one customer")
        lines = self.ctl("explain", customer_run).rstrip("\n").split("\n")
        # The message itself comes below, as it was sent.
        message = [line for line in lines if line.startswith("      |")]
        for line in lines:
            if line not in message:
                print(line)
            elif line == message[0]:
                print("      | (see below)")

    def prepare(self):
        data = os.path.join(self.directory, "data")
        made = self.output(self.shop_path, "--out", data).strip()
        say(f"A made-up shop, Nordlicht: {made}.")
        self.ctl("import", data)
        campaigns = sorted(glob.glob(os.path.join(self.root, "tools/shop/campaigns/*.yaml")))
        self.ctl("apply", *campaigns)
        names = ", ".join(os.path.basename(path)[: -len(".yaml")] for path in campaigns)
        say(f"Imported, and five campaigns applied: {names}.")

    def run_cases(self):
        """Runs the campaign of each hand-made customer; rows of the table, and the customer run of each customer."""
        rows, run_ids = [], {}
        for campaign, customer in CASES:
            result = self.ctl_json("run", campaign, "--customer", customer)
            run = result["customerRuns"][0]
            run_ids.setdefault(customer, run["customerRunId"])
            full = self.ctl_json("explain", run["customerRunId"])["customerRun"]
            rows.append((customer, campaign, plain(run["state"], "CUSTOMER_RUN_STATE_"), why(full)))
        return rows, run_ids

    def fetch_spool(self):
        """The messages sent so far, to where the delivery service of this machine would have put them."""
        if self.in_containers:
            self.output("docker", "compose", "cp", "delivery:/var/lib/campaign/spool", self.directory)

    def sent_email(self, customer_run):
        self.fetch_spool()
        paths = glob.glob(os.path.join(self.directory, "spool/email/*", customer_run + ".*"))
        if len(paths) != 1:
            raise SystemExit(f"demo: one e-mail of {customer_run} should be in the spool, there are {len(paths)}")
        with open(paths[0], "rb") as file:
            return os.path.relpath(paths[0], self.root), email.message_from_binary_file(file, policy=email.policy.default)


def say(text):
    print(textwrap.fill(text, WIDTH), flush=True)


def heading(text):
    print(f"\n{text}", flush=True)


def plain(value, prefix):
    return value[len(prefix) :] if value.startswith(prefix) else value


def why(customer_run):
    """The reasons of an outcome; of a message that went out: for whom it was, and what was chosen."""
    by_step = {step["step"]: step for step in customer_run["steps"]}
    segment, decision = by_step["STEP_SEGMENTATION"]["segment"], by_step["STEP_OFFER"]["decision"]
    if customer_run["state"] == "CUSTOMER_RUN_STATE_NO_ACTION":
        lost = [f"no {action['actionId']}: {action['reason']['text']}" for action in decision["losingCandidates"]]
        return "; ".join(lost[:3]) + (f"; and {len(lost) - 3} more" if len(lost) > 3 else "")
    if customer_run["reasons"]:
        return "; ".join(reason["text"] for reason in customer_run["reasons"])
    seen = "; ".join(reason["text"] for reason in segment["reasons"][:2])
    kind, channel = plain(decision["kind"], "ACTION_KIND_").lower(), plain(decision["channel"], "CHANNEL_").lower()
    return f"{segment['label']} ({seen}): {kind} “{decision['name']}” by {channel}"


def table(rows):
    print(f"{'CUSTOMER':<16} {'CAMPAIGN':<17} {'OUTCOME':<15} WHY")
    for customer, campaign, state, reason in rows:
        lines = textwrap.wrap(reason, WIDTH - 51)
        print(f"{customer:<16} {campaign:<17} {state:<15} {lines[0]}")
        for line in lines[1:]:
            print(" " * 51 + line)


def print_email(path, message):
    heading(f"The e-mail to hero-churn as it was handed over ({path}):")
    for name, value in message.items():
        print(f"| {name}: {value}")
    text = message.get_body(preferencelist=("plain",)).get_content().rstrip("\n")
    print("|\n" + "\n".join(("| " + line).rstrip() for line in text.split("\n")))
    print("(and the same as HTML)")


def main():
    root, directory, base_port, in_containers = sys.argv[1], sys.argv[2], int(sys.argv[3]), "--compose" in sys.argv[4:]
    story = Story(root, directory, base_port, in_containers)
    say(f"Eight processes are up; the orchestrator listens on 127.0.0.1:{base_port}.")
    story.prepare()

    heading("What happened to whom, and why:")
    rows, run_ids = story.run_cases()
    table(rows)

    task = story.ctl_json("reviews")["reviewTasks"][0]
    heading(f"{task['customerId']}'s message waits for a person. One reads it and lets it go out:")
    print(story.ctl("approve", task["reviewTaskId"], "--reviewer", "demo", "--comment", "Ingrid has the case").strip())
    story.ctl("watch", task["customerRunId"].rsplit("-", 1)[0])
    after = story.ctl_json("explain", task["customerRunId"])["customerRun"]
    print(f"{task['customerId']}: {plain(after['state'], 'CUSTOMER_RUN_STATE_')}")

    story.show("run", "win-back", "--audience", note="everyone that the campaign is for")
    story.show_explanation(run_ids["hero-churn"])
    print_email(*story.sent_email(run_ids["hero-churn"]))
    story.show("report")
    if in_containers:
        print(f"\nThe containers stay up. A copy of the messages: {os.path.relpath(directory, root)}/spool", flush=True)
    else:
        print(f"\nEverything stops now. Databases, logs and messages: {os.path.relpath(directory, root)}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (KeyError, IndexError, OSError) as error:
        raise SystemExit(f"demo: {type(error).__name__}: {error}")
