#include "services/retrieval/moment.h"

#include <random>
#include <string>
#include <vector>

#include "services/retrieval/importer.h"
#include "services/retrieval/recorder.h"
#include "services/retrieval/test_events.h"

namespace campaign::retrieval {
namespace {

using campaign::testing::ParseProto;
using campaign::testing::TempDir;

// Asks for nothing but a moment.
v1::GetProfilesRequest At(absl::Time time) {
  v1::GetProfilesRequest request;
  *request.mutable_as_of() = ToTimestamp(time);
  return request;
}

// A store of one customer, "c".
class Shop {
 public:
  Shop() : store_(*RetrievalStore::Open(dir_.File("retrieval.db"))) { Import("customer_id: 'c'"); }

  void Import(absl::string_view customer) {
    v1::ImportCustomersRequest request;
    *request.add_customers() = ParseProto<v1::Customer>(customer);
    EXPECT_OK(store_->database().Write([&](Connection& connection) {
      v1::ImportCustomersResponse response;
      ImportCustomers(connection, request, response);
      return absl::OkStatus();
    }));
  }

  void Record(const std::vector<v1::Event>& events) {
    v1::RecordEventsRequest request;
    for (const v1::Event& event : events) {
      *request.add_events() = Identified(absl::StrCat("e", ++recorded_), "c", event);
    }
    EXPECT_OK(store_->database().Write([&](Connection& connection) {
      v1::RecordEventsResponse response;
      RecordEvents(connection, request, Noon() + Days(1000), response);
      EXPECT_EQ(response.recorded_count(), request.events_size());
      return absl::OkStatus();
    }));
  }

  // As GetProfiles derives it for such a request at `now`.
  v1::Profile Profile(const v1::GetProfilesRequest& request, absl::Time now) {
    const Moment moment = *Moment::Of(request, now);
    v1::Profile profile;
    EXPECT_OK(store_->database().Read([&](Connection& connection) {
      History history;
      RetrievalStore::FindCustomer(connection, "c", [&](const CustomerRow& row) {
        moment.ReadCustomer(row, *profile.mutable_customer());
        moment.ReadHistory(connection, row, history);
        DeriveFeatures(history, moment.time(), profile);
      });
      return absl::OkStatus();
    }));
    return profile;
  }
  std::string Present(absl::Time now) { return Profile({}, now).DebugString(); }
  std::string Past(absl::Time time) { return Profile(At(time), Noon() + Days(1000)).DebugString(); }

