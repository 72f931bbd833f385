#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDelivered[] = R"(customer_run {
  customer_run_id: "cr1" campaign_run_id: "r1" campaign: "reduce-churn" campaign_version: "0123456789abcdef"
  customer_id: "ann" state: CUSTOMER_RUN_STATE_DELIVERED
  steps {
    step: STEP_ROUTER start_time { seconds: 100 } end_time { seconds: 100 nanos: 1500000 } attempt_count: 1
    router {
      consented_channels: [CHANNEL_EMAIL, CHANNEL_SMS] strategies: [STRATEGY_CHURN, STRATEGY_RFM]
      reasons { code: "NO_RECENT_TEXTS" text: "intent left out: no texts" }
    }
  }
  steps {
    step: STEP_SEGMENTATION attempt_count: 3 start_time { seconds: 100 } end_time { seconds: 100 nanos: 250000000 }
    segment {
      strategy: STRATEGY_CHURN segment: "high" label: "likely to leave" score: 0.82 churn_probability: 0.82
      reasons { code: "ACTIVITY_CHANGE" text: "activity down 80 %" facts { name: "activity_change" value: "-0.8" } }
    }
  }
  steps {
    step: STEP_RETRIEVAL
    insights { insights { kind: INSIGHT_KIND_ACTIVITY text: "inactive for 12 days" facts { name: "days_inactive" value: "12" }
                             fact_sources: FACT_SOURCE_ACTIVITY fact_time_seconds: 1780488000 } }
  }
  steps {
    step: STEP_OFFER
    decision {
      kind: ACTION_KIND_OFFER action_id: "mug" name: "A mug" channel: CHANNEL_EMAIL action_value_minor: 123.4 propensity: 0.12
      variables { name: "currency" value: "EUR" }
      assignments { experiment_id: "subject" variant_id: "b" }
      reasons { code: "BEST_VALUE" text: "highest expected value" }
      losing_candidates { action_id: "sorry" reason { code: "NOT_ELIGIBLE" text: "no open ticket" } }
      losing_candidates {
        action_id: "nudge" reason { code: "LOWER_VALUE" } action_value_minor: 50
        factors { propensity: 0.1 context_weight: 1.5 value_minor: 50 uplift: 0.05 affinity: 0.25 priority: 75 }
        smallest_change { code: "RAISE_PRIORITY" text: "value up by 0.33 EUR" facts { name: "value_minor" value: "83" } }
      }
      factors { propensity: 0.12 value_minor: 123.4 priority: 123.4 }
      counted_factors: [PRIORITY_FACTOR_CONTEXT_WEIGHT, PRIORITY_FACTOR_VALUE, PRIORITY_FACTOR_LEVER]
    }
  }
  steps {
    step: STEP_GENERATION
    message {
      channel: CHANNEL_EMAIL address: "ann@example.com" locale: "en" subject: "Hello\033[2J Ann" text: "Line one\n\nLine two"
      html: "<p>Line</p>" message_class: MESSAGE_CLASS_MARKETING template_id: "mug" fallbacks_used: "first_name"
    }
  }
  steps { step: STEP_COMPLIANCE check { verdict: VERDICT_REVIEW red_flags: "VIP" reasons { code: "VIP" text: "a person must look" } } }
  steps { step: STEP_REVIEW review { decision: REVIEW_DECISION_APPROVE reviewer: "ada" accepted_red_flags: "VIP" } }
  steps { step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW } }
  steps {
    step: STEP_DELIVERY
    receipt { state: DELIVERY_STATE_ACCEPTED channel: CHANNEL_EMAIL provider: "spool" idempotency_key: "k1" attempt_count: 1 }
  }
  steps { step: STEP_ANALYTICS attempt_count: 1 }
})";

