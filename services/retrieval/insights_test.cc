#include "services/retrieval/insights.h"

#include "services/retrieval/test_events.h"

namespace campaign::retrieval {
namespace {

using campaign::testing::ParseProto;
using campaign::testing::StatusIs;
using ::testing::ElementsAre;

v1::Insights Collect(const std::vector<v1::InsightKind>& kinds, const std::vector<v1::Event>& events,
                     absl::string_view currency = "EUR") {
  const History history = HistoryOf(events);
  v1::Customer customer;
  customer.set_currency_code(std::string(currency));
  v1::Insights insights;
  CollectInsights(kinds, DeriveProfile(customer, history, Noon()), history, Noon(), insights);
  return insights;
}

// "text | name=value ..." of the one insight, empty where there is none.
std::string Say(v1::InsightKind kind, const std::vector<v1::Event>& events, absl::string_view currency = "EUR") {
  const v1::Insights insights = Collect({kind}, events, currency);
  if (insights.insights().empty()) return "";
  EXPECT_EQ(insights.insights(0).kind(), kind);
  std::string said = absl::StrCat(insights.insights(0).text(), " |");
  for (const v1::Fact& fact : insights.insights(0).facts()) absl::StrAppend(&said, " ", fact.name(), "=", fact.value());
  return said;
}

TEST(Insights, OfPurchases) {
  EXPECT_EQ(Say(v1::INSIGHT_KIND_PURCHASES, {}), "");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_PURCHASES,
                {Bought(Noon() - Days(12.5), "a", 10'005), Bought(Noon() - Days(40), "a", 5'000)}),
            "2 orders in the last year for 150.05 EUR, 75.02 EUR on average; the last one 12 days ago | orders_365d=2 "
            "spend_365d=150.05 average_order=75.02 days_since_last_purchase=12");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_PURCHASES, {Bought(Noon() - Days(400), "a", 5'000)}, "JPY"),
            "no order in the last year, 1 before; the last one 400 days ago | orders_365d=0 spend_365d=0 "
            "average_order=5000 days_since_last_purchase=400");
}

TEST(Insights, OfCategoryAffinity) {
  EXPECT_EQ(Say(v1::INSIGHT_KIND_CATEGORY_AFFINITY, {Viewed(Noon(), "p", "a")}), "");
  std::vector<v1::Event> events;
  for (double days : {5.0, 6.0, 40.0, 70.0, 71.0}) events.push_back(Bought(Noon() - Days(days), "accessories", 100));
  EXPECT_EQ(Say(v1::INSIGHT_KIND_CATEGORY_AFFINITY, events),
            "bought accessories in 3 of the last 4 months, 5 orders | top_category=accessories top_category_orders=5 "
            "top_category_months=3");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_CATEGORY_AFFINITY, {Bought(Noon() - Days(200), "books", 100)}),
            "bought books in the last year (1 order), but not in the last 4 months | top_category=books "
            "top_category_orders=1 top_category_months=0");
}

TEST(Insights, OfTickets) {
  EXPECT_EQ(Say(v1::INSIGHT_KIND_TICKETS, {Viewed(Noon(), "p", "a")}), "");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_TICKETS,
                {TicketIs(Noon() - Days(3), "t1", "OPENED", "topic: 'billing'"),
                 TicketIs(Noon() - Days(9), "t2", "OPENED", "topic: 'privacy' sensitive: true"),
                 TicketIs(Noon() - Days(20), "t3", "OPENED"), TicketIs(Noon() - Days(19), "t3", "CLOSED")}),
            "2 open tickets, the newest about billing, open for 3 days (1 sensitive); 3 opened in the last 90 days; "
            "1 closed, the last 19 days ago | open_ticket_count=2 open_ticket_topic=billing past_ticket_count=1");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_TICKETS,
                {TicketIs(Noon() - Days(20), "t", "OPENED"), TicketIs(Noon() - Days(19), "t", "CLOSED")}),
            "no open ticket; 1 opened in the last 90 days; 1 closed, the last 19 days ago | open_ticket_count=0 "
            "past_ticket_count=1");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_TICKETS, {TicketIs(Noon() - Days(200), "t", "OPENED", "topic: 'returns'"),
                                           TicketIs(Noon() - Days(199), "t", "CLOSED"),
                                           TicketIs(Noon() - Days(300), "u", "OPENED", "topic: 'billing'"),
                                           TicketIs(Noon() - Days(299), "u", "CLOSED")}),
            "no open ticket; 2 closed, the last about returns 199 days ago | open_ticket_count=0 past_ticket_count=2 "
            "past_ticket_topic=returns");
}

