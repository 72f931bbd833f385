#include "orchestrator/intake.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "orchestrator/names.h"

namespace campaign::orchestrator {
namespace {

std::shared_ptr<Batch> NewBatch(const Source& source) {
  auto batch = std::make_shared<Batch>();
  batch->plan = source.plan;
  batch->dry_run = source.run.dry_run;
  batch->bulk = source.bulk();
  return batch;
}

template <class Sources>
void RemoveFrom(Sources& sources, int64_t run_number) {
  sources.erase(std::remove_if(sources.begin(), sources.end(),
                               [&](const auto& source) { return source->run.number == run_number; }),
                sources.end());
}

}  // namespace

void Intake::Add(std::shared_ptr<Source> source) {
  const v1::RunCampaignRequest& request = source->run.request;
  if (request.has_customer_id()) {
    source->customer_ids.push_back(request.customer_id());
    source->exhausted = true;
  } else if (request.has_customers()) {
    // The cursor of a list is how many were taken.
    const auto& ids = request.customers().customer_ids();
    source->customer_ids.assign(ids.begin() + std::min<int64_t>(source->run.next_sequence, ids.size()), ids.end());
    source->exhausted = true;
  }
  (source->bulk() ? bulk_ : singles_).push_back(std::move(source));
}

void Intake::Remove(int64_t run_number) {
  RemoveFrom(singles_, run_number);
  RemoveFrom(bulk_, run_number);
}

void Intake::TakeFrom(Source& source, Batch& batch, std::vector<Take>& takes) const {
  const int64_t first = source.run.next_sequence;
  while (!source.customer_ids.empty() && batch.members.size() < static_cast<size_t>(batch_size_)) {
    Member& member = batch.members.emplace_back();
    member.customer_run = CustomerRunKey(source.run.number, source.run.next_sequence);
    member.campaign_run_id = source.run.id;
    member.customer_run_id = CustomerRunName(source.run.id, source.run.next_sequence);
    member.customer_id = std::move(source.customer_ids.front());
    source.customer_ids.pop_front();
    ++source.run.next_sequence;
    if (source.run.request.has_audience()) source.run.cursor = member.customer_id;
  }
  takes.push_back({.run_number = source.run.number,
                   .count = source.run.next_sequence - first,
                   .cursor = source.run.cursor,
                   .next_sequence = source.run.next_sequence,
                   .expanded = source.empty()});
}

std::shared_ptr<Batch> Intake::NextSingles(std::vector<Take>& takes) {
  if (singles_.empty()) return nullptr;
  std::shared_ptr<Batch> batch = NewBatch(*singles_.front());
  for (auto it = singles_.begin(); it != singles_.end() && batch->members.size() < static_cast<size_t>(batch_size_);) {
    Source& source = **it;
    if (source.plan != batch->plan || source.run.dry_run != batch->dry_run) {
      ++it;
      continue;
    }
    TakeFrom(source, *batch, takes);
    it = singles_.erase(it);
  }
  return batch;
}

std::shared_ptr<Batch> Intake::NextBulk(std::vector<Take>& takes) {
  for (size_t turn = 0; turn < bulk_.size(); ++turn) {
    std::shared_ptr<Source> source = bulk_.front();
    bulk_.pop_front();
    const bool full = source->customer_ids.size() >= static_cast<size_t>(batch_size_);
    if (!full && !source->exhausted) {
      bulk_.push_back(std::move(source));
      continue;
    }
    std::shared_ptr<Batch> batch = NewBatch(*source);
    TakeFrom(*source, *batch, takes);
    if (!source->empty()) bulk_.push_back(std::move(source));
    return batch;
  }
  return nullptr;
}

std::shared_ptr<Source> Intake::NextToFetch() const {
  // Two batches ahead hides the reading behind the walking.
  for (const auto& source : bulk_) {
    if (!source->exhausted && !source->fetching && source->customer_ids.size() < 2 * static_cast<size_t>(batch_size_)) {
      return source;
    }
  }
  return nullptr;
}

}  // namespace campaign::orchestrator
