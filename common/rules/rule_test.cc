#include "common/rules/rule.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/rules/phrases.h"
#include "common/testing/testing.h"

namespace campaign::rules {

// Of this thread so far; allocation_count.cc.
int AllocationCount();

namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kProfile[] = R"pb(
  customer {
    customer_id: "c1"
    locale: "en-US"
    time_zone: "Europe/Berlin"
    country: "DE"
    currency_code: "USD"
    contact_points { channel: CHANNEL_EMAIL address: "a@example.com" }
    tags: "vip"
    tags: "beta"
    attributes { name: "plan" value: "pro" }
    attributes { name: "seats" value: "12" }
    attributes { name: "bogus" value: "nan" }
  }
  days_since_signup: 400
  days_since_first_purchase: 300
  days_since_last_purchase: 21.6
  orders_total: 12
  orders_90d: 1
  orders_365d: 8
  spend_total_minor: 123456789
  spend_90d_minor: 5000
  spend_365d_minor: 500000
  average_order_minor: 4250
  days_since_last_activity: 120.5
  activity_30d: 8
  activity_previous_30d: 40
  activity_change: -0.8
  activity_decayed: 6.5
  categories {
    category: "accessories"
    orders_120d: 5
    orders_365d: 9
    months_active_4m: 3
    spend_365d_minor: 19900
    views_30d: 2
    affinity: 0.625
  }
  features { feature: "ai_search" days_since_announced: 10 announcement_ignored: true }
  features { feature: "export" uses_total: 3 days_since_last_use: 7 }
  last_announcement_ignored: true
  last_announced_feature: "ai_search"
  open_tickets { ticket_id: "t1" topic: "billing" sensitive: true }
  open_tickets { ticket_id: "t2" topic: "shipping" }
  tickets_90d: 3
  days_since_last_message: 2
  messages_30d: 4
  messages_ignored_30d: 4
  complaints_365d: 1
  recent_texts { source: TEXT_SOURCE_SEARCH text: "broken zip repair" }
  recent_texts { source: TEXT_SOURCE_TICKET text: "I am not satisfied" }
  recent_texts { source: TEXT_SOURCE_CHAT text: "where is my parcel" }
)pb";

constexpr char kSegment[] = R"pb(
  strategy: STRATEGY_RFM
  segment: "champions"
  score: 0.82
  churn_probability: 0.72
  p_alive: 0.28
  expected_purchases: 1.5
  expected_order_minor: 4250
  expected_lifetime_value_minor: 6375
  intent: "billing_problem"
  rfm { recency: 5 frequency: 4 monetary: 3 }
)pb";

struct FeatureCase {
  const char* name;
  Feature::Type type;
  // As the fact says it.
  const char* value;
  const char* text;
  // For an empty profile.
  const char* empty_text;
};

constexpr auto kNumber = Feature::Type::kNumber;
constexpr auto kText = Feature::Type::kText;
constexpr auto kTruth = Feature::Type::kTruth;
constexpr auto kTextSet = Feature::Type::kTextSet;

