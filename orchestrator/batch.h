#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "campaign/v1/orchestrator.pb.h"
#include "common/arena.h"
#include "google/protobuf/arena.h"
#include "orchestrator/campaign_plan.h"
#include "orchestrator/journal.pb.h"
#include "orchestrator/names.h"
#include "orchestrator/planner.h"

namespace campaign::orchestrator {

// One customer on the way through the steps.
struct Member {
  int64_t customer_run = 0;
  // As the API names them.
  std::string customer_run_id;
  std::string campaign_run_id;
  std::string customer_id;
  // Waits for a review or a time, and is not in this batch any more.
  bool left = false;
  // Only analytics is left.
  bool ended = false;
  v1::CustomerRunState end_state = v1::CUSTOMER_RUN_STATE_UNSPECIFIED;
  std::vector<v1::Reason> end_reasons;
  Progress progress;
  // The profile of `serialized_router`, serialized (Steps).
  std::string profile_bytes;
  const v1::RouterResult* serialized_router = nullptr;

  bool going() const { return !left && !ended; }
};

// Customers of one campaign version that walk the route in step. The unit of calls and of the journal. Everything that
// the steps answered lives on the arena until the batch is done. Used by one thread at a time.
struct Batch {
  int64_t id = 0;
  std::shared_ptr<const CampaignPlan> plan;
  bool dry_run = false;
  // Many customers of an audience or a list, not single calls; the two have their own limits in flight.
  bool bulk = false;
  std::vector<Member> members;

  // Of a replay, for one member and step: the record that is decided again, and the moment to decide as of.
  const v1::StepRecord* recorded = nullptr;
  absl::Time decide_time;

  // What the next call of generation may spend on a language model, millionths; counted as spent.
  int64_t model_allotment = 0;
  // Of allotments, what calls did not spend; goes back with the next commit. Calls on the way add to it.
  std::atomic<int64_t> model_unspent = 0;

  int position = 0;
  int attempts = 0;
  absl::Time step_start;

  google::protobuf::Arena arena{BatchArenaBlocks()};
  // Entries that are not in the journal yet, on the arena.
  std::vector<JournalEntry*> unsaved;
  // All of them, in order.
  std::vector<const JournalEntry*> entries;
  int next_ordinal = 0;

  v1::Step step() const { return plan->campaign.route(position).step(); }
  // Delivery may have been asked; what is on its way there cannot be stopped any more.
  bool handed_over = false;

  bool done() const { return position >= plan->campaign.route_size(); }
};

// Adds an entry, which must be on the batch's arena, to what is to be saved.
void Keep(Batch& batch, JournalEntry* entry);
// A journal entry on the batch's arena.
JournalEntry* NewEntry(Batch& batch, v1::Step step, absl::Time start, absl::Time end, int attempts);
// Adds a record, which must be on the batch's arena, to an entry.
void AddRecord(JournalEntry& entry, const Batch& batch, const Member& member, v1::StepRecord* record);

// Records of the orchestrator's own, on the batch's arena: the step was not walked, or the call about it failed.
v1::StepRecord* NewSkipped(Batch& batch, v1::Step step, absl::string_view code, absl::string_view text);
v1::StepRecord* NewError(Batch& batch, v1::Step step, const absl::Status& status);

// Members whom a service, or a reviewer, is asked about at the batch's step.
std::vector<Member*> Participants(Batch& batch);
// The step's record of a member who goes on but is no participant: why not.
v1::StepRecord* LocalRecord(Batch& batch, const Member& member);

// Nobody is on the way to a message any more.
bool AllEnded(const Batch& batch);
bool AllLeft(const Batch& batch);
void EndMember(Member& member, Judgement judgement);
// Who reaches analytics without an end was sent nothing, as the route sends nothing.
void EndTheRest(Batch& batch);

}  // namespace campaign::orchestrator
