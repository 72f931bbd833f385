#include "tools/campaignctl/commands/follow.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/progress.h"

namespace campaign::ctl {
namespace {

constexpr int kFewCustomers = 20;
constexpr int kBarWidth = 24;
constexpr absl::Duration kReconnect = absl::Seconds(30);
// A connection that has reached its age is made anew in less; nobody needs to hear of it.
constexpr absl::Duration kQuietReconnect = absl::Seconds(1);

bool IsSettled(const v1::CampaignRun& run) {
  return run.state() == v1::CAMPAIGN_RUN_STATE_SETTLED || run.state() == v1::CAMPAIGN_RUN_STATE_FINISHED ||
         run.state() == v1::CAMPAIGN_RUN_STATE_CANCELLED;
}

void ShowRun(Context& context, Progress& progress, const v1::CampaignRun& run) {
  std::string line = absl::StrCat(RunLine(run), "  ", FormatCount(progress.Rate(SettledCustomers(run))), "/s");
  if (context.console.terminal && !run.reading_audience()) {
    line = absl::StrCat(Bar(SettledCustomers(run), run.customer_count(), kBarWidth), " ", line);
  }
  progress.ShowOrLog(line, absl::Seconds(1));
}

// One stream, until it ends or `deadline`. `run` is what came last, `updated` whether anything did.
absl::Status ReadUpdates(Context& context, const std::string& campaign_run_id,
                         std::chrono::system_clock::time_point deadline, bool json_lines, Progress& progress,
                         v1::CampaignRun& run, bool& updated) {
  v1::Orchestrator::Stub stub(context.clients.orchestrator.channel());
  grpc::ClientContext call;
  call.set_deadline(deadline);
  v1::WatchCampaignRunRequest request;
  request.set_campaign_run_id(campaign_run_id);
  const auto reader = stub.WatchCampaignRun(&call, request);
  v1::WatchCampaignRunResponse response;
  updated = false;
  while (reader->Read(&response)) {
    updated = true;
    run = response.campaign_run();
    if (json_lines) {
      context.console.out << ToJson(response, /*indented=*/false) << std::flush;
    } else if (!context.json()) {
      ShowRun(context, progress, run);
    }
  }
  const grpc::Status status = reader->Finish();
  return status.ok() ? absl::OkStatus() : context.clients.orchestrator.Explain(status, call);
}

std::chrono::system_clock::time_point DeadlineAfter(absl::Duration wait) {
  if (wait == absl::InfiniteDuration()) return std::chrono::system_clock::time_point::max();
  return std::chrono::system_clock::now() + absl::ToChronoMilliseconds(wait);
}

// True once the server can be reached again.
bool Reconnect(Context& context, std::chrono::system_clock::time_point deadline) {
  Peer& orchestrator = context.clients.orchestrator;
  const absl::Duration left = absl::FromChrono(deadline - std::chrono::system_clock::now());
  if (orchestrator.WaitForReturn(std::min(left, kQuietReconnect))) return true;
  context.console.err << "connection lost; trying again\n";
  return orchestrator.WaitForReturn(std::min(left, kReconnect));
}

}  // namespace

absl::StatusOr<v1::CampaignRun> FollowRun(Context& context, const std::string& campaign_run_id, absl::Duration wait,
                                          bool json_lines) {
  const auto deadline = DeadlineAfter(wait);
  Progress progress(context.console);
  v1::CampaignRun run;
  bool updated = false;
  absl::Status status = ReadUpdates(context, campaign_run_id, deadline, json_lines, progress, run, updated);
  // Only a stream that had begun is worth taking up again; one that gives nothing would fail again at once.
  while (absl::IsUnavailable(status) && updated && Reconnect(context, deadline)) {
    status = ReadUpdates(context, campaign_run_id, deadline, json_lines, progress, run, updated);
  }
  progress.Clear();
  if (absl::IsDeadlineExceeded(status) && !run.campaign_run_id().empty()) return run;
  RETURN_IF_ERROR(status);
  return run;
}

absl::StatusOr<v1::ListCustomerRunsResponse> FewCustomerRuns(Context& context, const v1::CampaignRun& run) {
  if (run.customer_count() > kFewCustomers) return v1::ListCustomerRunsResponse();
  v1::ListCustomerRunsRequest request;
  request.set_campaign_run_id(run.campaign_run_id());
  request.set_page_size(kFewCustomers);
  return Call(context.clients.orchestrator, &v1::Orchestrator::Stub::ListCustomerRuns, request);
}

std::string OutcomeText(const v1::CustomerRunSummary& summary) {
  std::string text = absl::StrCat(Printable(summary.customer_id()), "  ", EnumText(summary.state()), "  ",
                                  Printable(summary.customer_run_id()));
  if (summary.has_wake_time()) absl::StrAppend(&text, "  until ", FormatTime(summary.wake_time()));
  text += "\n";
  for (const v1::Reason& reason : summary.reasons()) absl::StrAppend(&text, Indent(FormatReason(reason), "    "));
  return text;
}

absl::Status PrintOutcome(Context& context, const v1::CampaignRun& run) {
  std::ostream& out = context.console.out;
  Table table({{"STATE"}, {"CUSTOMERS", Table::kRight}, {"SHARE", Table::kRight}});
  for (const v1::StateCount& count : run.state_counts()) {
    table.AddRow(
        {EnumText(count.state()), FormatCount(count.count()), FormatShare(count.count(), run.customer_count())});
  }
  out << "Run " << Printable(run.campaign_run_id()) << " of " << Printable(run.campaign()) << " "
      << Printable(run.campaign_version().substr(0, 12)) << (run.dry_run() ? " (dry run)" : "") << ": "
      << EnumText(run.state()) << ", " << FormatCount(run.customer_count()) << " customers\n";
  if (!table.empty()) out << "\n" << table.ToString();
  ASSIGN_OR_RETURN(const auto few, FewCustomerRuns(context, run));
  if (!few.customer_runs().empty()) out << "\n";
  for (const v1::CustomerRunSummary& summary : few.customer_runs()) out << OutcomeText(summary);
  if (!IsSettled(run)) {
    context.console.err << "Still " << EnumText(run.state()) << "; follow it with: campaignctl watch "
                        << Printable(run.campaign_run_id()) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace campaign::ctl