const FeatureCase kFeatureCases[] = {
    {"days_since_signup", kNumber, "400", "signed up 400 days ago", "signup date not known"},
    {"days_since_first_purchase", kNumber, "300", "first bought 300 days ago", "has never bought"},
    {"days_since_last_purchase", kNumber, "21.6", "last bought 21 days ago", "has never bought"},
    {"orders_total", kNumber, "12", "12 orders in all", "no orders in all"},
    {"orders_90d", kNumber, "1", "1 order in 90 days", "no orders in 90 days"},
    {"orders_365d", kNumber, "8", "8 orders in 365 days", "no orders in 365 days"},
    {"spend_total", kNumber, "1234567.89", "spent 1,234,567.89 USD in all", "spent 0.00 in all"},
    {"spend_90d", kNumber, "50", "spent 50.00 USD in 90 days", "spent 0.00 in 90 days"},
    {"spend_365d", kNumber, "5000", "spent 5,000.00 USD in 365 days", "spent 0.00 in 365 days"},
    {"average_order", kNumber, "42.5", "average order of 42.50 USD", "has never bought"},
    {"days_since_last_activity", kNumber, "120.5", "no activity for 120 days", "no activity known"},
    {"activity_30d", kNumber, "8", "active 8 times in 30 days", "active no times in 30 days"},
    {"activity_previous_30d", kNumber, "40", "active 40 times in the 30 days before",
     "active no times in the 30 days before"},
    {"activity_change", kNumber, "-0.8", "activity down 80 % against the previous 30 days",
     "no activity in the previous 30 days to compare with"},
    {"activity_decayed", kNumber, "6.5", "recent activity of 6.5, halved every 14 days",
     "recent activity of 0, halved every 14 days"},
    {"tickets_90d", kNumber, "3", "3 support tickets in 90 days", "no support tickets in 90 days"},
    {"open_ticket_count", kNumber, "2", "2 open tickets", "no open tickets"},
    {"days_since_last_message", kNumber, "2", "last message from us 2 days ago", "has never had a message from us"},
    {"messages_30d", kNumber, "4", "4 messages from us in 30 days", "no messages from us in 30 days"},
    {"messages_ignored_30d", kNumber, "4", "ignored 4 messages in 30 days", "ignored no messages in 30 days"},
    {"complaints_365d", kNumber, "1", "1 complaint in 365 days", "no complaints in 365 days"},
    {"sentiment_in_texts", kNumber, "-0.2712", "sentiment -0.2712 in recent tickets and chats",
     "no recent tickets or chats"},
    {"segment_score", kNumber, "0.82", "segment score 0.82", "not in a segment yet"},
    {"churn_probability", kNumber, "0.72", "72 % probability of leaving", "probability of leaving not known"},
    {"p_alive", kNumber, "0.28", "28 % likely still a customer", "not known whether still a customer"},
    {"expected_purchases", kNumber, "1.5", "1.5 orders expected", "expected orders not known"},
    {"expected_order", kNumber, "42.5", "expected order of 42.50 USD", "expected order not known"},
    {"expected_lifetime_value", kNumber, "63.75", "expected to be worth 63.75 USD", "lifetime value not known"},
    {"rfm_recency", kNumber, "5", "recency 5 of 5", "no RFM score"},
    {"rfm_frequency", kNumber, "4", "frequency 4 of 5", "no RFM score"},
    {"rfm_monetary", kNumber, "3", "monetary value 3 of 5", "no RFM score"},
    {"last_announcement_ignored", kTruth, "true", "ignored the last feature update (ai_search)",
     "no feature update to ignore"},
    {"complaint_in_texts", kTruth, "true", "complains in a recent ticket or chat",
     "does not complain in recent tickets and chats"},
    {"sensitive_ticket_open", kTruth, "true", "a sensitive ticket is open", "no sensitive ticket is open"},
    {"country", kText, "DE", "country DE", "country not known"},
    {"locale", kText, "en-US", "locale en-US", "locale not known"},
    {"language", kText, "en", "language en", "language not known"},
    {"time_zone", kText, "Europe/Berlin", "time zone Europe/Berlin", "time zone not known"},
    {"currency", kText, "USD", "pays in USD", "currency not known"},
    {"segment", kText, "champions", "in the segment champions", "not in a segment yet"},
    {"intent", kText, "billing_problem", "last wrote about: billing problem", "intent not known"},
    {"last_announced_feature", kText, "ai_search", "the last feature update was ai_search",
     "no feature update announced yet"},
    {"tags", kTextSet, "vip, beta", "tagged vip, beta", "no tags"},
    {"open_ticket_topics", kTextSet, "billing, shipping", "open ticket about billing, shipping",
     "no open ticket with a topic"},
    {"category_orders_120d.accessories", kNumber, "5", "5 orders of accessories in 120 days",
     "no orders of accessories in 120 days"},
    {"category_orders_365d.accessories", kNumber, "9", "9 orders of accessories in 365 days",
     "no orders of accessories in 365 days"},
    {"category_months_active.accessories", kNumber, "3", "bought accessories in 3 of the last 4 months",
     "bought accessories in 0 of the last 4 months"},
    {"category_spend_365d.accessories", kNumber, "199", "spent 199.00 USD on accessories in 365 days",
     "spent 0.00 on accessories in 365 days"},
    {"category_views_30d.accessories", kNumber, "2", "looked at accessories 2 times in 30 days",
     "looked at accessories no times in 30 days"},
    {"category_affinity.accessories", kNumber, "0.625", "62 % of their recent interest is in accessories",
     "0 % of their recent interest is in accessories"},
    {"feature_uses.ai_search", kNumber, "0", "never used ai_search", "never used ai_search"},
    {"feature_uses.export", kNumber, "3", "used export 3 times", "never used export"},
    {"feature_days_since_use.export", kNumber, "7", "last used export 7 days ago", "never used export"},
    {"feature_days_since_announced.ai_search", kNumber, "10", "was told of ai_search 10 days ago",
     "was never told of ai_search"},
    {"feature_announcement_ignored.ai_search", kTruth, "true", "ignored the announcement of ai_search",
     "did not ignore the announcement of ai_search"},
    {"reachable.email", kTruth, "true", "reachable by email", "not reachable by email"},
    {"reachable.sms", kTruth, "false", "not reachable by sms", "not reachable by sms"},
    {"attribute.plan", kText, "pro", "plan is pro", "plan not known"},
    {"attribute_number.seats", kNumber, "12", "seats is 12", "seats is not a number"},
};

