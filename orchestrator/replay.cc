#include "orchestrator/replay.h"

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "orchestrator/calls.h"
#include "orchestrator/replay_difference.h"

namespace campaign::orchestrator {
namespace {

// A recorded step that is decided again, in a batch of one.
struct Redone {
  int index = 0;
  const v1::StepRecord* recorded = nullptr;
  Batch batch;
  const v1::StepRecord* replayed = nullptr;
  // Of the call, where the service refuses it or does not answer.
  absl::Status status;
};

// A language model wrote it, or was asked in vain, which the notes say.
bool AskedModel(const v1::Campaign& campaign, const v1::Message& message) {
  if (campaign.generation().text_model().model().empty()) return false;
  return !message.model().empty() || !message.notes().empty();
}

// Why the step has nothing to decide again; null where it has.
const char* LeftOut(const v1::Campaign& campaign, const v1::StepRecord& record, const Progress& before) {
  switch (record.result_case()) {
    case v1::StepRecord::kMessage:
      return AskedModel(campaign, record.message()) ? kWrittenByModel : nullptr;
    case v1::StepRecord::kReview:
      return kDecidedByPerson;
    case v1::StepRecord::kReceipt:
      return kAnsweredByChannel;
    case v1::StepRecord::kSkipped:
      return record.skipped().code() == kRunCancelled || record.skipped().code() == kReviewExpired ? kStoppedFromOutside
                                                                                                   : nullptr;
    case v1::StepRecord::kError:
      if (IsPassing(static_cast<absl::StatusCode>(record.error().code()))) return kCallHadFailed;
      // What was never known cannot be asked again.
      if (record.step() == v1::STEP_ROUTER) return kCallHadFailed;
      return record.step() == v1::STEP_DELIVERY && MayBeSent(before) ? kAnsweredByChannel : nullptr;
    default:
      return nullptr;
  }
}

absl::string_view TextOf(absl::string_view code) {
  if (code == kDecidedByPerson) return "a person decided";
  if (code == kAnsweredByChannel) return "the channel answered; it is not asked again";
  if (code == kWrittenByModel) return "a language model was asked; it is not asked, and paid, again";
  if (code == kCallHadFailed) return "the call had failed, so nothing was decided";
  return "the run was stopped from outside";
}

// The service's clock read a time between start and end of its last try; of one try it was nearer to the start.
absl::Time DecideTime(const v1::StepRecord& record) {
  return FromTimestamp(record.attempt_count() > 1 ? record.end_time() : record.start_time());
}

// What a decision says that it would reserve, a recorded dry run did not reserve.
const v1::StepRecord* Comparable(const Batch& batch, v1::StepRecord& replayed) {
  if (batch.dry_run && replayed.has_decision()) replayed.mutable_decision()->clear_reserved_budget_minor();
  return &replayed;
}

// One replay on its way. Kept alive by the calls that it waits for.
class Replay : public std::enable_shared_from_this<Replay> {
 public:
  using Done = std::function<void(absl::StatusOr<v1::ReplayCustomerRunResponse>)>;

  Replay(std::shared_ptr<const CampaignPlan> plan, v1::CustomerRun run, Done done)
      : plan_(std::move(plan)), run_(std::move(run)), done_(std::move(done)) {}

  void Start(Steps& steps) {
    Prepare();
    // One more than there are calls: `this` reports last, when all have been started.
    auto join = std::make_shared<Join>(static_cast<int>(redone_.size()) + 1,
                                       [self = shared_from_this()](const absl::Status&) { self->Finish(); });
    for (Redone& step : redone_) Redo(steps, step, join);
    join->Report(absl::OkStatus());
  }

 private:
  void Prepare() {
    Progress progress;
    for (int i = 0; i < run_.steps_size(); ++i) {
      const v1::StepRecord& record = run_.steps(i);
      const int position = PositionOf(plan_->campaign, record.step());
      const char* left_out = LeftOut(plan_->campaign, record, progress);
      if (left_out != nullptr) {
        v1::Reason& reason = *response_.add_left_out();
        reason.set_code(left_out);
        reason.set_text(absl::StrCat(v1::Step_Name(record.step()), ": ", TextOf(left_out)));
      } else if (position >= 0 && record.step() != v1::STEP_GOAL && record.step() != v1::STEP_ANALYTICS) {
        // The goal is the pinned version, and analytics records what others have decided.
        AddStep(i, position, progress);
      }
      Advance(progress, record);
    }
  }

  void AddStep(int index, int position, const Progress& before) {
    Redone& step = redone_.emplace_back();
    step.index = index;
    step.recorded = &run_.steps(index);
    Batch& batch = step.batch;
    batch.plan = plan_;
    batch.dry_run = run_.dry_run();
    batch.position = position;
    batch.recorded = step.recorded;
    batch.decide_time = DecideTime(*step.recorded);
    Member& member = batch.members.emplace_back();
    member.customer_run_id = run_.customer_run_id();
    member.campaign_run_id = run_.campaign_run_id();
    member.customer_id = run_.customer_id();
    member.progress = before;
  }

  void Redo(Steps& steps, Redone& step, const std::shared_ptr<Join>& join) {
    std::vector<Member*> members = Participants(step.batch);
    // Who is asked about delivery or review would be sent to or wait again: where the record says otherwise, that alone
    // is the difference.
    const bool by_service = step.batch.step() != v1::STEP_REVIEW && step.batch.step() != v1::STEP_DELIVERY;
    if (members.empty() || !by_service) {
      if (members.empty()) step.replayed = LocalRecord(step.batch, step.batch.members[0]);
      return join->Report(absl::OkStatus());
    }
    steps.Call(step.batch, std::move(members),
               [&step, join, self = shared_from_this()](absl::Status status, std::vector<v1::StepRecord*> records) {
                 if (status.ok()) step.replayed = Comparable(step.batch, *records[0]);
                 // Refused for good is an answer, and may have been the recorded one.
                 if (!status.ok() && !IsPassing(status.code())) {
                   step.replayed = NewError(step.batch, step.batch.step(), status);
                 } else {
                   step.status = std::move(status);
                 }
                 join->Report(absl::OkStatus());
               });
  }

  void Finish() {
    for (const Redone& step : redone_) {
      if (!step.status.ok()) return done_(step.status);
      response_.set_compared_count(response_.compared_count() + 1);
      const v1::StepRecord& replayed = step.replayed != nullptr ? *step.replayed : v1::StepRecord::default_instance();
      absl::optional<v1::ReplayDifference> difference = FirstDifference(*step.recorded, replayed);
      if (!difference.has_value()) continue;
      difference->set_step_index(step.index);
      *response_.add_differences() = *std::move(difference);
    }
    response_.set_outcome(OutcomeOf(response_));
    done_(std::move(response_));
  }

  const std::shared_ptr<const CampaignPlan> plan_;
  const v1::CustomerRun run_;
  const Done done_;
  std::list<Redone> redone_;  // Elements stay where they are.
  v1::ReplayCustomerRunResponse response_;
};

}  // namespace

void ReplayCustomerRun(Steps& steps, std::shared_ptr<const CampaignPlan> plan, v1::CustomerRun run,
                       std::function<void(absl::StatusOr<v1::ReplayCustomerRunResponse>)> done) {
  std::make_shared<Replay>(std::move(plan), std::move(run), std::move(done))->Start(steps);
}

}  // namespace campaign::orchestrator
