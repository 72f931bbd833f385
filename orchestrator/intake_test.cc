#include "orchestrator/intake.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/testing/testing.h"
#include "orchestrator/testing_campaigns.h"

namespace campaign::orchestrator {
namespace {

class IntakeTest : public ::testing::Test {
 protected:
  std::shared_ptr<Source> Add(int64_t number, std::shared_ptr<const CampaignPlan> plan,
                              const v1::RunCampaignRequest& request, int64_t next_sequence = 0) {
    auto source = std::make_shared<Source>();
    source->run.number = number;
    source->run.id = absl::StrCat("r", number);
    source->run.dry_run = request.dry_run();
    source->run.request = request;
    source->run.next_sequence = next_sequence;
    source->plan = std::move(plan);
    intake_.Add(source);
    return source;
  }
  void AddSingle(int64_t number, std::shared_ptr<const CampaignPlan> plan, bool dry_run = false) {
    v1::RunCampaignRequest request;
    request.set_customer_id(absl::StrCat("c", number));
    request.set_dry_run(dry_run);
    Add(number, std::move(plan), request);
  }
  static v1::RunCampaignRequest List(int count) {
    v1::RunCampaignRequest request;
    for (int i = 0; i < count; ++i) request.mutable_customers()->add_customer_ids(absl::StrCat("c", i));
    return request;
  }
  static v1::RunCampaignRequest Audience() {
    v1::RunCampaignRequest request;
    request.mutable_audience();
    return request;
  }
  static void Fill(Source& source, int count, bool exhausted) {
    for (int i = 0; i < count; ++i) source.customer_ids.push_back(absl::StrCat("a", i));
    source.exhausted = exhausted;
  }
  // "<run-position>=<customer> ... | run <n>: +count at next_sequence [cursor] [expanded]"; "none" where there is no
  // batch.
  static std::string Text(const std::shared_ptr<Batch>& batch, const std::vector<Intake::Take>& takes) {
    if (batch == nullptr) return "none";
    std::vector<std::string> members;
    for (const Member& member : batch->members)
      members.push_back(absl::StrCat(member.customer_run_id, "=", member.customer_id));
    std::string text = absl::StrJoin(members, " ");
    for (const Intake::Take& take : takes) {
      absl::StrAppend(&text, " | run ", take.run_number, ": +", take.count, " at ", take.next_sequence,
                      take.cursor.empty() ? "" : " " + take.cursor, take.expanded ? " expanded" : "");
    }
    return text;
  }
  std::string NextSingles() {
    std::vector<Intake::Take> takes;
    auto batch = intake_.NextSingles(takes);
    return Text(batch, takes);
  }
  std::string NextBulk() {
    std::vector<Intake::Take> takes;
    auto batch = intake_.NextBulk(takes);
    return Text(batch, takes);
  }