class Rules : public ::testing::Test {
 protected:
  bool Matches(absl::string_view rule) const { return Matches(rule, subject_); }

  static bool Matches(absl::string_view rule, const Subject& subject) {
    auto compiled = CompiledRule::Compile(ParseProto<v1::Rule>(rule), "when");
    EXPECT_OK(compiled) << rule;
    return compiled.ok() && compiled->Matches(subject);
  }

  static absl::Status CompileError(absl::string_view rule) {
    return CompiledRule::Compile(ParseProto<v1::Rule>(rule), "when").status();
  }

  std::vector<std::string> Explain(absl::string_view rule) const {
    auto compiled = CompiledRule::Compile(ParseProto<v1::Rule>(rule), "when");
    EXPECT_OK(compiled);
    std::vector<std::string> texts;
    for (const v1::Reason& reason : compiled->Explain(subject_)) texts.push_back(reason.text());
    return texts;
  }

  const v1::Profile profile_ = ParseProto<v1::Profile>(kProfile);
  const v1::SegmentResult segment_ = ParseProto<v1::SegmentResult>(kSegment);
  const Subject subject_{profile_, &segment_};
  const v1::Profile empty_;
  const Subject nobody_{empty_};
};

TEST_F(Rules, EveryFeatureResolvesReadsAndDescribes) {
  for (const FeatureCase& feature_case : kFeatureCases) {
    SCOPED_TRACE(feature_case.name);
    ASSERT_OK_AND_ASSIGN(const Feature feature, Feature::Resolve(feature_case.name, "feature"));
    EXPECT_EQ(feature.type(), feature_case.type);
    EXPECT_EQ(feature.name(), feature_case.name);
    const v1::Reason reason = feature.Describe(subject_);
    EXPECT_EQ(reason.text(), feature_case.text);
    ASSERT_EQ(reason.facts_size(), 1);
    EXPECT_EQ(reason.facts(0).name(), feature_case.name);
    EXPECT_EQ(reason.facts(0).value(), feature_case.value);
    EXPECT_EQ(feature.Describe(nobody_).text(), feature_case.empty_text);
  }
}

TEST_F(Rules, EveryFeatureOfTheVocabularyIsTestedHere) {
  std::vector<std::string> untested = FeatureNames();
  for (const FeatureCase& feature_case : kFeatureCases) {
    const std::string base = std::string(feature_case.name).substr(0, absl::string_view(feature_case.name).find('.'));
    untested.erase(std::remove_if(untested.begin(), untested.end(),
                                  [&](const std::string& name) { return name.substr(0, name.find('.')) == base; }),
                   untested.end());
  }
  EXPECT_THAT(untested, IsEmpty());
}

