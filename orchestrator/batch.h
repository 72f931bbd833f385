#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "campaign/v1/orchestrator.pb.h"
#include "google/protobuf/arena.h"
#include "orchestrator/campaign_plan.h"
#include "orchestrator/journal.pb.h"
#include "orchestrator/planner.h"

namespace campaign::orchestrator {

// A customer run's key: the campaign run's number and the position in it, so that a run's customers lie together.
inline int64_t CustomerRunKey(int64_t run_number, int64_t sequence) { return run_number << 32 | sequence; }
inline int64_t RunNumberOf(int64_t customer_run) { return customer_run >> 32; }
inline int64_t SequenceOf(int64_t customer_run) { return customer_run & 0xffffffff; }

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

  bool going() const { return !left && !ended; }
};

// Blocks that suit a megabyte a batch better than the default of at most 8 KiB.
inline google::protobuf::ArenaOptions ArenaBlocks() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 8 << 10;
  options.max_block_size = 64 << 10;
  return options;
}

// Customers of one campaign version that walk the route in step. The unit of calls and of the journal. Everything that
// the steps answered lives on the arena until the batch is done. Used by one thread at a time.
struct Batch {
  int64_t id = 0;
  std::shared_ptr<const CampaignPlan> plan;
  bool dry_run = false;
  // Many customers of an audience or a list, not single calls; the two have their own limits in flight.
  bool bulk = false;
  std::vector<Member> members;

  int position = 0;
  int attempts = 0;
  absl::Time step_start;

  google::protobuf::Arena arena{ArenaBlocks()};
  // Entries that are not in the journal yet, on the arena.
  std::vector<JournalEntry*> unsaved;
  int next_ordinal = 0;

  v1::Step step() const { return plan->campaign.route(position).step(); }
  bool done() const { return position >= plan->campaign.route_size(); }
};

}  // namespace campaign::orchestrator