TEST(Insights, OfFeatureUse) {
  EXPECT_EQ(Say(v1::INSIGHT_KIND_FEATURE_USE, {}), "");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_FEATURE_USE,
                {Feature(Noon() - Days(12), "ai_search", "ANNOUNCED"), Feature(Noon() - Days(1), "export", "USED")}),
            "ignored the announcement of ai_search 12 days ago; used export 1 time, last 1 day ago | "
            "ignored_feature=ai_search unused_feature=ai_search");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_FEATURE_USE, {Feature(Noon() - Days(2), "wishlist", "ANNOUNCED")}),
            "told of wishlist 2 days ago, never used it | unused_feature=wishlist");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_FEATURE_USE,
                {Feature(Noon() - Days(2), "wishlist", "ANNOUNCED"), Feature(Noon() - Days(1), "export", "ANNOUNCED"),
                 Feature(Noon() - Days(1), "search", "ANNOUNCED"), Feature(Noon(), "search", "USED")}),
            "told of export 1 day ago, never used it; used search 1 time, last today | unused_feature=export "
            "unused_features=export, wishlist");
}

TEST(Insights, OfActivity) {
  EXPECT_EQ(Say(v1::INSIGHT_KIND_ACTIVITY, {Sent(Noon(), "r")}), "");
  std::vector<v1::Event> events = {Viewed(Noon() - Days(29), "p", "")};
  for (int i = 0; i < 5; ++i) events.push_back(Viewed(Noon() - Days(40 + i), "p", ""));
  EXPECT_EQ(Say(v1::INSIGHT_KIND_ACTIVITY, events),
            "inactive for 29 days; activity down 80 % against the previous 30 days (5 to 1) | days_inactive=29 "
            "activity_change_percent=-80");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_ACTIVITY, {Viewed(Noon(), "p", "")}), "active within the last day | days_inactive=0");
}

TEST(Insights, OfBrowsing) {
  EXPECT_EQ(Say(v1::INSIGHT_KIND_BROWSING, {Viewed(Noon() - Days(30), "p", "a")}), "");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_BROWSING,
                {Viewed(Noon() - Days(2), "lamp", "home"), Viewed(Noon() - Days(3), "rug", "home")}),
            "viewed lamp (home) 2 days ago; 2 views of home in 30 days; not bought: lamp, rug | viewed_product=lamp "
            "viewed_category=home viewed_not_bought=lamp, rug");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_BROWSING, {Viewed(Noon(), "lamp", "")}),
            "viewed lamp today; not bought: lamp | viewed_product=lamp viewed_not_bought=lamp");
}

TEST(Insights, OfProductsThatWereViewedAndNotBought) {
  // Bought() buys product 'p'. It may have been bought before or after it was looked at.
  for (const double bought_days : {1.0, 5.0, 300.0}) {
    EXPECT_EQ(Say(v1::INSIGHT_KIND_BROWSING,
                  {Viewed(Noon() - Days(2), "rug", ""), Viewed(Noon() - Days(3), "p", ""),
                   Bought(Noon() - Days(bought_days), "home", 100), Viewed(Noon() - Days(31), "lamp", "")}),
              "viewed rug 2 days ago; not bought: rug | viewed_product=rug viewed_not_bought=rug");
  }
  EXPECT_EQ(Say(v1::INSIGHT_KIND_BROWSING, {Viewed(Noon(), "p", ""), Bought(Noon(), "home", 100)}),
            "viewed p today | viewed_product=p");
}

TEST(Insights, OfAnAverageOrderThatGrewOrShrank) {
  const auto change = [](int64_t earlier, int64_t recent) {
    const std::string said = Say(v1::INSIGHT_KIND_PURCHASES,
                                 {Bought(Noon() - Days(200), "a", earlier), Bought(Noon() - Days(100), "a", earlier),
                                  Bought(Noon() - Days(10), "a", recent)});
    return said.substr(said.find("average order is ") + 17);
  };
  EXPECT_THAT(change(10'000, 11'250), ::testing::StartsWith("up 13 % |"));
  EXPECT_THAT(change(10'000, 8'000), ::testing::EndsWith("average_order_change_percent=-20"));
  EXPECT_THAT(change(10'000, 10'000), ::testing::StartsWith("as before |"));
  // Nothing to compare with.
  EXPECT_THAT(change(0, 100), ::testing::Not(::testing::HasSubstr("change")));
}

