#include "tools/shop/heroes.h"

#include <map>
#include <string>

#include "common/clock.h"
#include "common/limits.h"
#include "common/testing/testing.h"
#include "tools/shop/facts_of.h"

namespace campaign::shop {
namespace {

using ::campaign::testing::Utc;
using ::testing::UnorderedElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'781'524'800);  // 2026-06-15 12:00:00 UTC.

Person Hero(absl::string_view id, absl::Time now = kNow) {
  for (const Person& person : Heroes(now)) {
    if (person.customer.customer_id() == id) return person;
  }
  ADD_FAILURE() << "no " << id;
  return {};
}

double LocalHour(const v1::Customer& customer, absl::Time now) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(customer.time_zone(), &zone)) << customer.time_zone();
  const absl::CivilSecond local = absl::ToCivilSecond(now, zone);
  return local.hour() + local.minute() / 60.0;
}

TEST(Heroes, AreTheCustomersThatTheCampaignsNeed) {
  std::vector<std::string> ids;
  for (const Person& person : Heroes(kNow)) ids.push_back(person.customer.customer_id());
  EXPECT_THAT(
      ids, UnorderedElementsAre("hero-churn", "hero-aov", "hero-winback", "hero-feature", "hero-vip", "case-suppressed",
                                "case-capped", "case-quiet", "case-holdout", "case-noaction"));
}

TEST(Heroes, AreTakenByTheServicesAndMayBeWrittenTo) {
  for (const Person& person : Heroes(kNow)) {
    EXPECT_OK(CheckLimits(person.customer));
    EXPECT_EQ(person.customer.currency_code(), "USD");
    for (const v1::Event& event : person.events) {
      EXPECT_OK(CheckLimits(event));
      EXPECT_GE(FromTimestamp(event.event_time()), FromTimestamp(person.customer.signup_time())) << event.event_id();
      EXPECT_LT(FromTimestamp(event.event_time()), kNow) << event.event_id();
    }
    ASSERT_FALSE(person.consents.empty());
    EXPECT_EQ(person.consents[0].channel(), v1::CHANNEL_EMAIL);
    EXPECT_TRUE(person.consents[0].granted());
    EXPECT_EQ(person.suppressions.size(), person.customer.customer_id() == "case-suppressed" ? 1 : 0);
  }
}

TEST(Heroes, AreAwakeWheneverTheDemoRunsAndOneIsNot) {
  for (const absl::Time day : {Utc("2026-06-15 00:00:00"), Utc("2026-12-15 00:00:00")}) {
    for (int quarter = 0; quarter < 96; ++quarter) {
      const absl::Time now = day + quarter * absl::Minutes(15);
      ASSERT_FALSE(DaytimeCities(now).empty()) << now;
      v1::Customer asleep;
      asleep.set_time_zone(NightCity(now).time_zone);
      const double night = LocalHour(asleep, now);
      EXPECT_TRUE(night >= 22.5 || night <= 6) << now << " " << night;
    }
  }
  for (const Person& person : Heroes(kNow)) {
    const double hour = LocalHour(person.customer, kNow);
    if (person.customer.customer_id() != "case-quiet") {
      EXPECT_TRUE(hour >= 10 && hour < 18) << hour;
    }
  }
}

TEST(HeroChurn, IsEightyPercentDownAndIgnoredAiSearch) {
  for (const auto& id : {"hero-churn", "case-suppressed"}) {
    for (int day = 0; day < 5; ++day) {
      const FactsOf facts(Hero(id), kNow + day * absl::Hours(24));
      EXPECT_EQ(facts.Activities(0, 30), 8) << day;
      EXPECT_EQ(facts.Activities(30, 60), 40) << day;
    }
    const FactsOf facts(Hero(id), kNow);
    EXPECT_EQ(facts.announced.at("ai_search"), 10);
    for (const auto& [feature, days] : facts.announced) EXPECT_GE(days, 10) << feature;
    EXPECT_EQ(facts.opened.count("ai_search") + facts.uses.count("ai_search"), 0);
    EXPECT_EQ(facts.orders.size(), 3);
  }
}

TEST(HeroAov, BoughtAccessoriesInEachOfFourMonthsAndNothingElse) {
  for (int day = 0; day < 5; ++day) {
    const FactsOf facts(Hero("hero-aov"), kNow + day * absl::Hours(24));
    ASSERT_EQ(facts.category_orders.size(), 1);
    const std::vector<double>& orders = facts.category_orders.at("accessories");
    for (int month = 0; month < 4; ++month)
      EXPECT_GE(FactsOf::Between(orders, 30 * month, 30 * month + 30), 1) << month;
    EXPECT_EQ(FactsOf::Between(orders, 0, 120), 6);
  }
}

TEST(HeroWinback, DidNothingFor125Days) {
  for (const auto& id : {"hero-winback", "case-quiet"}) {
    const Person person = Hero(id);
    EXPECT_EQ(kNow - FromTimestamp(person.events.back().event_time()), absl::Hours(24 * 125)) << id;
    EXPECT_EQ(FactsOf(person, kNow).orders.size(), 4);
  }
}

TEST(HeroFeature, IsThereEveryDayAndOpenedWhatTheyNeverTried) {
  for (const auto& id : {"hero-feature", "case-capped"}) {
    const FactsOf facts(Hero(id), kNow);
    for (int day = 0; day < 28; ++day) EXPECT_GE(facts.Activities(day, day + 1), 1) << day;
    EXPECT_EQ(facts.announced.at("ai_search"), 20);
    EXPECT_EQ(facts.opened.count("ai_search"), 1);
    EXPECT_EQ(facts.uses.count("ai_search"), 0);
  }
}

TEST(HeroVip, Spent5240AndWaitsForAnAnswerAboutABill) {
  const Person person = Hero("hero-vip");
  const FactsOf facts(person, kNow);
  EXPECT_EQ(facts.spend_365d_minor, 524'000);
  ASSERT_EQ(facts.open_tickets.size(), 1);
  EXPECT_EQ(facts.open_tickets.at("billing"), 3);
  EXPECT_THAT(person.customer.tags(), UnorderedElementsAre("vip"));
}

TEST(CaseNoAction, IsActiveAndHasOnlyJustHeardOfAiSearch) {
  const FactsOf facts(Hero("case-noaction"), kNow);
  EXPECT_GE(facts.Activities(0, 30), 8);
  EXPECT_TRUE(facts.uses.empty());
  EXPECT_THAT(facts.announced, UnorderedElementsAre(::testing::Pair("ai_search", 2)));
}

}  // namespace
}  // namespace campaign::shop
