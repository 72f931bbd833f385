"""A run of the test's campaign, while it goes and afterwards."""

from project import Failed, until

RUN_TIMEOUT = 300


class AudienceRun:
    """A run of the campaign for so many of the customers."""

    def __init__(self, project, size):
        self.project, self.size = project, size
        started = project.ctl_json("run", "everybody", "--audience", "--max", str(size), "--detach")
        self.name = started["campaignRun"]["campaignRunId"]
        self.retries_before = project.retries()

    def delivered(self):
        """How many have got their message; and whether the run is over."""
        runs = self.project.ctl_json("runs", "everybody")["campaignRuns"]
        this = next(one for one in runs if one["campaignRunId"] == self.name)
        counts = {count["state"]: int(count["count"]) for count in this["stateCounts"]}
        return counts.get("CUSTOMER_RUN_STATE_DELIVERED", 0), this["state"] == "CAMPAIGN_RUN_STATE_FINISHED"

    def expect_going(self):
        delivered, over = self.delivered()
        if over:
            raise Failed(f"run {self.name} was over too early: what was to happen meanwhile has not happened to it")
        return delivered

    def await_delivered(self, percent):
        """In the middle: so many are delivered and the run is not over."""
        count = self.size * percent // 100
        until(f"{count:,} messages of run {self.name}", RUN_TIMEOUT, lambda: self.expect_going() >= count)

    def finish(self):
        until(f"run {self.name} finishes", RUN_TIMEOUT, lambda: self.delivered()[1])

    def expect_each_delivered_once(self):
        """Every customer has an outcome, DELIVERED; ledger and spool hold one message for each, and no other."""
        self.finish()
        outcomes = self.project.ctl_json("customers", self.name, "--limit", "0")["customerRuns"]
        states = {one["state"] for one in outcomes}
        if states != {"CUSTOMER_RUN_STATE_DELIVERED"}:
            raise Failed(f"run {self.name}: not all delivered, but {sorted(states)}")
        ledger = [one for one in self.project.ctl_json("deliveries", "--limit", "0")["deliveries"]
                  if one["customerRunId"].rsplit("-", 1)[0] == self.name]
        sent = [one["customerId"] for one in ledger if one["receipt"]["state"] == "DELIVERY_STATE_ACCEPTED"]
        spooled = self.project.compose(
            "exec", "-T", "delivery", "sh", "-c",
            f"find /var/lib/campaign/spool -name '{self.name}-*' -exec grep -h '^To:' {{}} +").split("\n")[:-1]
        for what, found in (("outcomes", [one["customerId"] for one in outcomes]), ("ledger", sent), ("spool", spooled)):
            if len(found) != self.size or len(set(found)) != self.size:
                raise Failed(f"run {self.name}: {what}: {len(found)} for {len(set(found))} customers, not {self.size}")
        again = sum(one["receipt"]["attemptCount"] > 1 for one in ledger)
        return (f"{self.size:,} customers, each delivered once by ledger and spool ({again} with a second attempt); "
                f"{self.project.retries() - self.retries_before} steps tried again")
