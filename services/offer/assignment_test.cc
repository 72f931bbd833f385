#include "services/offer/assignment.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/offer/offer_service_testing.h"

namespace campaign::offer {
namespace {

using testing::ConfigOf;
using testing::ItemFor;
using testing::Nudge;
using testing::OfferServiceTest;
using testing::ReasonOf;
using testing::RequestOf;
using testing::VariableOf;

// Two variants, their weights in basis points, with `text` (text format) beside.
v1::OfferConfig TwoVariants(int weight_a, int weight_b, absl::string_view text = "") {
  return ConfigOf(Nudge("a") +
                  absl::StrCat("experiments { experiment_id: 'x' variants { variant_id: 'a' weight_bps: ", weight_a,
                               " } variants { variant_id: 'b' weight_bps: ", weight_b, " } ", text, " }"));
}

v1::OfferConfig Bandit(absl::string_view text = "") {
  return TwoVariants(0, 0, absl::StrCat("thompson_sampling { ", text, " }"));
}

void AddResponses(v1::SelectActionsRequest& request, const std::string& variant_id, int64_t exposures,
                  int64_t successes) {
  v1::VariantResponses& responses = *request.add_variant_responses();
  responses.set_experiment_id("x");
  responses.set_variant_id(variant_id);
  responses.set_exposure_count(exposures);
  responses.set_success_count(successes);
}

class AssignmentTest : public OfferServiceTest {
 protected:
  // "" where the customer is not assigned.
  std::string VariantOf(const v1::OfferConfig& config, const std::string& run, const std::string& customer) {
    const v1::ActionDecision decision = DecisionFor(config, run, customer);
    return decision.assignments().empty() ? "" : decision.assignments(0).variant_id();
  }
  std::vector<v1::ActionDecision> DecideAll(const v1::SelectActionsRequest& request) {
    v1::SelectActionsResponse response;
    EXPECT_TRUE(Select(request, response).ok());
    std::vector<v1::ActionDecision> decisions;
    for (const v1::SelectItemResult& result : response.results()) decisions.push_back(result.decision());
    return decisions;
  }
  void Expose(const std::string& run, const std::string& customer, const std::string& variant) {
    v1::OffersSettleReservationsRequest request;
    request.add_settlements()->set_customer_run_id(run);
    request.mutable_settlements(0)->set_settlement(v1::SETTLEMENT_COMMIT);
    v1::Exposure& exposure = *request.add_exposures();
    exposure.set_campaign("win-back");
    exposure.set_customer_id(customer);
    exposure.set_experiment_id("x");
    exposure.set_variant_id(variant);
    v1::OffersSettleReservationsResponse response;
    grpc::ClientContext context;
    EXPECT_TRUE(stub_->SettleReservations(&context, request, &response).ok());
  }
  int64_t AssignedCount() { return Number("SELECT COUNT(*) FROM assignment"); }
  int64_t ExposedCount() { return Number("SELECT COUNT(exposure_micros) FROM assignment"); }
};

std::vector<v1::SelectItem> Items(int count, absl::string_view run = "run-") {
  std::vector<v1::SelectItem> items;
  for (int i = 0; i < count; ++i) items.push_back(ItemFor(absl::StrCat(run, i), absl::StrCat("customer-", i)));
  return items;
}

TEST_F(AssignmentTest, AVariantChangesTemplateAndVariablesButNoPrice) {
  const v1::ActionDecision decision = DecisionFor(ConfigOf(R"pb(
                                                    actions {
                                                      action_id: "a"
                                                      kind: ACTION_KIND_UPSELL
                                                      price_minor: 1000
                                                      margin_bps: 5000
                                                      propensity: 0.5
                                                      variables { name: "headline" value: "plain" }
                                                      variables { name: "kept" value: "yes" }
                                                    }
                                                    experiments {
                                                      experiment_id: "headline"
                                                      variants { variant_id: "control" weight_bps: 0 }
                                                      variants {
                                                        variant_id: "bold"
                                                        weight_bps: 10000
                                                        template_id: "a-bold"
                                                        variables { name: "headline" value: "bold" }
                                                        variables { name: "price" value: "1.00" }
                                                      }
                                                    }
                                                  )pb"),
                                                  "run", "ada");
  EXPECT_EQ(decision.template_id(), "a-bold");
  EXPECT_EQ(VariableOf(decision, "headline"), "bold");
  EXPECT_EQ(VariableOf(decision, "kept"), "yes");
  EXPECT_EQ(VariableOf(decision, "price"), "10.00");
  ASSERT_EQ(decision.assignments_size(), 1);
  EXPECT_EQ(decision.assignments(0).experiment_id(), "headline");
  EXPECT_EQ(decision.assignments(0).variant_id(), "bold");
  EXPECT_EQ(decision.assignments(0).probability(), 1);
  EXPECT_EQ(ReasonOf(decision, kExperimentVariant).text(), "variant bold of experiment headline");
}

TEST_F(AssignmentTest, ExperimentsAreOnlyAboutTheirActions) {
  const std::string experiment =
      "experiments { experiment_id: 'x' variants { variant_id: 'on' weight_bps: 10000 } variants { variant_id: 'off' } "
      "action_ids: '";
  EXPECT_EQ(VariantOf(ConfigOf(Nudge("a") + Nudge("b") + experiment + "b' }"), "run-1", "ada"), "");
  EXPECT_EQ(VariantOf(ConfigOf(Nudge("a") + Nudge("b") + experiment + "a' }"), "run-2", "ada"), "on");
}

TEST_F(AssignmentTest, SticksWhenWeightsChange) {
  const std::vector<v1::ActionDecision> before = DecideAll(RequestOf(TwoVariants(5'000, 5'000), Items(200, "first-")));
  EXPECT_EQ(AssignedCount(), 200);
  const std::vector<v1::ActionDecision> after = DecideAll(RequestOf(TwoVariants(0, 10'000), Items(200, "second-")));
  int in_a = 0;
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(after[i].assignments(0).variant_id(), before[i].assignments(0).variant_id());
    EXPECT_TRUE(after[i].assignments(0).kept());
    EXPECT_EQ(after[i].assignments(0).probability(), 0.5);
    in_a += after[i].assignments(0).variant_id() == "a";
  }
  EXPECT_GT(in_a, 60);
  EXPECT_EQ(AssignedCount(), 200);
  // Who comes new gets the weights of now.
  EXPECT_EQ(VariantOf(TwoVariants(0, 10'000), "third", "somebody"), "b");
}

TEST_F(AssignmentTest, SticksWhenCoverageAndNamespaceNoLongerReachTheCustomer) {
  const std::string before = VariantOf(TwoVariants(5'000, 5'000), "run-1", "ada");
  EXPECT_NE(before, "");
  EXPECT_EQ(VariantOf(TwoVariants(5'000, 5'000, "coverage_bps: 0"), "run-2", "ada"), before);
  EXPECT_EQ(VariantOf(TwoVariants(5'000, 5'000, "coverage_bps: 0"), "run-3", "bob"), "");
}

TEST_F(AssignmentTest, AVariantThatIsGoneIsAssignedAnew) {
  EXPECT_EQ(VariantOf(TwoVariants(10'000, 0), "run-1", "ada"), "a");
  const v1::OfferConfig without_a =
      ConfigOf(Nudge("a") +
               "experiments { experiment_id: 'x' variants { variant_id: 'b' weight_bps: 10000 } variants { variant_id: "
               "'c' } }");
  EXPECT_EQ(VariantOf(without_a, "run-2", "ada"), "b");
  EXPECT_EQ(AssignedCount(), 1);
}

TEST_F(AssignmentTest, IsEachCampaignsOwn) {
  DecisionFor(TwoVariants(10'000, 0), "run-1", "ada", "win-back");
  const v1::ActionDecision other = DecisionFor(TwoVariants(0, 10'000), "run-2", "ada", "reduce-churn");
  EXPECT_EQ(other.assignments(0).variant_id(), "b");
  EXPECT_EQ(AssignedCount(), 2);
}

TEST_F(AssignmentTest, StaysAfterARestart) {
  EXPECT_EQ(VariantOf(TwoVariants(10'000, 0), "run-1", "ada"), "a");
  Stop();
  Start();
  EXPECT_EQ(VariantOf(TwoVariants(0, 10'000), "run-2", "ada"), "a");
}

TEST_F(AssignmentTest, ADryRunKeepsButRecordsNothing) {
  v1::SelectActionsRequest request = RequestOf(TwoVariants(10'000, 0), {ItemFor("run-1", "ada")});
  request.set_dry_run(true);
  EXPECT_EQ(DecisionFor(request).assignments(0).variant_id(), "a");
  EXPECT_EQ(AssignedCount(), 0);
  EXPECT_EQ(VariantOf(TwoVariants(0, 10'000), "run-2", "ada"), "b");
  EXPECT_EQ(DecisionFor(request).assignments(0).variant_id(), "b");
}

TEST_F(AssignmentTest, HoldoutComesFirstAndIsNotAssigned) {
  v1::OfferConfig config = TwoVariants(5'000, 5'000);
  config.mutable_global_holdout()->set_share_bps(10'000);
  const v1::ActionDecision decision = DecisionFor(config, "run", "ada");
  EXPECT_TRUE(decision.held_out());
  EXPECT_EQ(decision.assignments_size(), 0);
  EXPECT_EQ(AssignedCount(), 0);
}

TEST_F(AssignmentTest, AnAssignmentIsNoExposureUntilDelivery) {
  EXPECT_EQ(VariantOf(TwoVariants(10'000, 0), "run-1", "ada"), "a");
  EXPECT_EQ(ExposedCount(), 0);
  Settle("run-1", v1::SETTLEMENT_RELEASE);
  EXPECT_EQ(ExposedCount(), 0);
  Expose("run-1", "ada", "b");
  Expose("run-1", "bob", "a");
  EXPECT_EQ(ExposedCount(), 0);
  Expose("run-1", "ada", "a");
  EXPECT_EQ(ExposedCount(), 1);
  const int64_t first = Number("SELECT exposure_micros FROM assignment");
  EXPECT_EQ(first, absl::ToUnixMicros(clock_.Now()));
  clock_.Advance(absl::Hours(24));
  Expose("run-2", "ada", "a");
  EXPECT_EQ(Number("SELECT exposure_micros FROM assignment"), first);
}

TEST_F(AssignmentTest, ExperimentsOfSeparateNamespaceRangesShareNoCustomer) {
  const auto experiment = [](absl::string_view id, int start, int end) {
    return absl::StrCat("experiments { experiment_id: '", id,
                        "' variants { variant_id: 'a' weight_bps: 5000 } variants "
                        "{ variant_id: 'b' weight_bps: 5000 } namespace_range { name: 'mail' start_bps: ",
                        start, " end_bps: ", end, " } } ");
  };
  const v1::OfferConfig config = ConfigOf(Nudge("a") + experiment("x", 0, 4'000) + experiment("y", 4'000, 10'000));
  std::map<std::string, int> counts;
  for (const v1::ActionDecision& decision : DecideAll(RequestOf(config, Items(500)))) {
    ASSERT_EQ(decision.assignments_size(), 1);
    ++counts[decision.assignments(0).experiment_id()];
  }
  EXPECT_NEAR(counts["x"], 200, 44);
}

TEST_F(AssignmentTest, SampleRatiosMatchTheWeights) {
  const auto config =
      ConfigOf(Nudge("a") +
               "experiments { experiment_id: 'x' variants { variant_id: 'a' weight_bps: 2000 } variants "
               "{ variant_id: 'b' weight_bps: 3000 } variants { variant_id: 'c' weight_bps: 5000 } }");
  DecideAll(RequestOf(config, Items(512)));
  double chi_square = 0;
  const double expected[] = {512 * 0.2, 512 * 0.3, 512 * 0.5};
  const char* const queries[] = {"SELECT COUNT(*) FROM assignment WHERE variant_id = 'a'",
                                 "SELECT COUNT(*) FROM assignment WHERE variant_id = 'b'",
                                 "SELECT COUNT(*) FROM assignment WHERE variant_id = 'c'"};
  for (int i = 0; i < 3; ++i) {
    const double difference = static_cast<double>(Number(queries[i])) - expected[i];
    chi_square += difference * difference / expected[i];
  }
  // 0.999 quantile of chi-square with 2 degrees of freedom: above it is a SampleRatioMismatch.
  EXPECT_LT(chi_square, 13.82);
}

TEST_F(AssignmentTest, ThompsonSamplingFollowsTheResponsesAndLogsTheProbability) {
  v1::SelectActionsRequest request = RequestOf(Bandit("exploration_floor_bps: 1000"), Items(500));
  AddResponses(request, "a", 1'000, 20);
  AddResponses(request, "b", 1'000, 120);
  int in_b = 0;
  for (const v1::ActionDecision& decision : DecideAll(request)) {
    ASSERT_EQ(decision.assignments_size(), 1);
    const v1::Assignment& assignment = decision.assignments(0);
    in_b += assignment.variant_id() == "b";
    EXPECT_NEAR(assignment.probability(), assignment.variant_id() == "b" ? 0.9 : 0.1, 1e-6);
    EXPECT_EQ(ReasonOf(decision, kExperimentVariant).facts(2).name(), "probability");
  }
  EXPECT_NEAR(in_b, 450, 27);
}

TEST_F(AssignmentTest, ThompsonSamplingDecidesTheSameRunTheSameWay) {
  v1::SelectActionsRequest request = RequestOf(Bandit(), Items(100));
  const std::vector<v1::ActionDecision> first = DecideAll(request);
  // More responses came in meanwhile: what is recorded stays.
  AddResponses(request, "b", 1'000, 1'000);
  const std::vector<v1::ActionDecision> second = DecideAll(request);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(second[i].assignments(0).variant_id(), first[i].assignments(0).variant_id());
    EXPECT_EQ(second[i].assignments(0).probability(), first[i].assignments(0).probability());
    EXPECT_FALSE(second[i].assignments(0).kept());
  }
}

TEST_F(AssignmentTest, ThompsonSamplingDecidesARunAsItWasAlsoAfterALaterRun) {
  const v1::OfferConfig config = Bandit("exploration_floor_bps: 0");
  v1::SelectActionsRequest first = RequestOf(config, {ItemFor("run-1", "ada")});
  AddResponses(first, "a", 100'000, 50'000);
  AddResponses(first, "b", 100'000, 0);
  v1::SelectActionsRequest second = RequestOf(config, {ItemFor("run-2", "ada")});
  AddResponses(second, "a", 100'000, 50'000);
  AddResponses(second, "b", 100'000, 90'000);
  EXPECT_EQ(DecisionFor(first).assignments(0).variant_id(), "a");
  EXPECT_EQ(DecisionFor(second).assignments(0).variant_id(), "b");
  EXPECT_EQ(VariantOf(config, "run-1", "ada"), "a");
  EXPECT_EQ(VariantOf(config, "run-2", "ada"), "b");
  Expose("run-2", "ada", "b");
  EXPECT_EQ(Number("SELECT exposure_micros IS NULL FROM assignment WHERE scope = 'run-1'"), 1);
  EXPECT_EQ(Number("SELECT exposure_micros IS NULL FROM assignment WHERE scope = 'run-2'"), 0);
  // What another run of the customer saw is not this one's exposure.
  Expose("run-3", "ada", "a");
  EXPECT_EQ(ExposedCount(), 1);
}

TEST_F(AssignmentTest, ADecisionMadeAgainIsNotMovedByWhatLaterRunsRecorded) {
  v1::SelectActionsRequest again = RequestOf(TwoVariants(10'000, 0), {ItemFor("run-1", "ada")});
  again.set_dry_run(true);
  again.mutable_decide_time()->set_seconds(absl::ToUnixSeconds(clock_.Now()));
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(VariantOf(TwoVariants(0, 10'000), "run-2", "ada"), "b");
  EXPECT_EQ(DecisionFor(again).assignments(0).variant_id(), "a");
}

TEST_F(AssignmentTest, ThompsonSamplingWithTheSameSeedNeedsNoRecordToDecideTheSame) {
  v1::SelectActionsRequest request = RequestOf(Bandit(), Items(100));
  AddResponses(request, "a", 50, 5);
  request.set_dry_run(true);
  const std::vector<v1::ActionDecision> first = DecideAll(request);
  const std::vector<v1::ActionDecision> second = DecideAll(request);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(first[i].SerializeAsString(), second[i].SerializeAsString());
}

TEST_F(AssignmentTest, ThompsonSamplingChoosesAfreshForEachRun) {
  v1::SelectActionsRequest all_b = RequestOf(Bandit("exploration_floor_bps: 0"), Items(20, "second-"));
  AddResponses(all_b, "a", 100'000, 0);
  AddResponses(all_b, "b", 100'000, 50'000);
  int moved = 0;
  const std::vector<v1::ActionDecision> before = DecideAll(RequestOf(Bandit("exploration_floor_bps: 0"), Items(20)));
  const std::vector<v1::ActionDecision> after = DecideAll(all_b);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(after[i].assignments(0).variant_id(), "b");
    moved += before[i].assignments(0).variant_id() == "a";
  }
  EXPECT_GT(moved, 3);
}

TEST_F(AssignmentTest, ThompsonSamplingLeavesOutWhoIsNotCovered) {
  int covered = 0;
  const v1::OfferConfig config = TwoVariants(0, 0, "coverage_bps: 2000 thompson_sampling {}");
  for (const v1::ActionDecision& decision : DecideAll(RequestOf(config, Items(500)))) {
    covered += decision.assignments_size();
  }
  EXPECT_NEAR(covered, 100, 36);
}

TEST_F(AssignmentTest, RefusesWhatCannotBeAnExperiment) {
  const auto expect_refused = [&](const v1::OfferConfig& config, const std::string& message) {
    v1::SelectActionsResponse response;
    const grpc::Status status = Select(RequestOf(config, {}), response);
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), ::testing::HasSubstr(message));
  };
  expect_refused(TwoVariants(5'000, 4'000), "config.experiments[0].variants: 9000 is the sum of weight_bps");
  expect_refused(TwoVariants(0, 1, "thompson_sampling {}"),
                 "config.experiments[0].variants[1].weight_bps: 1 must be 0 where thompson_sampling chooses");
  expect_refused(Bandit("reward: RESPONSE_KIND_COMPLAINED"),
                 "config.experiments[0].thompson_sampling.reward: RESPONSE_KIND_COMPLAINED is no success");
  expect_refused(Bandit("exploration_floor_bps: 5001"), "thompson_sampling.exploration_floor_bps: 5001");
  expect_refused(TwoVariants(0, 0, "variants { variant_id: 'c' } thompson_sampling { exploration_floor_bps: 4000 }"),
                 "config.experiments[0].thompson_sampling.exploration_floor_bps: 4000 is above 10000 over the number");
  expect_refused(Bandit("prior_successes: 0.5"), "thompson_sampling.prior_successes: 0.5");
  expect_refused(TwoVariants(5'000, 5'000, "namespace_range { name: 'n' start_bps: 4000 end_bps: 4000 }"),
                 "config.experiments[0].namespace_range.end_bps: 4000 must be above start_bps");
}

}  // namespace
}  // namespace campaign::offer