TEST_F(Rules, ASearchIsNoComplaint) {
  constexpr char kRule[] = R"pb(compare { feature: "complaint_in_texts" operator: OPERATOR_EQUAL truth: true })pb";
  const auto complains = [&](absl::string_view texts) { return Matches(kRule, {ParseProto<v1::Profile>(texts)}); };
  EXPECT_FALSE(complains("recent_texts { source: TEXT_SOURCE_SEARCH text: 'broken zip' }"));
  EXPECT_TRUE(complains("recent_texts { source: TEXT_SOURCE_CHAT text: 'broken zip' }"));
  EXPECT_FALSE(complains("recent_texts { source: TEXT_SOURCE_CHAT text: 'is it not broken' }"));
  EXPECT_FALSE(complains("recent_texts { source: TEXT_SOURCE_TICKET text: 'not bad, thanks' }"));
}

TEST_F(Rules, ReasonCodeIsTheFeaturesNameInCapitals) {
  ASSERT_OK_AND_ASSIGN(const Feature feature, Feature::Resolve("category_orders_120d.accessories", "feature"));
  EXPECT_EQ(feature.Describe(subject_).code(), "CATEGORY_ORDERS_120D");
}

TEST_F(Rules, NumberReadsNumbersAndTruthsButNoTexts) {
  auto number = [&](absl::string_view name, const Subject& subject) {
    return Feature::Resolve(name, "feature")->Number(subject);
  };
  EXPECT_EQ(number("activity_change", subject_), -0.8);
  EXPECT_EQ(number("last_announcement_ignored", subject_), 1.0);
  EXPECT_EQ(number("last_announcement_ignored", nobody_), 0.0);
  EXPECT_EQ(number("activity_change", nobody_), absl::nullopt);
  EXPECT_EQ(number("country", subject_), absl::nullopt);
  EXPECT_EQ(number("attribute_number.plan", subject_), absl::nullopt);
  EXPECT_EQ(number("attribute_number.bogus", subject_), absl::nullopt);
}

TEST_F(Rules, FamiliesReadZeroForWhatTheProfileDoesNotHold) {
  EXPECT_TRUE(Matches(R"pb(compare { feature: "category_orders_120d.shoes" operator: OPERATOR_EQUAL number: 0 })pb"));
  EXPECT_TRUE(Matches(R"pb(compare { feature: "feature_uses.maps" operator: OPERATOR_EQUAL number: 0 })pb"));
  EXPECT_FALSE(Matches(R"pb(compare { feature: "feature_days_since_use.maps" operator: OPERATOR_EXISTS })pb"));
}

TEST_F(Rules, ComparesNumbers) {
  auto orders = [&](absl::string_view op, int number) {
    return Matches(
        absl::StrCat("compare { feature: 'orders_total' operator: OPERATOR_", op, " number: ", number, " }"));
  };
  EXPECT_TRUE(orders("EQUAL", 12));
  EXPECT_FALSE(orders("EQUAL", 11));
  EXPECT_TRUE(orders("NOT_EQUAL", 11));
  EXPECT_TRUE(orders("LESS", 13));
  EXPECT_FALSE(orders("LESS", 12));
  EXPECT_TRUE(orders("LESS_OR_EQUAL", 12));
  EXPECT_FALSE(orders("LESS_OR_EQUAL", 11));
  EXPECT_TRUE(orders("GREATER", 11));
  EXPECT_FALSE(orders("GREATER", 12));
  EXPECT_TRUE(orders("GREATER_OR_EQUAL", 12));
  EXPECT_FALSE(orders("GREATER_OR_EQUAL", 13));
}

