#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

TEST_F(ToolTest, ReplaySaysThatARunIsIdenticalAndWhatWasNotDecidedAgain) {
  orchestrator_.replay.Returns(
      "outcome: REPLAY_OUTCOME_IDENTICAL compared_count: 6 "
      "left_out { code: 'ANSWERED_BY_CHANNEL' text: 'STEP_DELIVERY: the channel answered; it is not asked again' }");
  const Outcome outcome = Tool({"replay", "r1-0"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "identical: 6 steps decided again\n"
            "  not decided again: STEP_DELIVERY: the channel answered; it is not asked again\n");
  ASSERT_EQ(orchestrator_.replay.requests.size(), 1u);
  EXPECT_EQ(orchestrator_.replay.requests[0].customer_run_id(), "r1-0");
}

TEST_F(ToolTest, ReplayFailsWhereAStepIsDecidedInAnotherWay) {
  orchestrator_.replay.Returns(
      "outcome: REPLAY_OUTCOME_DIFFERENT compared_count: 1 differences { step: STEP_OFFER step_index: 4 "
      "field: 'decision.action_id' recorded: '\"mug\"' }");
  const Outcome outcome = Tool({"replay", "r1-0"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out,
            "different: 1 step decided again\n  offer, step 4: decision.action_id\n    recorded: \"mug\"\n"
            "    now:      (nothing)\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ToolTest, ReplayNamesTheStateThatMovedOn) {
  orchestrator_.replay.Returns(
      "outcome: REPLAY_OUTCOME_STATE_MOVED compared_count: 6 differences { step: STEP_COMPLIANCE step_index: 6 "
      "field: 'check.verdict' recorded: 'VERDICT_ALLOW' replayed: 'VERDICT_BLOCK' moved_state: 'consents' }");
  const Outcome outcome = Tool({"replay", "r1-0"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "state moved on: 6 steps decided again, differences only where services keep state\n"
            "  compliance, step 6: check.verdict\n    recorded: VERDICT_ALLOW\n    now:      VERDICT_BLOCK\n"
            "    because of consents\n");
}

}  // namespace
}  // namespace campaign::ctl
