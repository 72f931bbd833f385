#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "campaign/v1/orchestrator.pb.h"
#include "gtest/gtest.h"

// What a customer run says, as tests ask for it.
namespace campaign::e2e {

template <class Messages>
std::vector<std::string> Codes(const Messages& messages) {
  std::vector<std::string> codes;
  for (const auto& message : messages) codes.push_back(message.code());
  return codes;
}

// Every record of the step, in order.
inline std::vector<v1::StepRecord> Records(const v1::CustomerRun& run, v1::Step step) {
  std::vector<v1::StepRecord> records;
  for (const v1::StepRecord& record : run.steps()) {
    if (record.step() == step) records.push_back(record);
  }
  return records;
}

// The step's last record; the test fails where there is none.
inline const v1::StepRecord& Record(const v1::CustomerRun& run, v1::Step step) {
  const v1::StepRecord* found = nullptr;
  for (const v1::StepRecord& record : run.steps()) {
    if (record.step() == step) found = &record;
  }
  if (found != nullptr) return *found;
  ADD_FAILURE() << run.customer_run_id() << " has no " << v1::Step_Name(step);
  return v1::StepRecord::default_instance();
}

inline const v1::SegmentResult& SegmentOf(const v1::CustomerRun& run) {
  return Record(run, v1::STEP_SEGMENTATION).segment();
}
inline const v1::ActionDecision& DecisionOf(const v1::CustomerRun& run) {
  return Record(run, v1::STEP_OFFER).decision();
}
inline const v1::CheckResult& CheckOf(const v1::CustomerRun& run) { return Record(run, v1::STEP_COMPLIANCE).check(); }

// The reason against an action that lost; empty where it is not among the losers.
inline v1::LosingCandidate LoserOf(const v1::CustomerRun& run, absl::string_view action_id) {
  for (const v1::LosingCandidate& loser : DecisionOf(run).losing_candidates()) {
    if (loser.action_id() == action_id) return loser;
  }
  return {};
}

}  // namespace campaign::e2e
