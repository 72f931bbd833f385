// Goals that nobody built in, and campaigns that must not be stored.

#include "tests/e2e/journal.h"
#include "tests/e2e/system.h"
#include "tools/campaignctl/campaign_yaml.h"

namespace campaign::e2e {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kBirthday[] = R"(
name: birthday
goal: birthday
description: A card in the month of somebody's birthday.
audience: exists attribute.birth_month
route: [goal, router, segmentation, offer, generation, compliance, review, delivery, analytics]
segmentation:
  enabled_strategies: [profile]
  personas:
    - {segment: born_in_june, label: Born in June, when: attribute.birth_month == june, score: 1}
offers:
  channel_priority: [email, sms]
  currency_code: USD
  actions:
    - action_id: card
      kind: message
      name: Birthday card
      message_class: marketing
      eligibility: segment == born_in_june
      value_minor: 100
      propensity: 0.5
generation:
  fallbacks: {first_name: there}
  templates:
    - template_id: card
      channel: email
      subject: "Happy birthday, {{first_name}}"
      text: "All the best, {{first_name}} ({{segment_label}}). Unsubscribe: https://nordlicht.example.com/u"
    - template_id: card
      channel: sms
      text: "Happy birthday, {{first_name}}! Reply STOP to opt out."
compliance:
  required_texts:
    - {channel: email, code: OPT_OUT_MISSING, any_of: [Unsubscribe]}
)";

v1::Campaign Load(absl::string_view yaml) {
  ctl::LoadedCampaign loaded = ctl::LoadCampaign(yaml);
  for (const ctl::LoadError& error : loaded.errors) ADD_FAILURE() << ctl::FormatLoadError("birthday.yaml", error);
  return std::move(loaded.campaign);
}

// Somebody who has never done anything, with a mail address, a telephone and consent for `consented`.
shop::Person Newcomer(absl::string_view id, absl::string_view birth_month, v1::Channel consented) {
  shop::Person person;
  person.customer.set_customer_id(std::string(id));
  person.customer.set_first_name("Ines");
  person.customer.set_currency_code("USD");
  *person.customer.add_contact_points() =
      ParseProto<v1::ContactPoint>("channel: CHANNEL_EMAIL address: 'ines@example.com'");
  *person.customer.add_contact_points() = ParseProto<v1::ContactPoint>("channel: CHANNEL_SMS address: '+12065550199'");
  v1::Fact& month = *person.customer.add_attributes();
  month.set_name("birth_month");
  month.set_value(std::string(birth_month));
  v1::Consent& consent = person.consents.emplace_back();
  consent.set_customer_id(std::string(id));
  consent.set_channel(consented);
  consent.set_granted(true);
  *consent.mutable_event_time() = ToTimestamp(kNow - absl::Hours(1));
  return person;
}

TEST(Campaigns, AGoalThatNobodyBuiltInNeedsNoLineOfCode) {
  System system;
  ASSERT_OK(system.Apply(Load(kBirthday)));
  system.Import({Newcomer("ines", "june", v1::CHANNEL_EMAIL), Newcomer("ines-sms", "june", v1::CHANNEL_SMS),
                 Newcomer("ines-july", "july", v1::CHANNEL_EMAIL)});
  const v1::CustomerRun run = system.Run("birthday", "ines");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(SegmentOf(run).segment(), "born_in_june");
  EXPECT_THAT(Records(run, v1::STEP_RETRIEVAL), IsEmpty());
  std::vector<SentFile> sent = system.Sent();
  ASSERT_EQ(sent.size(), 1);
  EXPECT_EQ(sent[0].to, "ines@example.com");
  EXPECT_EQ(sent[0].subject, "Happy birthday, Ines");
  EXPECT_EQ(sent[0].text, "All the best, Ines (Born in June). Unsubscribe: https://nordlicht.example.com/u");

  EXPECT_EQ(DecisionOf(system.Run("birthday", "ines-sms")).channel(), v1::CHANNEL_SMS);
  EXPECT_EQ(system.Sent().size(), 2);
  EXPECT_EQ(system.Run("birthday", "ines-july").state(), v1::CUSTOMER_RUN_STATE_NO_ACTION);
  EXPECT_EQ(system.Run("birthday", "hero-aov").state(), v1::CUSTOMER_RUN_STATE_NO_ACTION);
  EXPECT_EQ(system.Sent().size(), 2);
}

TEST(Campaigns, ARouteWithoutDeliverySegmentsAndSendsNothing) {
  System system;
  ASSERT_OK(system.Apply(Load(R"(
name: census
goal: census
route: [goal, router, segmentation, analytics]
segmentation: {enabled_strategies: [rfm]}
)")));
  const v1::CustomerRun run = system.Run("census", "hero-aov");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_NO_ACTION);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("ROUTE_SENDS_NOTHING"));
  EXPECT_EQ(SegmentOf(run).strategy(), v1::STRATEGY_RFM);
  EXPECT_THAT(system.Sent(), IsEmpty());
  const std::vector<v1::ReportRow> rows = system.Report(v1::REPORT_DIMENSION_SEGMENT);
  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows[0].key(), SegmentOf(run).segment());
}

