#include "services/offer/experiment.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::offer {
namespace {

using campaign::testing::ParseProto;

v1::Experiment ThreeArms(int coverage_bps) {
  auto experiment = ParseProto<v1::Experiment>(R"pb(
    experiment_id: "subject-line"
    variants { variant_id: "a" weight_bps: 2000 }
    variants { variant_id: "b" weight_bps: 3000 }
    variants { variant_id: "c" weight_bps: 5000 }
  )pb");
  experiment.set_coverage_bps(coverage_bps);
  return experiment;
}

std::string VariantOf(const v1::Experiment& experiment, int customer) {
  const v1::Variant* variant = AssignVariant(experiment, absl::StrCat("customer-", customer));
  return variant == nullptr ? "" : variant->variant_id();
}

TEST(Bucket, IsGrowthBooksPublishedHashVersion2) {
  EXPECT_EQ(Bucket("seed", "a"), 505);
  EXPECT_EQ(Bucket("seed", "b"), 2696);
  EXPECT_EQ(Bucket("foo", "ab"), 2575);
  EXPECT_EQ(Bucket("foo", "def"), 2019);
  EXPECT_EQ(Bucket("89123klj", "8952klfjas09ujkasdf"), 1240);
  EXPECT_EQ(Bucket("90850943850283058242805", "123"), 7516);
  EXPECT_EQ(Bucket("()**(%$##$%#$#", "___)((*\":&"), 128);
}

TEST(Bucket, IsGrowthBooksPublishedHashVersion1) {
  EXPECT_EQ(BucketVersion1("", "a"), 220);
  EXPECT_EQ(BucketVersion1("", "b"), 77);
  EXPECT_EQ(BucketVersion1("b", "a"), 946);
  EXPECT_EQ(BucketVersion1("ef", "d"), 652);
  EXPECT_EQ(BucketVersion1("asdf", "8952klfjas09ujk"), 549);
  EXPECT_EQ(BucketVersion1("", "123"), 11);
  EXPECT_EQ(BucketVersion1("", "___)((*\":&"), 563);
}

TEST(IsInNamespace, IsGrowthBooksPublishedInNamespace) {
  const struct {
    const char* customer;
    const char* name;
    bool below_0_4;
  } cases[] = {{"1", "namespace1", false}, {"1", "namespace2", false}, {"2", "namespace1", false},
               {"2", "namespace2", false}, {"3", "namespace1", false}, {"3", "namespace2", true},
               {"4", "namespace1", false}, {"4", "namespace2", true}};
  for (const auto& c : cases) {
    v1::NamespaceRange range;
    range.set_name(c.name);
    range.set_end_bps(4000);
    EXPECT_EQ(IsInNamespace(range, c.customer), c.below_0_4) << c.customer << " " << c.name;
    range.set_start_bps(4000);
    range.set_end_bps(10000);
    EXPECT_EQ(IsInNamespace(range, c.customer), !c.below_0_4) << c.customer << " " << c.name;
  }
}

// The published example: key "hello", seed "feature", version 2, coverage 0.99, weights 0.1 and 0.9, user "123" has
// bucket 0.5231 and the second variant.
TEST(AssignVariant, IsGrowthBooksPublishedExperiment) {
  auto experiment = ParseProto<v1::Experiment>(R"pb(
    experiment_id: "hello"
    seed: "feature"
    coverage_bps: 9900
    variants { variant_id: "v0" weight_bps: 1000 }
    variants { variant_id: "v1" weight_bps: 9000 }
    namespace_range { name: "pricing" start_bps: 0 end_bps: 10000 }
  )pb");
  EXPECT_EQ(Bucket("feature", "123"), 5231);
  ASSERT_NE(AssignVariant(experiment, "123"), nullptr);
  EXPECT_EQ(AssignVariant(experiment, "123")->variant_id(), "v1");
}

TEST(Fnv1a32, IsThePublishedHash) {
  EXPECT_EQ(Fnv1a32(""), 0x811c9dc5u);
  EXPECT_EQ(Fnv1a32("a"), 0xe40c292cu);
  EXPECT_EQ(Fnv1a32("foobar"), 0xbf9cf968u);
}

TEST(AssignVariant, SharesCustomersOutByWeight) {
  const v1::Experiment experiment = ThreeArms(10'000);
  std::map<std::string, int> counts;
  for (int i = 0; i < 100'000; ++i) ++counts[VariantOf(experiment, i)];
  // Four standard deviations of a binomial count are below 640.
  EXPECT_NEAR(counts["a"], 20'000, 640);
  EXPECT_NEAR(counts["b"], 30'000, 640);
  EXPECT_NEAR(counts["c"], 50'000, 640);
  EXPECT_EQ(counts.count(""), 0);
}

TEST(AssignVariant, LeavesOutWhoIsNotCovered) {
  const v1::Experiment experiment = ThreeArms(2'000);
  std::map<std::string, int> counts;
  for (int i = 0; i < 100'000; ++i) ++counts[VariantOf(experiment, i)];
  EXPECT_NEAR(counts["a"], 4'000, 300);
  EXPECT_NEAR(counts["b"], 6'000, 300);
  EXPECT_NEAR(counts["c"], 10'000, 400);
  EXPECT_NEAR(counts[""], 80'000, 640);
}

TEST(AssignVariant, UsesGrowthBooksBucketRanges) {
  // Coverage 0.2 over 0.2, 0.3, 0.5: [0, 0.04), [0.2, 0.26), [0.5, 0.6).
  const v1::Experiment experiment = ThreeArms(2'000);
  for (int i = 0; i < 20'000; ++i) {
    const int bucket = Bucket("subject-line", absl::StrCat("customer-", i));
    std::string expected;
    if (bucket < 400) expected = "a";
    if (bucket >= 2'000 && bucket < 2'600) expected = "b";
    if (bucket >= 5'000 && bucket < 6'000) expected = "c";
    ASSERT_EQ(VariantOf(experiment, i), expected) << bucket;
  }
}

TEST(AssignVariant, SticksWhenCoverageGrows) {
  const v1::Experiment narrow = ThreeArms(3'000);
  const v1::Experiment wide = ThreeArms(9'000);
  int assigned = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string before = VariantOf(narrow, i);
    EXPECT_EQ(before, VariantOf(narrow, i));
    if (before.empty()) continue;
    ++assigned;
    ASSERT_EQ(VariantOf(wide, i), before) << i;
  }
  EXPECT_GT(assigned, 2'500);
}

TEST(AssignVariant, CoversNobodyAtZeroCoverage) {
  const v1::Experiment experiment = ThreeArms(0);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(VariantOf(experiment, i), "");
}

TEST(IsHeldOut, HoldsOutTheShare) {
  const auto holdout = ParseProto<v1::Holdout>("share_bps: 1000");
  int held_out = 0;
  for (int i = 0; i < 100'000; ++i) held_out += IsHeldOut(holdout, "win-back", absl::StrCat("customer-", i));
  EXPECT_NEAR(held_out, 10'000, 400);
}

TEST(IsHeldOut, HoldsOutNobodyWithoutAShare) {
  for (int i = 0; i < 1'000; ++i) ASSERT_FALSE(IsHeldOut({}, "win-back", absl::StrCat(i)));
}

TEST(IsHeldOut, HoldsOutTheSameCustomersInCampaignsOfOneSeed) {
  const auto shared = ParseProto<v1::Holdout>("share_bps: 2000 seed: 'global'");
  const auto own = ParseProto<v1::Holdout>("share_bps: 2000");
  int differ = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::string id = absl::StrCat("customer-", i);
    ASSERT_EQ(IsHeldOut(shared, "a", id), IsHeldOut(shared, "b", id));
    differ += IsHeldOut(own, "a", id) != IsHeldOut(own, "b", id);
  }
  // Independent splits of 20 % differ on 32 % of customers.
  EXPECT_NEAR(differ, 1'600, 200);
}

TEST(IsHeldOut, IsIndependentOfAnExperimentOfTheSameName) {
  const auto holdout = ParseProto<v1::Holdout>("share_bps: 5000 seed: 'subject-line'");
  const v1::Experiment experiment = ThreeArms(10'000);
  int held_out_in_c = 0;
  int in_c = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (VariantOf(experiment, i) != "c") continue;
    ++in_c;
    held_out_in_c += IsHeldOut(holdout, "", absl::StrCat("customer-", i));
  }
  EXPECT_NEAR(held_out_in_c, in_c / 2.0, 250);
}

}  // namespace
}  // namespace campaign::offer