TEST_F(Rules, ComparesTextsTruthsAndSets) {
  EXPECT_TRUE(Matches(R"pb(compare { feature: "country" operator: OPERATOR_EQUAL text: "DE" })pb"));
  EXPECT_TRUE(Matches(R"pb(compare { feature: "country" operator: OPERATOR_NOT_EQUAL text: "US" })pb"));
  EXPECT_TRUE(
      Matches(R"pb(compare { feature: "country" operator: OPERATOR_IN texts: "US" texts: "DE" texts: "AT" })pb"));
  EXPECT_FALSE(Matches(R"pb(compare { feature: "country" operator: OPERATOR_IN texts: "US" texts: "AT" })pb"));
  EXPECT_TRUE(Matches(R"pb(compare { feature: "reachable.sms" operator: OPERATOR_EQUAL truth: false })pb"));
  EXPECT_TRUE(Matches(R"pb(compare { feature: "reachable.email" operator: OPERATOR_NOT_EQUAL truth: false })pb"));
  EXPECT_TRUE(Matches(R"pb(compare { feature: "tags" operator: OPERATOR_EQUAL text: "beta" })pb"));
  EXPECT_FALSE(Matches(R"pb(compare { feature: "tags" operator: OPERATOR_EQUAL text: "bet" })pb"));
  EXPECT_TRUE(
      Matches(R"pb(compare { feature: "open_ticket_topics" operator: OPERATOR_IN texts: "x" texts: "billing" })pb"));
}

TEST_F(Rules, WithoutAValueOnlyNotOfAComparisonHolds) {
  for (absl::string_view op : {"EQUAL", "NOT_EQUAL", "LESS", "LESS_OR_EQUAL", "GREATER", "GREATER_OR_EQUAL"}) {
    const std::string rule =
        absl::StrCat("compare { feature: 'days_since_last_purchase' operator: OPERATOR_", op, " number: 0 }");
    EXPECT_FALSE(Matches(rule, nobody_)) << op;
    EXPECT_TRUE(Matches(absl::StrCat("not { ", rule, " }"), nobody_)) << op;
  }
  EXPECT_FALSE(Matches(R"pb(compare { feature: "country" operator: OPERATOR_NOT_EQUAL text: "US" })pb", nobody_));
  EXPECT_FALSE(Matches(R"pb(compare { feature: "segment" operator: OPERATOR_EXISTS })pb", nobody_));
  EXPECT_TRUE(Matches(R"pb(compare { feature: "segment" operator: OPERATOR_EXISTS })pb"));
  EXPECT_FALSE(Matches(R"pb(compare { feature: "tags" operator: OPERATOR_EXISTS })pb", nobody_));
  EXPECT_TRUE(Matches(R"pb(compare { feature: "tags" operator: OPERATOR_EXISTS })pb"));
}

TEST_F(Rules, AnEmptyRuleMatchesEveryoneAndGivesNoReason) {
  EXPECT_TRUE(Matches("", nobody_));
  EXPECT_THAT(Explain(""), IsEmpty());
}

constexpr char kNested[] = R"pb(
  all {
    rules { compare { feature: "orders_total" operator: OPERATOR_GREATER number: 3 } }
    rules {
      any {
        rules { compare { feature: "country" operator: OPERATOR_EQUAL text: "US" } }
        rules { not { compare { feature: "tags" operator: OPERATOR_EQUAL text: "blocked" } } }
      }
    }
  }
)pb";

TEST_F(Rules, NestAndExplainWhatMadeThemMatch) {
  EXPECT_TRUE(Matches(kNested));
  EXPECT_THAT(Explain(kNested), ElementsAre("12 orders in all", "tagged vip, beta"));
}

TEST_F(Rules, ExplainNamesTheFirstComparisonsThatStandAgainst) {
  constexpr char kRule[] = R"pb(
    all {
      rules { compare { feature: "orders_total" operator: OPERATOR_GREATER number: 3 } }
      rules {
        any {
          rules { compare { feature: "country" operator: OPERATOR_EQUAL text: "US" } }
          rules { compare { feature: "currency" operator: OPERATOR_EQUAL text: "EUR" } }
        }
      }
      rules { compare { feature: "tickets_90d" operator: OPERATOR_EQUAL number: 0 } }
    }
  )pb";
  EXPECT_FALSE(Matches(kRule));
  EXPECT_THAT(Explain(kRule), ElementsAre("country DE", "pays in USD"));
}