 private:
  TempDir dir_;
  std::unique_ptr<RetrievalStore> store_;
  int recorded_ = 0;
};

// What had happened by noon: something of every kind.
std::vector<v1::Event> Before() {
  return {Bought(Noon() - Days(40), "lamps", 5'000),
          Viewed(Noon() - Days(2), "rug", "home"),
          TicketIs(Noon() - Days(3), "t", "OPENED", "topic: 'billing' text: 'charged twice'"),
          Feature(Noon() - Days(9), "export", "ANNOUNCED"),
          Said(Noon() - Days(4), "CHAT", "hello"),
          Sent(Noon() - Days(5), "run"),
          Sent(Noon() - Days(6), "other run")};
}

struct Leak {
  std::string name;
  v1::Event event;
};

std::vector<Leak> Leaks(absl::Time later) {
  return {{"a purchase", Bought(later, "lamps", 9'900)},
          {"a view", Viewed(later, "sofa", "home")},
          {"a ticket opened", TicketIs(later, "t2", "OPENED")},
          {"a ticket closed", TicketIs(later, "t", "CLOSED")},
          {"a ticket that turned out to be sensitive", TicketIs(later, "t", "OPENED", "sensitive: true")},
          {"a feature used", Feature(later, "export", "USED")},
          {"an announcement opened", Feature(later, "export", "ANNOUNCEMENT_OPENED")},
          {"an announcement", Feature(later, "search", "ANNOUNCED")},
          {"words", Said(later, "CHAT", "goodbye")},
          {"a message", Sent(later, "third run")},
          {"the opening of an earlier message", Responded(later, "run", "OPENED")},
          {"a click in an earlier message", Responded(later, "run", "CLICKED")},
          {"a complaint about an earlier message", Responded(later, "run", "COMPLAINED")}};
}

class LaterEvent : public ::testing::TestWithParam<int> {};

TEST_P(LaterEvent, IsKeptOut) {
  for (const absl::Duration ahead : {absl::Microseconds(1), absl::Milliseconds(400), Days(0.5), Days(400)}) {
    const Leak leak = Leaks(Noon() + ahead)[GetParam()];
    Shop shop;
    shop.Record(Before());
    const std::string before = shop.Present(Noon());
    ASSERT_EQ(shop.Past(Noon()), before);
    shop.Record({leak.event});
    EXPECT_NE(shop.Present(Noon()), before) << leak.name << ": the kept history knows it, so it is a leak";
    EXPECT_EQ(shop.Past(Noon()), before) << leak.name << " " << absl::FormatDuration(ahead) << " later";
    EXPECT_NE(shop.Past(Noon() + ahead), before) << leak.name << ": and it is there once it has happened";
  }
}

INSTANTIATE_TEST_SUITE_P(OfEachKind, LaterEvent, ::testing::Range(0, static_cast<int>(Leaks(Noon()).size())));

TEST(Moment, HoldsWhatHappenedBeforeItAndWasRecordedLater) {
  Shop shop;
  shop.Record({Bought(Noon() + Days(3), "lamps", 100), Bought(Noon() - Days(3), "lamps", 100)});
  EXPECT_EQ(shop.Profile(At(Noon()), Noon() + Days(4)).orders_total(), 1);
  EXPECT_DOUBLE_EQ(shop.Profile(At(Noon()), Noon() + Days(4)).days_since_last_purchase(), 3);
}

TEST(Moment, LeavesOutALaterSignupAndKeepsWhatElseWasImportedLast) {
  Shop shop;
  shop.Import(
      absl::StrCat("customer_id: 'c' country: 'AT' signup_time { seconds: ", absl::ToUnixSeconds(Noon()), " }"));
  const v1::Profile before = shop.Profile(At(Noon() - Days(1)), Noon());
  EXPECT_FALSE(before.customer().has_signup_time());
  EXPECT_FALSE(before.has_days_since_signup());
  EXPECT_EQ(before.customer().country(), "AT") << "customers are not versioned";
  EXPECT_DOUBLE_EQ(shop.Profile(At(Noon() + Days(1)), Noon() + Days(1)).days_since_signup(), 1);
}

TEST(Moment, IsRefusedWhereItIsNoTimeOrToCome) {
  const auto refuses = [](absl::string_view as_of) {
    v1::GetProfilesRequest request;
    *request.mutable_as_of() = ParseProto<google::protobuf::Timestamp>(as_of);
    return Moment::Of(request, Noon()).status();
  };
  using campaign::testing::StatusIs;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(refuses("nanos: -1"), StatusIs(kInvalid, "as_of.nanos: -1"));
  EXPECT_THAT(refuses(""), StatusIs(kInvalid, "as_of.seconds: 0 is before 1970"));
  EXPECT_THAT(Moment::Of(At(Noon() + Days(1.01)), Noon()).status(), StatusIs(kInvalid, "is more than a day after now"));
  EXPECT_OK(Moment::Of(At(Noon() + Days(1)), Noon()));
}

// Events of every kind within `days` days before noon, in no order.
std::vector<v1::Event> RandomEvents(int count, double days, std::mt19937& random) {
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
  const auto name = [&](absl::string_view prefix, int bound) { return absl::StrCat(prefix, below(bound)); };
  constexpr absl::string_view kUses[] = {"USED", "ANNOUNCED", "ANNOUNCEMENT_OPENED"};
  constexpr absl::string_view kResponses[] = {"OPENED", "CLICKED", "CONVERTED", "COMPLAINED", "UNSUBSCRIBED"};
  std::vector<v1::Event> events;
  for (int i = 0; i < count; ++i) {
    const absl::Time time = Noon() - Days(days * below(1'000'000) / 1e6);
    switch (below(8)) {
      case 0:
      case 1:
        events.push_back(Bought(time, name("category", 40), below(10'000)));
        break;
      case 2:
        events.push_back(Viewed(time, name("product", 30), name("category", 40)));
        break;
      case 3:
        events.push_back(TicketIs(time, name("t", 40), below(2) == 0 ? "OPENED" : "CLOSED",
                                  below(9) == 0 ? "sensitive: true text: 'no'" : "topic: 'billing'"));
        break;
      case 4:
        events.push_back(Feature(time, name("feature", 40), kUses[below(3)]));
        break;
      case 5:
        events.push_back(Said(time, "SEARCH", name("words", 100)));
        break;
      case 6:
        events.push_back(Sent(time, name("run", 50)));
        break;
      default:
        events.push_back(Responded(time, name("run", 50), kResponses[below(5)]));
    }
  }
  return events;
}

// More events than any list or exact series keeps, so that what is added up or forgotten is covered too.
TEST(Moment, NowIsThePresentProfileWhateverHappened) {
  std::mt19937 random(1);
  for (const double days : {2.0, 90.0, 700.0}) {
    Shop shop;
    for (int round = 0; round < 8; ++round) {
      shop.Record(RandomEvents(150, days, random));
      ASSERT_EQ(shop.Past(Noon()), shop.Present(Noon())) << days << " days, round " << round;
    }
  }
}

TEST(Moment, IsTheProfileOfAShopThatKnowsNothingLater) {
  std::mt19937 random(2);
  for (const double days : {2.0, 90.0, 700.0}) {
    const std::vector<v1::Event> events = RandomEvents(900, days, random);
    const absl::Time moment = Noon() - Days(days / 3);
    std::vector<v1::Event> earlier;
    for (const v1::Event& event : events) {
      if (FromTimestamp(event.event_time()) <= moment) earlier.push_back(event);
    }
    Shop all;
    all.Record(events);
    Shop ignorant;
    ignorant.Record(earlier);
    EXPECT_EQ(all.Past(moment), ignorant.Present(moment)) << days;
  }
}

}  // namespace
}  // namespace campaign::retrieval