  Intake intake_{/*batch_size=*/3};
  const std::shared_ptr<const CampaignPlan> plan_ = SmallPlan();
  const std::shared_ptr<const CampaignPlan> other_ = SmallPlan("other");
};

TEST_F(IntakeTest, SinglesOfOneVersionShareABatch) {
  AddSingle(1, plan_);
  AddSingle(2, plan_);
  EXPECT_EQ(NextSingles(), "r1-0=c1 r2-0=c2 | run 1: +1 at 1 expanded | run 2: +1 at 1 expanded");
  EXPECT_EQ(NextSingles(), "none");
}

TEST_F(IntakeTest, OtherVersionsAndDryRunsWaitForABatchOfTheirOwn) {
  AddSingle(1, plan_);
  AddSingle(2, other_);
  AddSingle(3, plan_, /*dry_run=*/true);
  AddSingle(4, plan_);
  EXPECT_EQ(NextSingles(), "r1-0=c1 r4-0=c4 | run 1: +1 at 1 expanded | run 4: +1 at 1 expanded");
  EXPECT_EQ(NextSingles(), "r2-0=c2 | run 2: +1 at 1 expanded");
  std::vector<Intake::Take> takes;
  const auto batch = intake_.NextSingles(takes);
  EXPECT_TRUE(batch->dry_run);
  EXPECT_FALSE(batch->bulk);
  EXPECT_EQ(NextSingles(), "none");
}

TEST_F(IntakeTest, ABatchOfSinglesIsBounded) {
  for (int i = 1; i <= 4; ++i) AddSingle(i, plan_);
  EXPECT_EQ(NextSingles(),
            "r1-0=c1 r2-0=c2 r3-0=c3 | run 1: +1 at 1 expanded | run 2: +1 at 1 expanded | run 3: +1 at 1 expanded");
  EXPECT_EQ(NextSingles(), "r4-0=c4 | run 4: +1 at 1 expanded");
}

TEST_F(IntakeTest, AListIsTakenInBatchesUntilItIsExpanded) {
  Add(1, plan_, List(4));
  EXPECT_EQ(NextBulk(), "r1-0=c0 r1-1=c1 r1-2=c2 | run 1: +3 at 3");
  EXPECT_EQ(NextBulk(), "r1-3=c3 | run 1: +1 at 4 expanded");
  EXPECT_EQ(NextBulk(), "none");
}

TEST_F(IntakeTest, AListGoesOnWhereAnEarlierProcessStopped) {
  Add(1, plan_, List(4), /*next_sequence=*/3);
  EXPECT_EQ(NextBulk(), "r1-3=c3 | run 1: +1 at 4 expanded");
}

TEST_F(IntakeTest, AListThatWasTakenWholeIsOnlyMarked) {
  Add(1, plan_, List(2), /*next_sequence=*/2);
  EXPECT_EQ(NextBulk(), " | run 1: +0 at 2 expanded");
}

TEST_F(IntakeTest, ListsAndAudiencesTakeTurns) {
  Add(1, plan_, List(6));
  Fill(*Add(2, plan_, Audience()), 4, /*exhausted=*/true);
  EXPECT_EQ(NextBulk(), "r1-0=c0 r1-1=c1 r1-2=c2 | run 1: +3 at 3");
  EXPECT_EQ(NextBulk(), "r2-0=a0 r2-1=a1 r2-2=a2 | run 2: +3 at 3 a2");
  EXPECT_EQ(NextBulk(), "r1-3=c3 r1-4=c4 r1-5=c5 | run 1: +3 at 6 expanded");
  EXPECT_EQ(NextBulk(), "r2-3=a3 | run 2: +1 at 4 a3 expanded");
}

TEST_F(IntakeTest, AnAudienceWaitsForAFullBatchUnlessItIsAtItsEnd) {
  const auto source = Add(1, plan_, Audience());
  Fill(*source, 2, /*exhausted=*/false);
  EXPECT_EQ(NextBulk(), "none");
  // It holds nobody else up.
  Add(2, plan_, List(1));
  EXPECT_EQ(NextBulk(), "r2-0=c0 | run 2: +1 at 1 expanded");
  source->exhausted = true;
  EXPECT_EQ(NextBulk(), "r1-0=a0 r1-1=a1 | run 1: +2 at 2 a1 expanded");
}

TEST_F(IntakeTest, AnEmptyAudienceIsExpandedByAnEmptyBatch) {
  Fill(*Add(1, plan_, Audience()), 0, /*exhausted=*/true);
  EXPECT_EQ(NextBulk(), " | run 1: +0 at 0 expanded");
  EXPECT_EQ(NextBulk(), "none");
}

TEST_F(IntakeTest, ReadsAnAudienceTwoBatchesAhead) {
  Add(1, plan_, List(1));
  const auto source = Add(2, plan_, Audience());
  EXPECT_EQ(intake_.NextToFetch(), source);
  source->fetching = true;
  EXPECT_EQ(intake_.NextToFetch(), nullptr);
  source->fetching = false;
  Fill(*source, 6, /*exhausted=*/false);
  EXPECT_EQ(intake_.NextToFetch(), nullptr);
  NextBulk();
  NextBulk();
  EXPECT_EQ(intake_.NextToFetch(), source);
  source->exhausted = true;
  EXPECT_EQ(intake_.NextToFetch(), nullptr);
}

TEST_F(IntakeTest, ARunThatIsRemovedIsNotTaken) {
  AddSingle(1, plan_);
  AddSingle(2, plan_);
  Add(3, plan_, List(5));
  NextBulk();
  intake_.Remove(1);
  intake_.Remove(3);
  intake_.Remove(99);
  EXPECT_EQ(NextSingles(), "r2-0=c2 | run 2: +1 at 1 expanded");
  EXPECT_EQ(NextBulk(), "none");
}

}  // namespace
}  // namespace campaign::orchestrator
