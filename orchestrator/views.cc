#include "orchestrator/views.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"
#include "orchestrator/batch.h"
#include "orchestrator/names.h"
#include "orchestrator/review_store.h"

namespace campaign::orchestrator {
namespace {

// Customer runs in an answer to RunCampaign.
constexpr int kResponseCustomers = 100;

bool IsWaiting(size_t state) {
  return state == v1::CUSTOMER_RUN_STATE_WAITING_REVIEW || state == v1::CUSTOMER_RUN_STATE_DEFERRED;
}

v1::CampaignRunState StateOf(const CampaignRunRow& run) {
  if (!IsSettled(run)) return v1::CAMPAIGN_RUN_STATE_RUNNING;
  for (size_t state = 1; state < run.counts.size(); ++state) {
    if (IsWaiting(state) && run.counts[state] > 0) return v1::CAMPAIGN_RUN_STATE_SETTLED;
  }
  return run.cancelled ? v1::CAMPAIGN_RUN_STATE_CANCELLED : v1::CAMPAIGN_RUN_STATE_FINISHED;
}

}  // namespace

bool IsSettled(const CampaignRunRow& run) {
  return run.expanded && run.counts[v1::CUSTOMER_RUN_STATE_PENDING] == 0 &&
         run.counts[v1::CUSTOMER_RUN_STATE_RUNNING] == 0;
}

v1::CampaignRun ViewRun(const CampaignRunRow& run) {
  v1::CampaignRun view;
  view.set_campaign_run_id(run.id);
  view.set_campaign(run.campaign);
  view.set_campaign_version(run.version);
  view.set_state(StateOf(run));
  view.set_dry_run(run.dry_run);
  for (size_t state = 1; state < run.counts.size(); ++state) {
    if (run.counts[state] == 0) continue;
    v1::StateCount& count = *view.add_state_counts();
    count.set_state(static_cast<v1::CustomerRunState>(state));
    count.set_count(run.counts[state]);
  }
  view.set_customer_count(run.request.has_customers() ? run.request.customers().customer_ids_size()
                                                      : run.next_sequence);
  view.set_reading_audience(!run.expanded);
  *view.mutable_create_time() = ToTimestamp(run.create_time);
  *view.mutable_update_time() = ToTimestamp(run.update_time);
  return view;
}

v1::CustomerRunSummary ViewCustomerRun(const CampaignRunRow& run, const CustomerRunRow& row) {
  v1::CustomerRunSummary view;
  view.set_customer_run_id(CustomerRunName(run.id, SequenceOf(row.key)));
  view.set_customer_id(row.customer_id);
  view.set_state(row.state);
  *view.mutable_reasons() = row.reasons.reasons();
  if (row.wake_time.has_value()) *view.mutable_wake_time() = ToTimestamp(*row.wake_time);
  return view;
}

v1::RunCampaignResponse ViewResponse(Connection& connection, const CampaignRunRow& run) {
  v1::RunCampaignResponse response;
  *response.mutable_campaign_run() = ViewRun(run);
  if (run.request.has_audience()) return response;
  RunStore store(connection);
  for (const CustomerRunRow& row :
       store.ListCustomerRuns(run.number, 0, v1::CUSTOMER_RUN_STATE_UNSPECIFIED, "", kResponseCustomers)) {
    *response.add_customer_runs() = ViewCustomerRun(run, row);
  }
  return response;
}

std::vector<v1::StepRecord> StepsOf(const BatchRow& batch, int32_t slot) {
  std::vector<const JournalEntry*> entries;
  for (const JournalEntry& entry : batch.entries) entries.push_back(&entry);
  return StepsOf(entries, slot);
}

std::vector<v1::StepRecord> StepsOf(absl::Span<const JournalEntry* const> entries, int32_t slot) {
  std::vector<v1::StepRecord> steps;
  for (const JournalEntry* entry : entries) {
    for (const MemberRecord& record : entry->records()) {
      if (record.slot() != slot) continue;
      for (const v1::StepRecord& step : record.steps()) {
        steps.push_back(step);
        if (entry->step() == v1::STEP_UNSPECIFIED) continue;
        *steps.back().mutable_start_time() = entry->start_time();
        *steps.back().mutable_end_time() = entry->end_time();
        steps.back().set_attempt_count(entry->attempt_count());
      }
    }
  }
  return steps;
}

absl::StatusOr<v1::CustomerRun> LoadCustomerRun(Connection& connection, const std::string& customer_run_id) {
  const auto name = ParseCustomerRunName(customer_run_id);
  if (!name.has_value()) {
    return InvalidField("customer_run_id", absl::StrCat("'", customer_run_id, "'"),
                        "is not of the form <run id>-<number>");
  }
  RunStore store(connection);
  const auto run = store.FindRun(name->first);
  const auto row = run.has_value() ? store.FindCustomerRun(CustomerRunKey(run->number, name->second)) : absl::nullopt;
  if (!row.has_value()) return absl::NotFoundError(absl::StrCat("there is no customer run ", customer_run_id));
  v1::CustomerRun view;
  view.set_customer_run_id(customer_run_id);
  view.set_campaign_run_id(run->id);
  view.set_campaign(run->campaign);
  view.set_campaign_version(run->version);
  view.set_customer_id(row->customer_id);
  view.set_state(row->state);
  *view.mutable_reasons() = row->reasons.reasons();
  if (row->wake_time.has_value()) *view.mutable_wake_time() = ToTimestamp(*row->wake_time);
  view.set_dry_run(run->dry_run);
  v1::StepRecord& goal = *view.add_steps();
  goal.set_step(v1::STEP_GOAL);
  goal.set_attempt_count(1);
  *goal.mutable_start_time() = ToTimestamp(run->create_time);
  *goal.mutable_end_time() = ToTimestamp(run->create_time);
  for (v1::StepRecord& step : StepsOf(store.LoadBatch(row->batch_id), row->slot)) *view.add_steps() = std::move(step);
  if (const auto task = ReviewStore(connection).FindWaiting(row->key)) {
    view.set_review_task_id(task->task.review_task_id());
  }
  return view;
}

}  // namespace campaign::orchestrator