TEST(Insights, SayOfEachFactWhereAndWhenItCameFrom) {
  const std::vector<v1::InsightKind> kinds = {v1::INSIGHT_KIND_PURCHASES, v1::INSIGHT_KIND_CATEGORY_AFFINITY,
                                              v1::INSIGHT_KIND_TICKETS,   v1::INSIGHT_KIND_FEATURE_USE,
                                              v1::INSIGHT_KIND_ACTIVITY,  v1::INSIGHT_KIND_BROWSING,
                                              v1::INSIGHT_KIND_MESSAGES};
  const std::vector<v1::Event> events = {Bought(Noon() - Days(200), "a", 100),
                                         TicketIs(Noon() - Days(3), "t1", "OPENED", "topic: 'billing'"),
                                         TicketIs(Noon() - Days(20), "t2", "OPENED"),
                                         TicketIs(Noon() - Days(19), "t2", "CLOSED"),
                                         Feature(Noon() - Days(12), "search", "ANNOUNCED"),
                                         Viewed(Noon() - Days(2), "lamp", "home"),
                                         Sent(Noon() - Days(45), "r"),
                                         Responded(Noon() - Days(44), "r", "CLICKED")};
  std::vector<std::string> said;
  const v1::Insights insights = Collect(kinds, events);
  for (const v1::Insight& insight : insights.insights()) {
    ASSERT_EQ(insight.fact_sources_size(), insight.facts_size()) << insight.DebugString();
    ASSERT_EQ(insight.fact_time_seconds_size(), insight.facts_size()) << insight.DebugString();
    for (int i = 0; i < insight.facts_size(); ++i) {
      const int64_t time = insight.fact_time_seconds(i);
      said.push_back(absl::StrCat(
          insight.facts(i).name(), " ", v1::FactSource_Name(insight.fact_sources(i)).substr(12), " ",
          time == 0 ? "never" : absl::StrCat((absl::ToUnixSeconds(Noon()) - time) / (24 * 60 * 60), " days")));
    }
  }
  EXPECT_THAT(said,
              ElementsAre("orders_365d PURCHASES_365D 200 days", "spend_365d PURCHASES_365D 200 days",
                          "average_order PURCHASES 200 days", "days_since_last_purchase PURCHASES 200 days",
                          "top_category PURCHASES_365D 200 days", "top_category_orders PURCHASES_365D 200 days",
                          "top_category_months PURCHASES_120D never", "open_ticket_count TICKETS 3 days",
                          "open_ticket_topic TICKETS 3 days", "past_ticket_count TICKETS 19 days",
                          "ignored_feature INTERACTIONS 12 days", "unused_feature INTERACTIONS 12 days",
                          "days_inactive ACTIVITY 2 days", "viewed_product PAGE_VIEWS 2 days",
                          "viewed_category PAGE_VIEWS 2 days", "viewed_not_bought PAGE_VIEWS_AND_PURCHASES 2 days",
                          "messages_30d MESSAGES_30D never", "messages_ignored_30d MESSAGES_30D never",
                          "last_message_action MESSAGES 45 days", "last_message_outcome RESPONSES 44 days"));
}

TEST(Insights, OfMessages) {
  EXPECT_EQ(Say(v1::INSIGHT_KIND_MESSAGES, {Viewed(Noon(), "p", "")}), "");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_MESSAGES,
                {Sent(Noon() - Days(5), "r1"), Sent(Noon() - Days(8), "r2"), Responded(Noon(), "r2", "OPENED")}),
            "2 messages in the last 30 days, 1 ignored; the last one 5 days ago of win-back (a, no response) | "
            "messages_30d=2 messages_ignored_30d=1 last_message_action=a last_message_outcome=no response");
  EXPECT_EQ(Say(v1::INSIGHT_KIND_MESSAGES, {Sent(Noon() - Days(45), "r", ""), Responded(Noon(), "r", "COMPLAINED")}),
            "no message in the last 30 days; the last one 45 days ago (a, complained); 1 complaint in the last year | "
            "messages_30d=0 messages_ignored_30d=0 last_message_action=a last_message_outcome=complained");
}

