#include "tools/campaignctl/explain.h"

#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"

namespace campaign::ctl {
namespace {

absl::Status Explain(Context& context) {
  v1::GetCustomerRunRequest request;
  request.set_customer_run_id(context.arguments.positional[0]);
  ASSIGN_OR_RETURN(const auto response,
                   Call(context.clients.orchestrator, &v1::Orchestrator::Stub::GetCustomerRun, request));
  context.console.out << (context.json() ? ToJson(response)
                                         : ExplainCustomerRun(response.customer_run(), context.arguments.Has("html")));
  return absl::OkStatus();
}

}  // namespace

std::vector<Command> ExplainCommands() {
  return {{"explain",
           "CUSTOMER_RUN",
           1,
           1,
           "shows what was decided for a customer, and why",
           "The ten steps in order: what was decided, why this, why not that, the message as it will be seen, how\n"
           "long each took and how often it was tried. 'customers RUN' lists customer runs.",
           {{"html", FlagSpec::kSwitch, "", "show the source of HTML parts"}},
           &Explain}};
}

}  // namespace campaign::ctl
