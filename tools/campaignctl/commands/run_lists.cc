#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/progress.h"

namespace campaign::ctl {
namespace {

// Prints pages as JSON or as the table that `add_row` fills.
template <class PagesOf, class Elements, class AddRow>
absl::Status PrintPages(Context& context, const PagesOf& pages, const Elements& elements, Table table, AddRow add_row) {
  if (context.json()) {
    context.console.out << ToJson(pages.merged);
    return absl::OkStatus();
  }
  for (const auto& element : elements) add_row(table, element);
  context.console.out << table.ToString();
  NoteMore(context.console, pages.has_more());
  return absl::OkStatus();
}

absl::Status ListRuns(Context& context) {
  ASSIGN_OR_RETURN(const int64_t limit, context.limit());
  v1::ListCampaignRunsRequest request;
  if (!context.arguments.positional.empty()) request.set_campaign(context.arguments.positional[0]);
  ASSIGN_OR_RETURN(const auto pages,
                   CallPages(context.clients.orchestrator, &v1::Orchestrator::Stub::ListCampaignRuns, request, limit,
                             200, [](const auto& response) { return response.campaign_runs_size(); }));
  Table table({{"RUN"}, {"CAMPAIGN"}, {"STATE"}, {"STARTED"}, {"DONE"}});
  return PrintPages(context, pages, pages.merged.campaign_runs(), std::move(table),
                    [](Table& table, const v1::CampaignRun& run) {
                      table.AddRow({run.campaign_run_id(), run.campaign(),
                                    absl::StrCat(EnumText(run.state()), run.dry_run() ? " (dry)" : ""),
                                    FormatTime(run.create_time()), RunLine(run)});
                    });
}

absl::Status ListCustomers(Context& context) {
  ASSIGN_OR_RETURN(const int64_t limit, context.limit());
  ASSIGN_OR_RETURN(const auto state, EnumFlag<v1::CustomerRunState>(context.arguments, "state"));
  v1::ListCustomerRunsRequest request;
  request.set_campaign_run_id(context.arguments.positional[0]);
  request.set_state(state);
  request.set_customer_id(context.arguments.Text("customer"));
  ASSIGN_OR_RETURN(const auto pages,
                   CallPages(context.clients.orchestrator, &v1::Orchestrator::Stub::ListCustomerRuns, request, limit,
                             1000, [](const auto& response) { return response.customer_runs_size(); }));
  Table table({{"CUSTOMER"}, {"STATE"}, {"CUSTOMER RUN"}, {"UNTIL"}, {"REASONS"}});
  return PrintPages(context, pages, pages.merged.customer_runs(), std::move(table),
                    [](Table& table, const v1::CustomerRunSummary& run) {
                      table.AddRow({run.customer_id(), EnumText(run.state()), run.customer_run_id(),
                                    FormatTime(run.wake_time()), FormatReasons(run.reasons())});
                    });
}

absl::Status ListDeliveries(Context& context) {
  ASSIGN_OR_RETURN(const int64_t limit, context.limit());
  ASSIGN_OR_RETURN(const auto state, EnumFlag<v1::DeliveryState>(context.arguments, "state"));
  v1::ListDeliveriesRequest request;
  request.set_state(state);
  request.set_customer_run_id(context.arguments.Text("customer_run"));
  ASSIGN_OR_RETURN(const auto pages,
                   CallPages(context.clients.delivery, &v1::Delivery::Stub::ListDeliveries, request, limit, 1000,
                             [](const auto& response) { return response.deliveries_size(); }));
  Table table({{"CUSTOMER RUN"},
               {"CUSTOMER"},
               {"CAMPAIGN"},
               {"CHANNEL"},
               {"STATE"},
               {"TRIES", Table::kRight},
               {"PROVIDER"},
               {"UPDATED"},
               {"REASONS"}});
  return PrintPages(
      context, pages, pages.merged.deliveries(), std::move(table), [](Table& table, const v1::Dispatch& dispatch) {
        const v1::Receipt& receipt = dispatch.receipt();
        table.AddRow({dispatch.customer_run_id(), dispatch.customer_id(), dispatch.campaign(),
                      EnumText(receipt.channel()), EnumText(receipt.state()), absl::StrCat(receipt.attempt_count()),
                      receipt.provider(), FormatTime(dispatch.update_time()), FormatReasons(receipt.reasons())});
      });
}

}  // namespace

std::vector<Command> RunListCommands() {
  return {
      {"runs", "[CAMPAIGN]", 0, 1, "lists runs, newest first", "", {LimitFlag()}, &ListRuns},
      {"customers",
       "RUN",
       1,
       1,
       "lists a run's customers and what came of each",
       "",
       {{"state", FlagSpec::kValue, "STATE", "only those in this state, such as suppressed"},
        {"customer", FlagSpec::kValue, "ID", "only this customer"},
        LimitFlag()},
       &ListCustomers},
      {"deliveries",
       "",
       0,
       0,
       "lists what was sent, newest first",
       "",
       {{"state", FlagSpec::kValue, "STATE", "only those in this state, such as unknown"},
        {"customer_run", FlagSpec::kValue, "ID", "only those of this customer run"},
        LimitFlag()},
       &ListDeliveries},
  };
}

}  // namespace campaign::ctl