TEST(Insights, ComeInTheOrderAskedWithoutThoseThatHaveNothingToSay) {
  const v1::Insights insights =
      Collect({v1::INSIGHT_KIND_TICKETS, v1::INSIGHT_KIND_ACTIVITY, v1::INSIGHT_KIND_PURCHASES},
              {Bought(Noon() - Days(1), "a", 100)});
  ASSERT_EQ(insights.insights_size(), 2);
  EXPECT_EQ(insights.insights(0).kind(), v1::INSIGHT_KIND_ACTIVITY);
  EXPECT_EQ(insights.insights(1).kind(), v1::INSIGHT_KIND_PURCHASES);
}

TEST(InsightPlan, TakesTheFirstRuleThatNamesTheSegmentThenTheGoalsDefault) {
  ASSERT_OK_AND_ASSIGN(const InsightPlan plan,
                       InsightPlan::Compile(ParseProto<v1::InsightConfig>(R"pb(
                                              rules { segments: "vip" segments: "loyal" kinds: INSIGHT_KIND_TICKETS }
                                              rules { segments: "vip" kinds: INSIGHT_KIND_BROWSING })pb"),
                                            "feature_adoption"));
  EXPECT_THAT(plan.KindsFor("vip"), ElementsAre(v1::INSIGHT_KIND_TICKETS));
  EXPECT_THAT(plan.KindsFor("loyal"), ElementsAre(v1::INSIGHT_KIND_TICKETS));
  EXPECT_THAT(plan.KindsFor("other"), ElementsAre(v1::INSIGHT_KIND_FEATURE_USE, v1::INSIGHT_KIND_ACTIVITY));
  ASSERT_OK_AND_ASSIGN(const InsightPlan every,
                       InsightPlan::Compile(ParseProto<v1::InsightConfig>(R"pb(
                                              rules { segments: "vip" kinds: INSIGHT_KIND_TICKETS }
                                              rules { kinds: INSIGHT_KIND_BROWSING })pb"),
                                            "win_back"));
  EXPECT_THAT(every.KindsFor("other"), ElementsAre(v1::INSIGHT_KIND_BROWSING));
}

TEST(InsightPlan, HasDefaultsForEveryGoal) {
  const auto kinds = [](absl::string_view goal) {
    const InsightPlan plan = *InsightPlan::Compile(v1::InsightConfig(), goal);
    const auto span = plan.KindsFor("any");
    return std::vector<v1::InsightKind>(span.begin(), span.end());
  };
  EXPECT_THAT(kinds("reduce_churn"),
              ElementsAre(v1::INSIGHT_KIND_ACTIVITY, v1::INSIGHT_KIND_FEATURE_USE, v1::INSIGHT_KIND_MESSAGES,
                          v1::INSIGHT_KIND_TICKETS, v1::INSIGHT_KIND_PURCHASES));
  EXPECT_EQ(kinds("increase_aov").front(), v1::INSIGHT_KIND_CATEGORY_AFFINITY);
  EXPECT_EQ(kinds("win_back").size(), 4u);
  EXPECT_EQ(kinds("vip_retention").size(), 4u);
  EXPECT_THAT(kinds("anything_else"),
              ElementsAre(v1::INSIGHT_KIND_PURCHASES, v1::INSIGHT_KIND_ACTIVITY, v1::INSIGHT_KIND_MESSAGES));
}

TEST(InsightPlan, RefusesKindsThatAreNoneOrGivenTwice) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(InsightPlan::Compile(ParseProto<v1::InsightConfig>("rules { kinds: [INSIGHT_KIND_TICKETS, 0] }"), "g"),
              StatusIs(kInvalid, "config.rules[0].kinds[1]: INSIGHT_KIND_UNSPECIFIED"));
  EXPECT_THAT(InsightPlan::Compile(ParseProto<v1::InsightConfig>("rules { kinds: [4, 4] }"), "g"),
              StatusIs(kInvalid, "config.rules[0].kinds[1]: INSIGHT_KIND_FEATURE_USE is given twice"));
}

}  // namespace
}  // namespace campaign::retrieval
