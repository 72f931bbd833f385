#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/batch.h"
#include "orchestrator/run_store.h"

namespace campaign::orchestrator {

// A run whose customers are still being taken in.
struct Source {
  CampaignRunRow run;
  std::shared_ptr<const CampaignPlan> plan;
  // Read and not yet taken.
  std::deque<std::string> customer_ids;
  // How far the audience was read; empty: to the run's cursor.
  std::string read_to;
  // No more will be read.
  bool exhausted = false;
  bool fetching = false;
  // In a row.
  int failed_fetches = 0;

  bool bulk() const { return !run.request.has_customer_id(); }
  bool empty() const { return exhausted && customer_ids.empty(); }
};

// Runs that wait to be taken in, and how their customers form batches: single calls for the same campaign version share
// one, lists and audiences take turns. Not thread-safe.
class Intake {
 public:
  explicit Intake(int batch_size) : batch_size_(batch_size) {}

  // What a batch takes from a source, for the run's row.
  struct Take {
    int64_t run_number;
    int64_t count;
    std::string cursor;
    int64_t next_sequence;
    bool expanded;
  };

  void Add(std::shared_ptr<Source> source);
  // Drops the run, if it is here.
  void Remove(int64_t run_number);

  // Members of the next batch of single calls (null: none waits).
  std::shared_ptr<Batch> NextSingles(std::vector<Take>& takes);
  // Members of the next batch of a list or an audience (null: none can be formed now).
  std::shared_ptr<Batch> NextBulk(std::vector<Take>& takes);
  // A source that should be read on before it runs dry; null: none.
  std::shared_ptr<Source> NextToFetch() const;

 private:
  void TakeFrom(Source& source, Batch& batch, std::vector<Take>& takes) const;

  const int batch_size_;
  std::deque<std::shared_ptr<Source>> singles_;
  std::deque<std::shared_ptr<Source>> bulk_;
};

}  // namespace campaign::orchestrator
