#include "tools/shop/shop.h"

#include <fstream>
#include <set>
#include <string>

#include "common/clock.h"
#include "common/limits.h"
#include "common/testing/testing.h"
#include "google/protobuf/util/json_util.h"
#include "tools/shop/export.h"
#include "tools/shop/facts_of.h"
#include "tools/shop/heroes.h"

namespace campaign::shop {
namespace {

using ::campaign::testing::Utc;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;

Options TestOptions() { return {.seed = 7, .now = Utc("2026-06-15 12:00:00")}; }

// Everything of a person as one text.
std::string TextOf(const Person& person) {
  std::string text = person.customer.SerializeAsString();
  for (const v1::Event& event : person.events) text += event.SerializeAsString();
  for (const v1::Consent& consent : person.consents) text += consent.SerializeAsString();
  for (const v1::Suppression& suppression : person.suppressions) text += suppression.SerializeAsString();
  return text;
}

// The first customers, made once: making them is what takes the time.
const std::vector<Person>& Crowd() {
  static const auto& people = *[] {
    auto* made = new std::vector<Person>;
    const Shop shop(TestOptions());
    for (int i = 0; i < 1500; ++i) made->push_back(shop.MakePerson(i));
    return made;
  }();
  return people;
}

template <class Predicate>
double Share(Predicate holds) {
  const auto count = std::count_if(Crowd().begin(), Crowd().end(), [&](const Person& person) {
    return holds(FactsOf(person, TestOptions().now), person);
  });
  return static_cast<double>(count) / Crowd().size();
}

auto IsBetween(double low, double high) { return AllOf(Ge(low), Le(high)); }

TEST(Random, GivesTheSameNumbersEverywhere) {
  Random random(7, 42, 0);
  EXPECT_EQ(random.Int(0, 999'999), 542'178);
  EXPECT_EQ(random.Int(0, 999'999), 770'068);
}

TEST(Random, DrawsWithTheMeanAskedFor) {
  Random random(1, 2, 3);
  double gamma = 0, poisson = 0, exponential = 0;
  for (int i = 0; i < 20'000; ++i) {
    gamma += random.Gamma(0.7, 3) / 20'000;
    poisson += random.Poisson(40) / 20'000.0;
    exponential += random.Exponential(5) / 20'000;
  }
  EXPECT_NEAR(gamma, 3, 0.1);
  EXPECT_NEAR(poisson, 40, 0.2);
  EXPECT_NEAR(exponential, 5, 0.2);
}

TEST(Random, PicksByWeightAndNeverWhatWeighsNothing) {
  Random random(1, 2, 3);
  int counts[3] = {};
  for (int i = 0; i < 10'000; ++i) ++counts[random.Weighted({0.25, 0, 0.75})];
  EXPECT_NEAR(counts[0], 2500, 200);
  EXPECT_EQ(counts[1], 0);
}

TEST(Shop, MakesTheSameCustomerAgain) {
  for (int i : {0, 17, 999'999}) {
    EXPECT_EQ(TextOf(Shop(TestOptions()).MakePerson(i)), TextOf(Shop(TestOptions()).MakePerson(i)));
  }
}

TEST(Shop, MakesCustomersInAnyOrder) {
  const Shop forward(TestOptions());
  const Shop backward(TestOptions());
  std::vector<std::string> texts(50);
  for (int i = 49; i >= 0; --i) texts[i] = TextOf(backward.MakePerson(i));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(TextOf(forward.MakePerson(i)), texts[i]) << i;
}

TEST(Shop, MakesTheSamePartsAloneAsTogether) {
  const Shop shop(TestOptions());
  for (int i = 0; i < 200; ++i) {
    Person parts{shop.Customer(i), shop.Events(i), shop.Consents(i), shop.Suppressions(i)};
    ASSERT_EQ(TextOf(shop.MakePerson(i)), TextOf(parts)) << i;
  }
}

TEST(Shop, IsAnotherShopWithAnotherSeed) {
  Options other = TestOptions();
  other.seed = 8;
  EXPECT_NE(TextOf(Shop(TestOptions()).MakePerson(3)), TextOf(Shop(other).MakePerson(3)));
}

TEST(Shop, KeepsPurchasesAndTicketsAtASmallVolume) {
  Options small = TestOptions();
  small.volume = 0.05;
  size_t all = 0, few = 0;
  for (int i = 0; i < 200; ++i) {
    const Person person = Shop(small).MakePerson(i);
    EXPECT_EQ(FactsOf(person, small.now).orders.size(), FactsOf(Crowd()[i], small.now).orders.size()) << i;
    few += person.events.size();
    all += Crowd()[i].events.size();
  }
  EXPECT_LT(few * 3, all);
}

TEST(Shop, MakesOnlyWhatTheServicesTake) {
  for (const Person& person : Crowd()) {
    ASSERT_OK(CheckLimits(person.customer));
    for (const v1::Event& event : person.events) ASSERT_OK(CheckLimits(event));
    for (const v1::Consent& consent : person.consents) ASSERT_OK(CheckLimits(consent));
    for (const v1::Suppression& suppression : person.suppressions) ASSERT_OK(CheckLimits(suppression));
  }
}

TEST(Shop, LetsNothingHappenBeforeSignUpOrAfterNow) {
  const absl::Time now = TestOptions().now;
  for (const Person& person : Crowd()) {
    absl::Time last = FromTimestamp(person.customer.signup_time());
    EXPECT_GE(last, now - kHistory - absl::Hours(2));
    for (const v1::Event& event : person.events) {
      ASSERT_GE(FromTimestamp(event.event_time()), last) << event.event_id();
      last = FromTimestamp(event.event_time());
    }
    ASSERT_LT(last, now) << person.customer.customer_id();
  }
}

TEST(Shop, GivesEveryEventAnIdOfItsOwn) {
  std::set<std::string> ids;
  for (const Person& person : Crowd()) {
    for (const v1::Event& event : person.events) {
      EXPECT_EQ(event.customer_id(), person.customer.customer_id());
      EXPECT_TRUE(ids.insert(event.event_id()).second) << event.event_id();
    }
  }
}

TEST(Shop, HasNoRealAddresses) {
  for (const Person& person : Crowd()) {
    for (const v1::ContactPoint& point : person.customer.contact_points()) {
      if (point.channel() == v1::CHANNEL_EMAIL) {
        EXPECT_THAT(point.address(), ::testing::EndsWith("@example.com"));
      }
      if (point.channel() != v1::CHANNEL_SMS) continue;
      EXPECT_THAT(point.address(),
                  ::testing::AnyOf(::testing::ContainsRegex("^.1[2-9][0-9][0-9]55501[0-9][0-9]$"),
                                   ::testing::StartsWith("+447700900"), ::testing::StartsWith("+493023125"),
                                   ::testing::StartsWith("+3363998"), ::testing::StartsWith("+61491570")));
    }
  }
}

TEST(Shop, SpeaksOneCurrencyACountry) {
  std::map<std::string, std::set<std::string>> currencies;
  for (const Person& person : Crowd()) currencies[person.customer.country()].insert(person.customer.currency_code());
  EXPECT_EQ(currencies.size(), 8);
  for (const auto& [country, codes] : currencies) EXPECT_EQ(codes.size(), 1) << country;
  EXPECT_THAT(currencies["GB"], ::testing::ElementsAre("GBP"));
}

TEST(Crowd, BuysLikeTheCustomersOfAShop) {
  EXPECT_THAT(Share([](const FactsOf& f, const Person&) { return !f.orders.empty(); }), IsBetween(0.5, 0.7));
  EXPECT_THAT(Share([](const FactsOf& f, const Person&) { return f.orders.size() > 1; }), IsBetween(0.3, 0.5));
  EXPECT_THAT(Share([](const FactsOf& f, const Person&) { return f.orders.size() > 12; }), IsBetween(0.01, 0.08));
  EXPECT_THAT(Share([](const FactsOf& f, const Person&) { return f.spend_365d_minor >= 500'000; }),
              IsBetween(0.002, 0.03));
}

TEST(Crowd, BuysMoreBeforeChristmasThanInSummer) {
  std::map<int, int> orders_by_month;
  for (const Person& person : Crowd()) {
    for (const v1::Event& event : person.events) {
      if (!event.has_purchase()) continue;
      ++orders_by_month[absl::ToCivilMonth(FromTimestamp(event.event_time()), absl::UTCTimeZone()).month()];
    }
  }
  EXPECT_GT(orders_by_month[11] + orders_by_month[12], 1.4 * (orders_by_month[8] + orders_by_month[9]));
}

TEST(Crowd, HasThoseWhoLeftAndThoseWhoFade) {
  EXPECT_THAT(Share([](const FactsOf& f, const Person&) { return f.Activities(0, 30) > 0; }), IsBetween(0.5, 0.75));
  EXPECT_THAT(Share([](const FactsOf& f, const Person&) { return !f.orders.empty() && f.Activities(0, 60) == 0; }),
              IsBetween(0.08, 0.25));
  EXPECT_THAT(Share([](const FactsOf& f, const Person&) {
                return f.Activities(30, 60) >= 5 && f.Activities(0, 30) * 2 <= f.Activities(30, 60);
              }),
              IsBetween(0.05, 0.2));
}

TEST(Crowd, MayMostlyBeWrittenToByEmail) {
  EXPECT_THAT(Share([](const FactsOf&, const Person& person) {
                bool may = false;
                for (const v1::Consent& c : person.consents) may = c.channel() == v1::CHANNEL_EMAIL ? c.granted() : may;
                return may;
              }),
              IsBetween(0.7, 0.85));
  EXPECT_THAT(Share([](const FactsOf&, const Person& person) { return !person.suppressions.empty(); }),
              IsBetween(0.002, 0.015));
}

TEST(Crowd, HasOpenTicketsAndSensitiveOnes) {
  EXPECT_THAT(Share([](const FactsOf& f, const Person&) { return !f.open_tickets.empty(); }), IsBetween(0.005, 0.05));
  EXPECT_THAT(Share([](const FactsOf&, const Person& person) {
                return std::any_of(person.events.begin(), person.events.end(),
                                   [](const v1::Event& e) { return e.ticket().sensitive(); });
              }),
              IsBetween(0.01, 0.1));
}

TEST(Crowd, OftenIgnoresTheAnnouncementOfAiSearch) {
  const auto ignored = [](const FactsOf& f, const Person&) {
    return f.announced.count("ai_search") && !f.opened.count("ai_search") && !f.uses.count("ai_search");
  };
  EXPECT_THAT(Share(ignored), IsBetween(0.35, 0.6));
}

TEST(Export, WritesWhatCanBeReadAgain) {
  testing::TempDir folder;
  const std::string path = folder.File("demo");
  ASSERT_OK_AND_ASSIGN(const ExportCounts counts, Export(TestOptions(), 20, path));
  EXPECT_EQ(counts.customers, 20 + static_cast<int64_t>(Heroes(TestOptions().now).size()));
  std::ifstream file(path + "/events.jsonl");
  std::string line;
  int64_t lines = 0;
  for (; std::getline(file, line); ++lines) {
    v1::Event event;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &event).ok()) << line;
    EXPECT_NE(event.kind_case(), v1::Event::KIND_NOT_SET);
    EXPECT_THAT(line, ::testing::HasSubstr("\"event_time\":"));
  }
  EXPECT_EQ(lines, counts.events);
}

TEST(Export, SaysWhereItCannotWrite) {
  EXPECT_THAT(Export(TestOptions(), 1, "/dev/null/demo"), testing::StatusIs(absl::StatusCode::kInternal, "/dev/null"));
}

}  // namespace
}  // namespace campaign::shop