TEST(Campaigns, ARunKeepsTheVersionThatItStartedWith) {
  System system;
  const v1::CustomerRun asleep = system.Run("win-back", "case-quiet");
  ASSERT_EQ(asleep.state(), v1::CUSTOMER_RUN_STATE_DEFERRED);
  v1::Campaign stricter = System::DemoCampaign("win-back");
  stricter.mutable_compliance()->mutable_required_texts(0)->set_any_of(0, "a sentence that no message has");
  stricter.mutable_compliance()->mutable_required_texts(0)->mutable_any_of()->DeleteSubrange(1, 1);
  ASSERT_OK_AND_ASSIGN(const auto applied, system.Apply(stricter));
  EXPECT_TRUE(applied.changed());
  ASSERT_OK_AND_ASSIGN(const auto again, system.Apply(stricter));
  EXPECT_FALSE(again.changed());
  EXPECT_EQ(again.campaign_version().version(), applied.campaign_version().version());
  const v1::CustomerRun second = system.Run("win-back", "hero-winback");
  EXPECT_EQ(second.state(), v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  // In the text and in the HTML.
  EXPECT_THAT(Codes(second.reasons()), ElementsAre("OPT_OUT_MISSING", "OPT_OUT_MISSING"));
  const std::vector<v1::ReportRow> rows = system.Report(v1::REPORT_DIMENSION_CAMPAIGN, second.campaign_run_id());
  ASSERT_EQ(rows.size(), 1);
  ASSERT_EQ(rows[0].suppressed_by_reason_size(), 1);
  EXPECT_EQ(rows[0].suppressed_by_reason(0).count(), 1) << "one run, though for one reason twice";
  EXPECT_EQ(second.campaign_version(), applied.campaign_version().version());
  system.MoveClockTo(FromTimestamp(asleep.wake_time()));
  const v1::CustomerRun first = system.WaitFor(asleep.customer_run_id(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_NE(first.campaign_version(), second.campaign_version());
}

// Applies the birthday campaign with one thing wrong and expects to be told so.
class Refused : public ::testing::Test {
 protected:
  void ExpectRefused(absl::string_view path, absl::string_view text) {
    const absl::Status status = system_.Apply(campaign_).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, path));
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, text));
    v1::GetCampaignRequest request;
    request.set_name("birthday");
    EXPECT_THAT(Ask(system_.campaigns, &v1::Campaigns::Stub::GetCampaign, request),
                StatusIs(absl::StatusCode::kNotFound, "birthday"));
  }
  void RemoveStep(v1::Step step) {
    auto& route = *campaign_.mutable_route();
    route.erase(std::remove_if(route.begin(), route.end(), [&](const auto& one) { return one.step() == step; }),
                route.end());
  }

  System system_;
  v1::Campaign campaign_ = Load(kBirthday);
};

TEST_F(Refused, WhereARouteSendsWithoutCompliance) {
  RemoveStep(v1::STEP_COMPLIANCE);
  ExpectRefused("campaign.route", "STEP_COMPLIANCE");
}

TEST_F(Refused, WhereARouteDoesNotEndInAnalytics) {
  RemoveStep(v1::STEP_ANALYTICS);
  ExpectRefused("campaign.route[7].step", "must be STEP_ANALYTICS");
}

TEST_F(Refused, WhereComplianceIsConditional) {
  *campaign_.mutable_route(5)->mutable_when() = campaign_.audience();
  ExpectRefused("campaign.route[5].when", "must not be conditional");
}

TEST_F(Refused, WhereARuleNamesAFeatureThatDoesNotExist) {
  campaign_.mutable_offers()->mutable_actions(0)->mutable_eligibility()->mutable_compare()->set_feature("shoe_size");
  ExpectRefused("campaign.offers.actions[0].eligibility", "shoe_size");
}

TEST_F(Refused, WhereAnActionHasNoTemplateOnAChannel) {
  campaign_.mutable_generation()->mutable_templates()->RemoveLast();
  ExpectRefused("campaign.offers.actions[0].action_id", "CHANNEL_SMS");
}

TEST_F(Refused, WhereAGoalThatNobodyBuiltInBringsNoStrategy) {
  campaign_.mutable_segmentation()->clear_enabled_strategies();
  ExpectRefused("campaign.segmentation.enabled_strategies", "'birthday' is no built-in goal");
}

TEST_F(Refused, WhereALessonIsSoldAtADiscount) {
  campaign_.mutable_offers()->mutable_actions(0)->set_kind(v1::ACTION_KIND_EDUCATION);
  campaign_.mutable_offers()->mutable_actions(0)->set_discount_bps(500);
  ExpectRefused("campaign.offers.actions[0].discount_bps", "500");
}

// What only the services compile is refused when it is applied too, not in the middle of a run.
TEST_F(Refused, WhereATemplateDoesNotParse) {
  campaign_.mutable_generation()->mutable_templates(0)->set_text("{{#open}} never closed");
  ExpectRefused("campaign.generation.templates[0].text", "");
}

TEST_F(Refused, WhereQuietHoursAreNoTimes) {
  campaign_.mutable_compliance()->mutable_quiet_hours()->set_start("25:00");
  campaign_.mutable_compliance()->mutable_quiet_hours()->set_end("08:00");
  ExpectRefused("campaign.compliance.quiet_hours.start", "25:00");
}

TEST_F(Refused, WhereAChurnTermNamesNoNumber) {
  campaign_.mutable_segmentation()->mutable_churn()->add_terms()->set_feature("country");
  ExpectRefused("campaign.segmentation.churn.terms[0].feature", "country");
}

}  // namespace
}  // namespace campaign::e2e
