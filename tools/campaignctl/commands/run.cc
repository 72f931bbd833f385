#include <random>
#include <sstream>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tools/campaignctl/campaign_yaml.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/commands/follow.h"
#include "tools/campaignctl/format.h"

namespace campaign::ctl {
namespace {

constexpr int kMostListed = 10'000;

std::string RandomRequestId() {
  std::random_device random;
  return absl::StrFormat("ctl-%08x%08x", random(), random());
}

// One customer id a line; empty lines and repetitions are left out.
absl::Status ReadCustomers(const std::string& file, Console& console, v1::CustomerList& customers) {
  ASSIGN_OR_RETURN(const std::string text, ReadText(file, console));
  absl::flat_hash_set<std::string> seen;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    absl::StripAsciiWhitespace(&line);
    if (line.empty() || !seen.insert(line).second) continue;
    customers.add_customer_ids(line);
  }
  const int count = customers.customer_ids_size();
  if (count == 0) return absl::InvalidArgumentError(absl::StrCat(file, " names no customers"));
  if (count <= kMostListed) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(file, " names ", FormatCount(count), " customers, above ",
                                                 FormatCount(kMostListed), "; use --audience for more"));
}

absl::Status ReadAudience(const Arguments& arguments, v1::AudienceFilter& audience) {
  ASSIGN_OR_RETURN(const int64_t most, arguments.Number("max", 0));
  audience.set_max_customers(most);
  if (arguments.Text("audience").empty()) return absl::OkStatus();
  absl::StatusOr<v1::Rule> rule = LoadRule(arguments.Text("audience"));
  if (!rule.ok()) return UsageError(absl::StrCat("--audience: ", rule.status().message()));
  *audience.mutable_filter() = *std::move(rule);
  return absl::OkStatus();
}

absl::StatusOr<v1::RunCampaignRequest> MakeRequest(Context& context) {
  const Arguments& arguments = context.arguments;
  if (arguments.Has("customer") + arguments.Has("customers") + arguments.Has("audience") != 1) {
    return UsageError("run wants one of --customer ID, --customers FILE and --audience [RULE]");
  }
  if (arguments.Has("max") && !arguments.Has("audience")) return UsageError("--max goes with --audience");
  v1::RunCampaignRequest request;
  request.set_campaign(arguments.positional[0]);
  request.set_request_id(arguments.Has("request_id") ? arguments.Text("request_id") : RandomRequestId());
  request.set_dry_run(arguments.Has("dry_run"));
  if (arguments.Has("customer")) {
    request.set_customer_id(arguments.Text("customer"));
  } else if (arguments.Has("customers")) {
    RETURN_IF_ERROR(ReadCustomers(arguments.Text("customers"), context.console, *request.mutable_customers()));
  } else {
    RETURN_IF_ERROR(ReadAudience(arguments, *request.mutable_audience()));
  }
  return request;
}

// Starts the run. The request's id is shown before, so that a call whose answer got lost can be repeated.
absl::StatusOr<v1::RunCampaignResponse> Start(Context& context, const v1::RunCampaignRequest& request) {
  if (!context.json()) context.console.out << "request id: " << Printable(request.request_id()) << std::endl;
  auto response = Call(context.clients.orchestrator, &v1::Orchestrator::Stub::RunCampaign, request);
  if (response.ok() && !context.json()) {
    context.console.out << "run: " << Printable(response->campaign_run().campaign_run_id()) << std::endl;
  }
  return response;
}

absl::Status Run(Context& context) {
  ASSIGN_OR_RETURN(const absl::Duration wait, context.arguments.Duration("wait", absl::InfiniteDuration()));
  ASSIGN_OR_RETURN(const v1::RunCampaignRequest request, MakeRequest(context));
  ASSIGN_OR_RETURN(v1::RunCampaignResponse response, Start(context, request));
  if (context.arguments.Has("detach")) {
    if (context.json()) context.console.out << ToJson(response);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(*response.mutable_campaign_run(),
                   FollowRun(context, response.campaign_run().campaign_run_id(), wait, /*json_lines=*/false));
  if (!context.json()) return PrintOutcome(context, response.campaign_run());
  ASSIGN_OR_RETURN(auto few, FewCustomerRuns(context, response.campaign_run()));
  response.mutable_customer_runs()->Swap(few.mutable_customer_runs());
  context.console.out << ToJson(response);
  return absl::OkStatus();
}

absl::Status Watch(Context& context) {
  ASSIGN_OR_RETURN(const absl::Duration wait, context.arguments.Duration("wait", absl::InfiniteDuration()));
  ASSIGN_OR_RETURN(const v1::CampaignRun run,
                   FollowRun(context, context.arguments.positional[0], wait, context.json()));
  return context.json() ? absl::OkStatus() : PrintOutcome(context, run);
}

absl::Status Cancel(Context& context) {
  v1::CancelCampaignRunRequest request;
  request.set_campaign_run_id(context.arguments.positional[0]);
  ASSIGN_OR_RETURN(const auto response,
                   Call(context.clients.orchestrator, &v1::Orchestrator::Stub::CancelCampaignRun, request));
  if (!context.json()) return PrintOutcome(context, response.campaign_run());
  context.console.out << ToJson(response);
  return absl::OkStatus();
}

FlagSpec WaitFlag() {
  return {"wait", FlagSpec::kValue, "DURATION", "follow for at most so long; default: to the end"};
}

}  // namespace

std::vector<Command> RunCommands() {
  return {
      {"run",
       "CAMPAIGN",
       1,
       1,
       "starts a campaign and follows it",
       "Starts CAMPAIGN's newest version for one customer, a list or an audience, and follows it until every\n"
       "customer is finished or waits for a review or a time. RULE is written as in campaign files:\n"
       "  campaignctl run win-back --audience 'country == DE' --max 1000 --dry_run\n"
       "  campaignctl run win-back --audience '[country == DE, days_since_last_purchase > 90]'",
       {{"customer", FlagSpec::kValue, "ID", "for this customer"},
        {"customers", FlagSpec::kValue, "FILE", "for those in FILE (- for standard input), one id a line"},
        {"audience", FlagSpec::kOptionalValue, "RULE", "for the campaign's audience, where RULE holds too"},
        {"max", FlagSpec::kValue, "N", "of the audience at most so many; 0, the default: all"},
        {"dry_run", FlagSpec::kSwitch, "", "decide and write, reserve and send nothing"},
        {"request_id", FlagSpec::kValue, "ID", "makes it safe to repeat this call; default: random"},
        WaitFlag(),
        {"detach", FlagSpec::kSwitch, "", "do not follow"}},
       &Run},
      {"watch", "RUN", 1, 1, "follows a run until it settles", "", {WaitFlag()}, &Watch},
      {"cancel",
       "RUN",
       1,
       1,
       "stops a run",
       "Customers whose message has not been handed to delivery end CANCELLED.",
       {},
       &Cancel},
  };
}

}  // namespace campaign::ctl