TEST_F(ToolTest, ExplainWalksTheTenStepsInOrder) {
  orchestrator_.get_customer_run.Returns(kDelivered);
  const Outcome outcome = Tool({"explain", "cr1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(orchestrator_.get_customer_run.requests[0].customer_run_id(), "cr1");
  EXPECT_EQ(outcome.out, R"(ann in reduce-churn 0123456789ab
customer run cr1 of run r1

DELIVERED

  1  goal
      pinned reduce-churn 0123456789ab
  2  router        1.5 ms
      consented channels: EMAIL, SMS
      strategies to try: CHURN, RFM
      left out:
        NO_RECENT_TEXTS: intent left out: no texts
  3  segmentation  250.0 ms, 3 attempts
      segment high (likely to leave) by CHURN, score 0.82
      churn probability 0.82
      why:
        ACTIVITY_CHANGE: activity down 80 % (activity_change -0.8)
  4  retrieval
      ACTIVITY: inactive for 12 days
        days_inactive = 12 (ACTIVITY, newest 2026-06-03 12:00:00 UTC)
  5  offer
      OFFER mug (A mug) on EMAIL
      expected value 1.23 EUR at propensity 0.120
      priority 123.4 = context weight 1 x value 1.23 EUR x lever 1; not counted: propensity 0.12
      experiment subject: variant b
      why:
        BEST_VALUE: highest expected value
      why not the others:
        sorry: NOT_ELIGIBLE: no open ticket
        nudge (0.50 EUR): LOWER_VALUE
          priority 75 = context weight 1.5 x value 0.50 EUR x lever 1; not counted: propensity 0.1; uplift 0.05; affinity 0.25
          to win: value up by 0.33 EUR
  6  generation
      EMAIL message, MARKETING, en, template mug
      | To: ann@example.com
      | Subject: Hello<U+001B>[2J Ann
      |
      | Line one
      |
      | Line two
      HTML part of 11 bytes; --html shows it
      from fallbacks: first_name
  7  compliance
      REVIEW, red flags: VIP
      why:
        VIP: a person must look
  8  review
      APPROVE by ada
      accepted red flags: VIP
  7  compliance
      ALLOW
  9  delivery
      ACCEPTED on EMAIL by spool, 1 attempt
      key k1
 10  analytics
      recorded
)");
  EXPECT_THAT(Tool({"explain", "cr1", "--html"}).out, HasSubstr("| <p>Line</p>\n"));
}

TEST_F(ToolTest, ExplainSaysWhyStepsWereNotWalked) {
  orchestrator_.get_customer_run.Returns(R"(customer_run {
    customer_run_id: "cr2" customer_id: "bob" campaign: "c" state: CUSTOMER_RUN_STATE_SUPPRESSED
    reasons { code: "ON_SUPPRESSION_LIST" text: "unsubscribed" }
    steps { step: STEP_GOAL }
    steps { step: STEP_ROUTER router {} }
    steps { step: STEP_SEGMENTATION skipped { code: "NOT_IN_ROUTE" text: "the route leaves it out" } }
    steps { step: STEP_COMPLIANCE check { verdict: VERDICT_BLOCK } }
    steps { step: STEP_ANALYTICS error { code: 14 reason: "AWAY" message: "analytics is away" } }
  })");
  const std::string text = Tool({"explain", "cr2"}).out;
  EXPECT_THAT(text, HasSubstr("SUPPRESSED\n  ON_SUPPRESSION_LIST: unsubscribed\n"));
  EXPECT_THAT(text, HasSubstr("  3  segmentation\n      not walked: NOT_IN_ROUTE: the route leaves it out\n"
                              "  4  retrieval\n      not walked: the run ended SUPPRESSED\n"));
  EXPECT_THAT(text, HasSubstr("      BLOCK\n  8  review\n      not walked: the run ended SUPPRESSED\n"));
  EXPECT_THAT(text, HasSubstr(" 10  analytics\n      error UNAVAILABLE AWAY: analytics is away\n"));
}

TEST_F(ToolTest, ExplainSaysWhatAWaitIsFor) {
  orchestrator_.get_customer_run.Returns(R"(customer_run {
    customer_id: "bob" state: CUSTOMER_RUN_STATE_WAITING_REVIEW review_task_id: "t1" wake_time { seconds: 1781524800 }
    steps { step: STEP_COMPLIANCE check { verdict: VERDICT_REVIEW } }
  })");
  const std::string text = Tool({"explain", "cr3"}).out;
  EXPECT_THAT(text, HasSubstr("WAITING_REVIEW until 2026-06-15 12:00:00 UTC, review task t1\n"));
  EXPECT_THAT(text, HasSubstr("  8  review\n      not yet walked: waits for review until 2026-06-15 12:00:00 UTC\n"));
}

TEST_F(ToolTest, ExplainShowsHoldoutsAndDecisionsForNothing) {
  orchestrator_.get_customer_run.Returns(
      "customer_run { state: CUSTOMER_RUN_STATE_HELD_OUT steps { step: STEP_OFFER decision { kind: ACTION_KIND_NONE "
      "held_out: true reasons { code: 'CONTROL_GROUP' } } } }");
  EXPECT_THAT(Tool({"explain", "x"}).out, HasSubstr("held out: control group, nothing is sent\n      why:\n        "
                                                    "CONTROL_GROUP\n"));
  orchestrator_.get_customer_run.Returns(
      "customer_run { steps { step: STEP_OFFER decision { kind: ACTION_KIND_NONE } } }");
  const std::string nothing = Tool({"explain", "x"}).out;
  EXPECT_THAT(nothing, HasSubstr("  5  offer\n      no action\n"));
  EXPECT_THAT(nothing, Not(HasSubstr("expected value")));
}

TEST_F(ToolTest, ExplainShowsEachChannelThatWasTried) {
  orchestrator_.get_customer_run.Returns(R"(customer_run { state: CUSTOMER_RUN_STATE_DELIVERED
    steps { step: STEP_OFFER decision {
      kind: ACTION_KIND_NUDGE action_id: "a" channel: CHANNEL_EMAIL fallback_channels: [CHANNEL_PUSH, CHANNEL_SMS] } }
    steps { step: STEP_GENERATION error { code: 14 reason: "CALL_FAILED" } }
    steps { step: STEP_GENERATION message { channel: CHANNEL_EMAIL } }
    steps { step: STEP_COMPLIANCE check { verdict: VERDICT_BLOCK reasons { code: "SUPPRESSED" text: "hard bounce" } } }
    steps { step: STEP_GENERATION error { code: 5 reason: "TEMPLATE_MISSING" message: "none for push" } }
    steps { step: STEP_GENERATION message { channel: CHANNEL_SMS } }
    steps { step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW } }
    steps { step: STEP_DELIVERY receipt {
      state: DELIVERY_STATE_ACCEPTED channel: CHANNEL_SMS idempotency_key: "k" provider_message_id: "SM1" } }
  })");
  const std::string text = Tool({"explain", "x"}).out;
  EXPECT_THAT(text, HasSubstr("      NUDGE a on EMAIL\n      if that is refused: PUSH, SMS\n"));
  EXPECT_THAT(text,
              HasSubstr("        SUPPRESSED: hard bounce\n     EMAIL was refused, on by PUSH\n  6  generation\n"
                        "      error NOT_FOUND TEMPLATE_MISSING: none for push\n     PUSH was refused, on by SMS\n"
                        "  6  generation\n      SMS message"));
  EXPECT_THAT(text, HasSubstr("      key k\n      the provider calls it SM1\n"));
}

TEST_F(ToolTest, ExplainShowsWhatAMessageIsMadeOf) {
  orchestrator_.get_customer_run.Returns(R"(customer_run { steps { step: STEP_GENERATION message {
    channel: CHANNEL_CHAT message_class: MESSAGE_CLASS_MARKETING brand: "Nordlicht" model: "small 2" text: "*hi*"
    preheader: "soon" unsubscribe_url: "https://x.example/u" collapse_key: "cart" plain_text: "hi"
    notes { code: "SMS_UCS2" text: "the character “ makes it 2 segments" } } } })");
  EXPECT_THAT(Tool({"explain", "x"}).out,
              HasSubstr("      CHAT message, MARKETING, brand Nordlicht, written by small 2\n"
                        "      | Preheader: soon\n"
                        "      | Replaces: cart\n"
                        "      | Unsubscribe: https://x.example/u\n"
                        "      |\n"
                        "      | *hi*\n"
                        "      |\n"
                        "      | Without markup:\n"
                        "      | hi\n"
                        "      to know:\n"
                        "        SMS_UCS2: the character “ makes it 2 segments\n"));
}

}  // namespace
}  // namespace campaign::ctl
