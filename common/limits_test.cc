#include "common/limits.h"

#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "campaign/v1/campaigns.pb.h"
#include "campaign/v1/offers.pb.h"
#include "campaign/v1/orchestrator.pb.h"
#include "campaign/v1/profile.pb.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/testing/testing.h"

namespace campaign {
namespace {

using testing::ParseProto;

// The violation's message; empty where there is none.
std::string Violation(const google::protobuf::Message& message) {
  const absl::Status status = CheckLimits(message);
  if (!status.ok()) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  return std::string(status.message());
}

template <class Message>
std::string Violation(absl::string_view text) {
  return Violation(ParseProto<Message>(text));
}

TEST(Limits, AcceptWhatIsOnTheBound) {
  EXPECT_EQ(Violation<v1::ContactPoint>("address: 'a'"), "");
  v1::ContactPoint longest;
  longest.set_address(std::string(320, 'x'));
  EXPECT_EQ(Violation(longest), "");
  EXPECT_EQ(Violation<v1::Variant>("variant_id: 'a' weight_bps: 10000"), "");
  EXPECT_EQ(Violation<v1::ListCustomerRunsRequest>("campaign_run_id: 'r' page_size: 1000"), "");
}

TEST(Limits, NameATextThatIsTooShortOrTooLong) {
  EXPECT_EQ(Violation<v1::ContactPoint>(""), "address: 0 bytes is below 1");
  v1::ContactPoint too_long;
  too_long.set_address(std::string(321, 'x'));
  EXPECT_EQ(Violation(too_long), "address: 321 bytes is above 320");
}

TEST(Limits, AreTheSameForProto2WhereEveryFieldIsOptional) {
  EXPECT_EQ(Violation<v1::Fact>(""), "name: 0 bytes is below 1");
  EXPECT_EQ(Violation<v1::Fact>("name: 'a'"), "");
  EXPECT_EQ(Violation<v1::Customer>("customer_id: 'c' attributes { value: 'v' }"),
            "attributes[0].name: 0 bytes is below 1");
}

// proto3 refuses such bytes when it parses; proto2 takes them.
TEST(Limits, RefuseWhatIsNoUtf8) {
  v1::Customer customer =
      ParseProto<v1::Customer>("customer_id: 'c' attributes { name: 'é' value: '½ \360\237\230\200' }");
  EXPECT_EQ(Violation(customer), "");
  for (const char* bytes : {"\xff", "caf\xe9", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80"}) {
    customer.mutable_attributes(0)->set_value(bytes);
    EXPECT_EQ(Violation(customer), absl::StrCat("attributes[0].value: \"", absl::CHexEscape(bytes), "\" is no UTF-8"));
  }
}

TEST(Limits, CountBytesNotLetters) {
  v1::Customer customer = ParseProto<v1::Customer>("customer_id: 'c'");
  for (int i = 0; i < 64; ++i) customer.mutable_first_name()->append("é");
  EXPECT_EQ(Violation(customer), "");
  customer.mutable_first_name()->append("é");
  EXPECT_EQ(Violation(customer), "first_name: 130 bytes is above 128");
}

TEST(Limits, NameANumberOutsideItsBounds) {
  EXPECT_EQ(Violation<v1::Variant>("variant_id: 'a' weight_bps: 10001"), "weight_bps: 10001 is above 10000");
  EXPECT_EQ(Violation<v1::Variant>("variant_id: 'a' weight_bps: -1"), "weight_bps: -1 is below 0");
  EXPECT_EQ(Violation<v1::Action>("action_id: 'a' price_minor: -5"), "price_minor: -5 is below 0");
  EXPECT_EQ(Violation<v1::Action>("action_id: 'a' propensity: 1.5"), "propensity: 1.5 is above 1");
}

TEST(Limits, RefuseWhatIsNoNumber) {
  v1::Action action = ParseProto<v1::Action>("action_id: 'a'");
  action.set_propensity(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(Violation(action), "propensity: NaN is not a number");
  action.set_propensity(std::numeric_limits<double>::infinity());
  EXPECT_EQ(Violation(action), "propensity: inf is above 1");
}

TEST(Limits, NameAListThatIsTooShortOrTooLong) {
  EXPECT_EQ(Violation<v1::CustomerList>(""), "customer_ids: 0 elements is below 1");
  v1::RfmCutoffs cutoffs;
  for (int i = 0; i < 5; ++i) cutoffs.add_monetary(i);
  EXPECT_EQ(Violation(cutoffs), "monetary: 5 elements is above 4");
}

TEST(Limits, NameTheElementThatIsTooLong) {
  v1::CustomerList list;
  list.add_customer_ids("fits");
  list.add_customer_ids(std::string(65, 'x'));
  EXPECT_EQ(Violation(list), "customer_ids[1]: 65 bytes is above 64");
}

TEST(Limits, NameTheWholePathOfANestedField) {
  EXPECT_EQ(Violation<v1::Customer>("customer_id: 'c' contact_points { address: 'a' } contact_points {}"),
            "contact_points[1].address: 0 bytes is below 1");
  EXPECT_EQ(Violation<v1::ApplyCampaignRequest>(R"pb(
              campaign {
                name: "n"
                goal: "g"
                offers {
                  channel_priority: CHANNEL_EMAIL
                  actions {
                    action_id: "a"
                    propensity_adjustments { multiplier: 101 }
                  }
                }
              })pb"),
            "campaign.offers.actions[0].propensity_adjustments[0].multiplier: 101 is above 100");
}

TEST(Limits, FollowAMessageThatHoldsItself) {
  EXPECT_EQ(Violation<v1::Rule>("not { all { rules { compare { feature: 'x' } } rules { any {} } } }"),
            "not.all.rules[1].any.rules: 0 elements is below 1");
}

TEST(Limits, DoNotAskForAMessageThatIsAbsent) {
  EXPECT_EQ(Violation<v1::RunCampaignRequest>("campaign: 'c' customer_id: 'x'"), "");
  EXPECT_EQ(Violation<v1::RunCampaignRequest>("campaign: 'c' customers {}"),
            "customers.customer_ids: 0 elements is below 1");
}

TEST(Limits, CheckAMemberOfAOneofOnlyWhereItIsSet) {
  EXPECT_EQ(Violation<v1::RunCampaignRequest>("campaign: 'c'"), "");
  EXPECT_EQ(Violation<v1::RunCampaignRequest>("campaign: 'c' customer_id: ''"), "customer_id: 0 bytes is below 1");
}

TEST(Limits, CheckAnOptionalFieldOnlyWhereItIsSet) {
  EXPECT_EQ(Violation<v1::Action>("action_id: 'a'"), "");
  EXPECT_EQ(Violation<v1::Action>("action_id: 'a' inventory: 0"), "");
  EXPECT_EQ(Violation<v1::Action>("action_id: 'a' inventory: -1"), "inventory: -1 is below 0");
}

TEST(Limits, RefuseAnEnumValueThatTheApiDoesNotKnow) {
  v1::Action action = ParseProto<v1::Action>("action_id: 'a'");
  action.set_kind(static_cast<v1::ActionKind>(99));
  EXPECT_EQ(Violation(action), "kind: 99 is no ActionKind");
  action.set_kind(v1::ACTION_KIND_OFFER);
  action.add_channels(v1::CHANNEL_SMS);
  action.add_channels(static_cast<v1::Channel>(-1));
  EXPECT_EQ(Violation(action), "channels: -1 is no Channel");
}

TEST(Limits, NameTheFirstViolationOfSeveral) {
  EXPECT_EQ(Violation<v1::Variant>("weight_bps: -1"), "variant_id: 0 bytes is below 1");
}

}  // namespace
}  // namespace campaign