TEST_F(Rules, MatchingDoesNotAllocate) {
  constexpr char kRule[] = R"pb(
    all {
      rules { compare { feature: "open_ticket_topics" operator: OPERATOR_IN texts: "returns" texts: "shipping" } }
      rules { compare { feature: "attribute_number.seats" operator: OPERATOR_GREATER number: 3 } }
      rules { compare { feature: "language" operator: OPERATOR_IN texts: "a text longer than fifteen" texts: "en" } }
      rules { compare { feature: "reachable.email" operator: OPERATOR_EQUAL truth: true } }
      rules { compare { feature: "complaint_in_texts" operator: OPERATOR_EQUAL truth: true } }
      rules { compare { feature: "sentiment_in_texts" operator: OPERATOR_LESS number: 0 } }
      rules { not { compare { feature: "category_spend_365d.shoes" operator: OPERATOR_GREATER number: 1 } } }
    }
  )pb";
  ASSERT_OK_AND_ASSIGN(const CompiledRule rule, CompiledRule::Compile(ParseProto<v1::Rule>(kRule), "when"));
  const int before = AllocationCount();
  const bool matches = rule.Matches(subject_);
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_TRUE(matches);
}

TEST_F(Rules, AnUnknownFeatureIsRefusedWithTheNearest) {
  EXPECT_THAT(CompileError(R"pb(
                all {
                  rules { compare { feature: "orders_total" operator: OPERATOR_EXISTS } }
                  rules { compare { feature: "days_since_purchase" operator: OPERATOR_EXISTS } }
                }
              )pb"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "when.all.rules[1].compare.feature: days_since_purchase is not a feature; nearest is "
                       "days_since_last_purchase"));
  EXPECT_THAT(CompileError(R"pb(not { compare { feature: "category_order_120d.shoes" operator: OPERATOR_EXISTS } })pb"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "when.not.compare.feature: category_order_120d.shoes is not a feature; nearest is "
                       "category_orders_120d.<category>"));
}

TEST_F(Rules, KeysAreForFamiliesAlone) {
  EXPECT_THAT(Feature::Resolve("orders_total.shoes", "f"),
              StatusIs(absl::StatusCode::kInvalidArgument, "f: orders_total.shoes must not have a key"));
  EXPECT_THAT(Feature::Resolve("feature_uses", "f"),
              StatusIs(absl::StatusCode::kInvalidArgument, "f: feature_uses needs a key: feature_uses.<feature>"));
  EXPECT_THAT(Feature::Resolve("feature_uses.", "f"), StatusIs(absl::StatusCode::kInvalidArgument, "needs a key"));
  EXPECT_THAT(Feature::Resolve("reachable.fax", "f"),
              StatusIs(absl::StatusCode::kInvalidArgument, "f: reachable.fax needs one of the keys email, sms"));
  EXPECT_OK(Feature::Resolve("attribute.crm.tier", "f"));
}

struct BadRule {
  const char* rule;
  const char* message;
};

TEST_F(Rules, WhatDoesNotFitTheFeatureIsRefusedWithItsPath) {
  const BadRule kBad[] = {
      {"compare { feature: 'country' operator: OPERATOR_LESS text: 'a' }",
       "when.compare.operator: OPERATOR_LESS is not for country, a text"},
      {"compare { feature: 'orders_total' operator: OPERATOR_IN texts: '1' }",
       "when.compare.operator: OPERATOR_IN is not for orders_total, a number"},
      {"compare { feature: 'tags' operator: OPERATOR_NOT_EQUAL text: 'a' }",
       "when.compare.operator: OPERATOR_NOT_EQUAL is not for tags, a set of texts"},
      {"compare { feature: 'sensitive_ticket_open' operator: OPERATOR_GREATER truth: true }",
       "when.compare.operator: OPERATOR_GREATER is not for sensitive_ticket_open, a truth"},
      {"compare { feature: 'country' text: 'DE' }", "when.compare.operator: OPERATOR_UNSPECIFIED is not for country"},
      {"compare { feature: 'orders_total' operator: OPERATOR_EQUAL text: '3' }",
       "when.compare.value: text must be number for OPERATOR_EQUAL of orders_total"},
      {"compare { feature: 'orders_total' operator: OPERATOR_EQUAL }",
       "when.compare.value: none must be number for OPERATOR_EQUAL of orders_total"},
      {"compare { feature: 'sensitive_ticket_open' operator: OPERATOR_EQUAL number: 1 }",
       "when.compare.value: number must be truth"},
      {"compare { feature: 'country' operator: OPERATOR_EXISTS text: 'DE' }", "when.compare.value: text must be none"},
      {"compare { feature: 'country' operator: OPERATOR_IN }", "when.compare.texts: 0 elements is below 1"},
      {"compare { feature: 'country' operator: OPERATOR_EQUAL text: 'DE' texts: 'AT' }",
       "when.compare.texts: 1 elements; only OPERATOR_IN takes them"},
      {"compare { feature: 'orders_total' operator: OPERATOR_LESS number: inf }",
       "when.compare.number: inf is not finite"},
      {"compare { feature: 'orders_total' operator: OPERATOR_LESS number: nan }", "when.compare.number"},
      {"all { }", "when.all.rules: 0 elements is below 1"},
      {"not { }", "when.not: empty needs one of all, any, not, compare"},
      {"any { rules { } }", "when.any.rules[0]: empty needs one of"},
  };
  for (const BadRule& bad : kBad) {
    EXPECT_THAT(CompileError(bad.rule), StatusIs(absl::StatusCode::kInvalidArgument, bad.message)) << bad.rule;
  }
}

