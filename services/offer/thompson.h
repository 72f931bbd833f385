#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "campaign/v1/offers.pb.h"

namespace campaign::offer {

// What is chosen among: its response rate is Beta distributed, and a choice of it brings rate × worth - cost.
struct Arm {
  // Both at least 1.
  double alpha = 1;
  double beta = 1;
  // Above 0.
  double worth = 1;
  double cost = 0;
};

// The probability of each arm to bring the most (Scott 2010, A modern Bayesian look at the multi-armed
// bandit, Applied Stochastic Models in Business and Industry 26(6), section 3): the integral of its density times the
// other arms' distribution functions, by the trapezoid rule on a grid that is fine wherever an arm's density is. Sums
// to 1. For two arms it is within 0.001 of the closed form (Miller 2015, Formulas for Bayesian A/B testing).
std::vector<double> ProbabilitiesOfBeingBest(absl::Span<const Arm> arms);

// Least probability of an arm, basis points.
int ExplorationFloorBps(const v1::ThompsonSampling& sampling);

// The rate of what was shown so often, with so many responses; more of these than of those count as so many.
Arm ArmOf(const v1::ThompsonSampling& sampling, int64_t exposure_count, int64_t success_count);

// What each arm is to be chosen with: floor + (1 - arms × floor) × probability of being best, where the floor is at
// most an equal share. To draw from these is Thompson sampling (Thompson 1933, Biometrika 25), but for the floor; and
// because the draw is from these very numbers, they are what the log needs, however good the integral is.
std::vector<double> DrawProbabilities(const v1::ThompsonSampling& sampling, absl::Span<const Arm> arms);

// Those of each variant of the experiment, in order.
std::vector<double> VariantProbabilities(const v1::Experiment& experiment,
                                         const google::protobuf::RepeatedPtrField<v1::VariantResponses>& responses);

// A number from 0 (included) to 1 that is the same for the same names everywhere: 64-bit FNV-1a of them, mixed by
// SplitMix64's finalizer (Steele, Lea & Flood 2014).
double UniformOf(absl::string_view config_version, absl::string_view experiment_id, absl::string_view customer_run_id);

// The index that `uniform` falls on where each index takes its probability's share of 0 to 1.
size_t Draw(absl::Span<const double> probabilities, double uniform);

}  // namespace campaign::offer