v1::Rule Negated(int times) {
  v1::Rule rule = ParseProto<v1::Rule>("compare { feature: 'country' operator: OPERATOR_EXISTS }");
  for (int i = 0; i < times; ++i) {
    v1::Rule outer;
    *outer.mutable_not_() = rule;
    rule = outer;
  }
  return rule;
}

TEST_F(Rules, NestAtMostSixteenDeep) {
  ASSERT_OK_AND_ASSIGN(const CompiledRule rule, CompiledRule::Compile(Negated(15), "when"));
  EXPECT_FALSE(rule.Matches(subject_));
  EXPECT_TRUE(rule.Matches(nobody_));
  EXPECT_THAT(CompiledRule::Compile(Negated(16), "when"),
              StatusIs(absl::StatusCode::kInvalidArgument, "17 levels deep is above 16"));
}

TEST(Phrases, MoneyFollowsTheCurrencysDecimals) {
  EXPECT_EQ(MajorUnits(1999, "USD"), 19.99);
  EXPECT_EQ(MajorUnits(1999, "JPY"), 1999);
  EXPECT_EQ(MajorUnits(1999, "KWD"), 1.999);
  EXPECT_EQ(MoneyPhrase(1234567, "JPY"), "1,234,567 JPY");
  EXPECT_EQ(MoneyPhrase(-1234.5, "EUR"), "-1,234.50 EUR");
  EXPECT_EQ(MoneyPhrase(999, ""), "999.00");
}

TEST(Phrases, DescribeSmallAndNegativeValuesAsPeopleWould) {
  EXPECT_EQ(DaysPhrase(0.4), "less than a day");
  EXPECT_EQ(DaysPhrase(1.9), "1 day");
  EXPECT_EQ(CountPhrase(1250, "order"), "1,250 orders");
  EXPECT_EQ(NumberText(-0.00001), "0");
  EXPECT_EQ(NumberText(100), "100");
}

TEST(Phrases, ClipNeverCutsACharacterInHalf) {
  EXPECT_EQ(Clip("aä", 2), "a");
  EXPECT_EQ(Clip("aä", 3), "aä");
}

TEST_F(Rules, DescriptionsStayWithinTheLimitsOfAReason) {
  v1::Profile profile = profile_;
  profile.mutable_customer()->mutable_attributes(0)->set_value(std::string(2048, 'x'));
  for (int i = 0; i < 40; ++i) profile.mutable_customer()->add_tags(std::string(64, 't'));
  for (absl::string_view name : {"attribute.plan", "tags"}) {
    const v1::Reason reason = Feature::Resolve(name, "feature")->Describe(Subject{profile});
    EXPECT_LE(reason.text().size(), 1024);
    EXPECT_LE(reason.facts(0).value().size(), 2048);
  }
}

}  // namespace
}  // namespace campaign::rules
