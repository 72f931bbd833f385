#include "services/retrieval/features.h"

#include <algorithm>
#include <functional>
#include <random>

#include "services/retrieval/test_events.h"

namespace campaign::retrieval {
namespace {

TEST(Features, OfACustomerWithoutEventsAreEmpty) {
  v1::Customer customer;
  *customer.mutable_signup_time() = ToTimestamp(Noon() - Days(10.5));
  v1::Profile profile = DeriveProfile(customer, History(), Noon());
  EXPECT_DOUBLE_EQ(profile.days_since_signup(), 10.5);
  EXPECT_EQ(FromTimestamp(profile.as_of()), Noon());
  profile.clear_customer();
  profile.clear_as_of();
  profile.clear_days_since_signup();
  EXPECT_EQ(profile.ByteSizeLong(), 0u) << profile.DebugString();
}

struct WindowCase {
  const char* name;
  double days_ago;
  std::function<v1::Event(absl::Time)> event;
  std::function<int64_t(const v1::Profile&)> feature;
  int64_t expected;
};

void PrintTo(const WindowCase& c, std::ostream* stream) { *stream << c.name; }

class Window : public ::testing::TestWithParam<WindowCase> {};

TEST_P(Window, HoldsWhatIsLessThanItsDaysOld) {
  const WindowCase& c = GetParam();
  EXPECT_EQ(c.feature(ProfileOf({c.event(Noon() - Days(c.days_ago))})), c.expected) << c.days_ago << " days ago";
}

v1::Event AnOrder(absl::Time time) { return Bought(time, "shoes", 700); }
v1::Event AView(absl::Time time) { return Viewed(time, "p", "shoes"); }
v1::Event ATicket(absl::Time time) { return TicketIs(time, "t", "OPENED"); }
v1::Event AText(absl::Time time) { return Said(time, "CHAT", "hello"); }
v1::Event AMessage(absl::Time time) { return Sent(time, "run"); }
v1::Event AComplaint(absl::Time time) { return Responded(time, "run", "COMPLAINED"); }

int64_t Orders120(const v1::Profile& p) { return p.categories_size() == 0 ? -1 : p.categories(0).orders_120d(); }
int64_t Months(const v1::Profile& p) { return p.categories_size() == 0 ? -1 : p.categories(0).months_active_4m(); }
int64_t CategorySpend(const v1::Profile& p) {
  return p.categories_size() == 0 ? -1 : p.categories(0).spend_365d_minor();
}

// In days; more than the second that event times are cut to.
constexpr double kMoment = 2.0 / 86400;

INSTANTIATE_TEST_SUITE_P(
    Edges, Window,
    ::testing::Values(WindowCase{"Orders90", 90 - kMoment, AnOrder, &v1::Profile::orders_90d, 1},
                      WindowCase{"NoOrders90", 90, AnOrder, &v1::Profile::orders_90d, 0},
                      WindowCase{"Spend90", 90 - kMoment, AnOrder, &v1::Profile::spend_90d_minor, 700},
                      WindowCase{"NoSpend90", 90, AnOrder, &v1::Profile::spend_90d_minor, 0},
                      WindowCase{"Orders365", 365 - kMoment, AnOrder, &v1::Profile::orders_365d, 1},
                      WindowCase{"NoOrders365", 365, AnOrder, &v1::Profile::orders_365d, 0},
                      WindowCase{"NoSpend365", 365, AnOrder, &v1::Profile::spend_365d_minor, 0},
                      WindowCase{"OrdersTotal", 3650, AnOrder, &v1::Profile::orders_total, 1},
                      WindowCase{"SpendTotal", 3650, AnOrder, &v1::Profile::spend_total_minor, 700},
                      WindowCase{"Activity30", 30 - kMoment, AView, &v1::Profile::activity_30d, 1},
                      WindowCase{"NoActivity30", 30, AView, &v1::Profile::activity_30d, 0},
                      WindowCase{"ActivityPrevious", 30, AView, &v1::Profile::activity_previous_30d, 1},
                      WindowCase{"ActivityPreviousEnd", 60 - kMoment, AView, &v1::Profile::activity_previous_30d, 1},
                      WindowCase{"NoActivityPrevious", 60, AView, &v1::Profile::activity_previous_30d, 0},
                      WindowCase{"CategoryOrders120", 120 - kMoment, AnOrder, Orders120, 1},
                      WindowCase{"NoCategoryOrders120", 120, AnOrder, Orders120, 0},
                      WindowCase{"NoMonthAfterFour", 120, AnOrder, Months, 0},
                      WindowCase{"CategorySpend", 365 - kMoment, AnOrder, CategorySpend, 700},
                      WindowCase{"NoCategory", 365, AnOrder, CategorySpend, -1},
                      WindowCase{"Views", 30 - kMoment, AView, &v1::Profile::categories_size, 1},
                      WindowCase{"NoViews", 30, AView, &v1::Profile::categories_size, 0},
                      WindowCase{"Tickets90", 90 - kMoment, ATicket, &v1::Profile::tickets_90d, 1},
                      WindowCase{"NoTickets90", 90, ATicket, &v1::Profile::tickets_90d, 0},
                      WindowCase{"Texts", 90 - kMoment, AText, &v1::Profile::recent_texts_size, 1},
                      WindowCase{"NoTexts", 90, AText, &v1::Profile::recent_texts_size, 0},
                      WindowCase{"Messages", 30 - kMoment, AMessage, &v1::Profile::messages_30d, 1},
                      WindowCase{"NoMessages", 30, AMessage, &v1::Profile::messages_30d, 0},
                      WindowCase{"MessagesIgnored", 30 - kMoment, AMessage, &v1::Profile::messages_ignored_30d, 1},
                      WindowCase{"Complaints", 365 - kMoment, AComplaint, &v1::Profile::complaints_365d, 1},
                      WindowCase{"NoComplaints", 365, AComplaint, &v1::Profile::complaints_365d, 0},
                      // An event may be up to a day ahead of the clock.
                      WindowCase{"AheadOrder", -0.9, AnOrder, &v1::Profile::orders_90d, 1},
                      WindowCase{"AheadView", -0.9, AView, &v1::Profile::activity_30d, 1}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Features, MoveWithTheClockWithoutAnEvent) {
  const History history = HistoryOf({Bought(Noon(), "shoes", 1000), Viewed(Noon() - Days(20), "p", "shoes")});
  const auto at = [&](double days) { return DeriveProfile(v1::Customer(), history, Noon() + Days(days)); };
  EXPECT_EQ(at(0).activity_30d(), 2);
  EXPECT_EQ(at(15).activity_30d(), 1);
  EXPECT_EQ(at(15).activity_previous_30d(), 1);
  EXPECT_DOUBLE_EQ(at(15).activity_change(), 0);
  EXPECT_DOUBLE_EQ(at(15.25).days_since_last_purchase(), 15.25);
  EXPECT_EQ(at(91).orders_90d(), 0);
  EXPECT_EQ(at(91).orders_365d(), 1);
  EXPECT_EQ(at(366).orders_365d(), 0);
  EXPECT_EQ(at(366).orders_total(), 1);
  EXPECT_TRUE(at(366).categories().empty());
}

TEST(Features, ActivityChangeIsUnsetWithoutAnEarlierMonth) {
  EXPECT_FALSE(ProfileOf({Viewed(Noon() - Days(1), "p", "")}).has_activity_change());
  const v1::Profile down = ProfileOf({Viewed(Noon() - Days(31), "p", ""), Viewed(Noon() - Days(32), "p", ""),
                                      Viewed(Noon() - Days(33), "p", ""), Viewed(Noon() - Days(34), "p", ""),
                                      Viewed(Noon() - Days(1), "p", "")});
  EXPECT_DOUBLE_EQ(down.activity_change(), -0.75);
  EXPECT_DOUBLE_EQ(down.days_since_last_activity(), 1);
}

TEST(Features, ActivityCountsHalfAfterTwoWeeksAndNothingAfterSixtyDays) {
  const auto decayed = [](std::vector<double> days_ago) {
    std::vector<v1::Event> events;
    for (const double days : days_ago) events.push_back(Viewed(Noon() - Days(days), "p", ""));
    return ProfileOf(events).activity_decayed();
  };
  EXPECT_DOUBLE_EQ(decayed({0}), 1);
  EXPECT_DOUBLE_EQ(decayed({14}), 0.5);
  EXPECT_DOUBLE_EQ(decayed({14.9}), 0.5) << "days are whole ones";
  EXPECT_DOUBLE_EQ(decayed({0, 14, 28, 42, 61}), 1 + 0.5 + 0.25 + 0.125);
  EXPECT_DOUBLE_EQ(decayed({60}), 0);
  EXPECT_LT(decayed({30, 31, 32}), decayed({1, 2})) << "two days of late weigh more than three a month ago";
}

TEST(Features, AffinityIsTheShareOfInterestThatFades) {
  const v1::Profile recent = ProfileOf({Bought(Noon(), "hats", 100), Bought(Noon() - Days(90), "shoes", 5000),
                                        Bought(Noon() - Days(180), "shoes", 5000)});
  EXPECT_EQ(recent.categories(0).category(), "shoes");
  EXPECT_DOUBLE_EQ(recent.categories(0).affinity(), 0.75 / 1.75);
  EXPECT_DOUBLE_EQ(recent.categories(1).affinity(), 1 / 1.75);
  const v1::Profile viewed = ProfileOf(
      {Bought(Noon(), "hats", 100), Viewed(Noon() - Days(14), "p", "shoes"), Viewed(Noon() - Days(14), "q", "shoes")});
  EXPECT_DOUBLE_EQ(viewed.categories(1).affinity(), 0.1 / 1.1) << "a view is a tenth of an order, halved in 14 days";
}

TEST(Features, ActivityIsWhatTheCustomerDid) {
  EXPECT_EQ(
      ProfileOf({Bought(Noon(), "a", 1), Viewed(Noon(), "p", ""), Said(Noon(), "SEARCH", "x"),
                 Said(Noon(), "CHAT", "x"), Feature(Noon(), "f", "USED"), Feature(Noon(), "f", "ANNOUNCEMENT_OPENED")})
          .activity_30d(),
      6);
  const v1::Profile passive =
      ProfileOf({Sent(Noon(), "r"), Responded(Noon(), "r", "OPENED"), TicketIs(Noon(), "t", "OPENED"),
                 Said(Noon(), "TICKET", "x"), Feature(Noon(), "f", "ANNOUNCED")});
  EXPECT_EQ(passive.activity_30d(), 0);
  EXPECT_FALSE(passive.has_days_since_last_activity());
}

TEST(Features, MonthsCountThirtyDaysEach) {
  const v1::Profile profile =
      ProfileOf({Bought(Noon() - Days(1), "hats", 100), Bought(Noon() - Days(29), "hats", 100),
                 Bought(Noon() - Days(30), "hats", 100), Bought(Noon() - Days(119), "hats", 100)});
  EXPECT_EQ(profile.categories(0).months_active_4m(), 3);
  EXPECT_EQ(profile.categories(0).orders_120d(), 4);
}

TEST(Features, AnOrderCountsOnceInEachOfItsCategories) {
  const v1::Profile profile =
      ProfileOf({MakeEvent(Noon() - Days(1), R"pb(purchase {
                                                    order_id: "o"
                                                    amount_minor: 900
                                                    lines { product_id: "1" category: "a" amount_minor: 300 }
                                                    lines { product_id: "2" category: "a" amount_minor: 500 }
                                                    lines { product_id: "3" category: "b" amount_minor: 200 }
                                                    lines { product_id: "4" amount_minor: 10 }
                                                  })pb")});
  EXPECT_EQ(profile.orders_total(), 1);
  EXPECT_EQ(profile.spend_total_minor(), 900);
  ASSERT_EQ(profile.categories_size(), 2);
  EXPECT_EQ(profile.categories(0).category(), "a");
  EXPECT_EQ(profile.categories(0).orders_365d(), 1);
  EXPECT_EQ(profile.categories(0).spend_365d_minor(), 800);
  EXPECT_EQ(profile.categories(1).spend_365d_minor(), 200);
}

TEST(Features, CategoriesAreTheEightWithMostOrdersThenViews) {
  std::vector<v1::Event> events;
  for (int c = 0; c < 10; ++c) {
    for (int i = 0; i < c; ++i) events.push_back(Bought(Noon() - Days(i + 1), absl::StrCat("c", c), 100));
  }
  events.push_back(Viewed(Noon() - Days(1), "p", "viewed"));
  const v1::Profile profile = ProfileOf(events);
  ASSERT_EQ(profile.categories_size(), 8);
  EXPECT_EQ(profile.categories(0).category(), "c9");
  EXPECT_EQ(profile.categories(7).category(), "c2");
  const v1::Profile tied = ProfileOf({Bought(Noon(), "x", 1), Bought(Noon(), "y", 1), Viewed(Noon(), "p", "y")});
  EXPECT_EQ(tied.categories(0).category(), "y");
}

TEST(Features, AnAnnouncementIsIgnoredAfterThreeDaysWithoutUseOrOpening) {
  const absl::Time told = Noon() - Days(10);
  const auto ignored = [&](double days_later, std::vector<v1::Event> events = {}) {
    events.push_back(Feature(told, "ai_search", "ANNOUNCED"));
    const v1::Profile profile = ProfileOf(events, told + Days(days_later));
    EXPECT_EQ(profile.last_announced_feature(), "ai_search");
    EXPECT_EQ(profile.last_announcement_ignored(), profile.features(0).announcement_ignored());
    return profile.last_announcement_ignored();
  };
  EXPECT_FALSE(ignored(3 - kMoment));
  EXPECT_TRUE(ignored(3));
  EXPECT_TRUE(ignored(5, {Feature(told - Days(1), "ai_search", "USED")}));
  EXPECT_FALSE(ignored(5, {Feature(told + Days(1), "ai_search", "USED")}));
  EXPECT_FALSE(ignored(5, {Feature(told + Days(1), "ai_search", "ANNOUNCEMENT_OPENED")}));
}

TEST(Features, TheFeatureAnnouncedLastCountsAndTheNewestComeFirst) {
  const v1::Profile profile = ProfileOf(
      {Feature(Noon() - Days(20), "old", "ANNOUNCED"), Feature(Noon() - Days(1), "new", "ANNOUNCED"),
       Feature(Noon() - Days(2), "old", "USED"), Feature(Noon(), "plain", "USED"), Feature(Noon(), "plain", "USED")});
  ASSERT_EQ(profile.features_size(), 3);
  EXPECT_EQ(profile.features(0).feature(), "plain");
  EXPECT_EQ(profile.features(0).uses_total(), 2);
  EXPECT_FALSE(profile.features(0).has_days_since_announced());
  EXPECT_EQ(profile.features(1).feature(), "new");
  EXPECT_FALSE(profile.features(1).has_days_since_last_use());
  EXPECT_EQ(profile.features(2).feature(), "old");
  EXPECT_DOUBLE_EQ(profile.features(2).days_since_announced(), 20);
  EXPECT_EQ(profile.last_announced_feature(), "new");
  EXPECT_FALSE(profile.last_announcement_ignored());
}

TEST(Features, ListsKeepTheirCapsAndTheNewest) {
  std::vector<v1::Event> events;
  for (int i = 0; i < 60; ++i) {
    const absl::Time time = Noon() - Days(60 - i);
    events.push_back(Feature(time, absl::StrCat("f", i), "USED"));
    events.push_back(TicketIs(time, absl::StrCat("t", i), "OPENED", absl::StrCat("text: 'words ", i, "'")));
    events.push_back(Sent(time, absl::StrCat("r", i)));
    events.push_back(Viewed(time, absl::StrCat("p", i), absl::StrCat("c", i)));
  }
  const History history = HistoryOf(events);
  EXPECT_EQ(history.features_size(), kMaxFeatures);
  EXPECT_EQ(history.tickets_size(), kMaxTickets);
  EXPECT_EQ(history.messages_size(), kMaxMessages);
  EXPECT_EQ(history.categories_size(), kMaxCategories);
  EXPECT_EQ(history.viewed_products_size(), kMaxViewedProducts);
  EXPECT_EQ(history.viewed_products(0).product_id(), "p59");
  const v1::Profile profile = DeriveProfile(v1::Customer(), history, Noon());
  EXPECT_EQ(profile.features_size(), 12);
  EXPECT_EQ(profile.features(0).feature(), "f59");
  ASSERT_EQ(profile.open_tickets_size(), 8);
  EXPECT_EQ(profile.open_tickets(0).ticket_id(), "t59");
  EXPECT_EQ(profile.open_tickets(7).ticket_id(), "t52");
  EXPECT_EQ(profile.tickets_90d(), 60);
  ASSERT_EQ(profile.recent_texts_size(), 5);
  EXPECT_EQ(profile.recent_texts(0).text(), "words 59");
  EXPECT_EQ(profile.recent_texts(0).source(), v1::TEXT_SOURCE_TICKET);
  EXPECT_DOUBLE_EQ(profile.recent_texts(4).days_ago(), 5);
  EXPECT_EQ(profile.messages_30d(), 29);
}

TEST(Features, ASensitiveTicketIsNeverHiddenByNewerOnes) {
  std::vector<v1::Event> events = {
      TicketIs(Noon() - Days(300), "private", "OPENED", "topic: 'privacy' sensitive: true")};
  for (int i = 0; i < 50; ++i) events.push_back(TicketIs(Noon() - Days(50 - i), absl::StrCat("t", i), "OPENED"));
  const v1::Profile profile = ProfileOf(events);
  ASSERT_EQ(profile.open_tickets_size(), 8);
  EXPECT_EQ(profile.open_tickets(0).ticket_id(), "t49");
  EXPECT_EQ(profile.open_tickets(7).ticket_id(), "private");
  EXPECT_TRUE(profile.open_tickets(7).sensitive());
}

TEST(Features, TicketsOpenAndCloseInAnyOrderOfArrival) {
  const v1::Event opened = TicketIs(Noon() - Days(5), "t", "OPENED", "topic: 'billing'");
  const v1::Event closed = TicketIs(Noon() - Days(3), "t", "CLOSED");
  const v1::Event reopened = TicketIs(Noon() - Days(2), "t", "OPENED");
  std::vector<v1::Event> events = {opened, closed, reopened};
  std::vector<int> order = {0, 1, 2};
  do {
    const v1::Profile profile = ProfileOf({events[order[0]], events[order[1]], events[order[2]]});
    ASSERT_EQ(profile.open_tickets_size(), 1);
    EXPECT_EQ(profile.open_tickets(0).topic(), "billing");
    EXPECT_DOUBLE_EQ(profile.open_tickets(0).days_open(), 2);
    EXPECT_EQ(profile.tickets_90d(), 1);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_TRUE(ProfileOf({closed, opened}).open_tickets().empty());
}

TEST(Features, ResponsesCountWheneverTheyArrive) {
  const std::vector<v1::Event> events = {Sent(Noon() - Days(5), "r1"),
                                         Sent(Noon() - Days(4), "r2"),
                                         Sent(Noon() - Days(3), "r3"),
                                         Responded(Noon() - Days(4), "r1", "OPENED"),
                                         Responded(Noon() - Days(2), "r3", "CLICKED"),
                                         Responded(Noon() - Days(1), "r2", "COMPLAINED"),
                                         Responded(Noon(), "r2", "COMPLAINED")};
  for (const auto& ordered : {events, std::vector<v1::Event>(events.rbegin(), events.rend())}) {
    const v1::Profile profile = ProfileOf(ordered);
    EXPECT_EQ(profile.messages_30d(), 3);
    EXPECT_EQ(profile.messages_ignored_30d(), 1);
    EXPECT_EQ(profile.complaints_365d(), 1);
    EXPECT_DOUBLE_EQ(profile.days_since_last_message(), 3);
  }
  EXPECT_EQ(ProfileOf({Responded(Noon(), "unknown", "OPENED")}).messages_30d(), 0);
}

v1::Event SentBy(absl::Time time, absl::string_view run, v1::Channel channel) {
  v1::Event event = Sent(time, run);
  event.mutable_message_sent()->set_channel(channel);
  return event;
}

// "EMAIL 1 of 2, SMS 0 of 1".
std::string ChannelResponsesText(const v1::Profile& profile) {
  std::string text;
  for (const v1::ChannelResponses& responses : profile.channel_responses()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", v1::Channel_Name(responses.channel()).substr(8), " ",
                    responses.responded_180d(), " of ", responses.messages_180d());
  }
  return text;
}

TEST(Features, WhatCameOfMessagesIsCountedByChannel) {
  const std::vector<v1::Event> events = {
      SentBy(Noon() - Days(179), "r1", v1::CHANNEL_EMAIL), SentBy(Noon() - Days(9), "r2", v1::CHANNEL_EMAIL),
      SentBy(Noon() - Days(8), "r3", v1::CHANNEL_SMS),     SentBy(Noon() - Days(7), "r4", v1::CHANNEL_PUSH),
      SentBy(Noon() - Days(6), "r5", v1::CHANNEL_PUSH),    SentBy(Noon() - Days(181), "r6", v1::CHANNEL_CHAT),
      Responded(Noon() - Days(8), "r2", "OPENED"),         Responded(Noon() - Days(8), "r2", "CLICKED"),
      Responded(Noon() - Days(7), "r3", "UNSUBSCRIBED"),   Responded(Noon() - Days(6), "r4", "CONVERTED"),
      Responded(Noon() - Days(5), "r5", "CLICKED"),        Responded(Noon() - Days(5), "r6", "CLICKED"),
      Responded(Noon() - Days(5), "never-sent", "CLICKED")};
  EXPECT_EQ(ChannelResponsesText(ProfileOf(events)), "EMAIL 1 of 2, SMS 0 of 1, PUSH 2 of 2");
  // As of then nothing counts that came later: the history is made of the events of up to then.
  EXPECT_EQ(ChannelResponsesText(ProfileOf({events[0], events[1], events[2]}, Noon() - Days(8))),
            "EMAIL 0 of 2, SMS 0 of 1");
  EXPECT_EQ(ChannelResponsesText(ProfileOf({})), "");
}

int64_t EmailMessages(const v1::Profile& p) {
  return p.channel_responses_size() == 0 ? 0 : p.channel_responses(0).messages_180d();
}

INSTANTIATE_TEST_SUITE_P(Channels, Window,
                         ::testing::Values(WindowCase{"Messages180", 180 - kMoment, AMessage, EmailMessages, 1},
                                           WindowCase{"NoMessages180", 180, AMessage, EmailMessages, 0}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Features, DoNotDependOnTheOrderInWhichEventsArrive) {
  std::vector<v1::Event> events;
  for (int i = 0; i < 80; ++i) {
    const absl::Time time = Noon() - Days(1 + i * 4.7);
    events.push_back(Bought(time, absl::StrCat("c", i % 5), 100 + i));
    events.push_back(Viewed(time + absl::Minutes(1), absl::StrCat("p", i), absl::StrCat("c", i % 3)));
    events.push_back(Feature(time + absl::Minutes(2), absl::StrCat("f", i % 4), i % 3 == 0 ? "ANNOUNCED" : "USED"));
    events.push_back(Said(time + absl::Minutes(3), "SEARCH", absl::StrCat("words ", i)));
  }
  const v1::Profile expected = ProfileOf(events);
  std::mt19937 random(7);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(events.begin(), events.end(), random);
    EXPECT_EQ(ProfileOf(events).DebugString(), expected.DebugString());
  }
}

TEST(Features, OfAVeryActiveCustomerStayRightToTheDayAndSmall) {
  History history;
  for (int i = 0; i < 20'000; ++i) {
    const absl::Time time = Noon() - Days(400) + i * absl::Minutes(28.8);
    ApplyEvent(Viewed(time, absl::StrCat("p", i % 100), absl::StrCat("c", i % 40)), history);
    if (i % 10 == 0) ApplyEvent(Bought(time, absl::StrCat("c", i % 40), 100), history);
  }
  const v1::Profile profile = DeriveProfile(v1::Customer(), history, Noon());
  EXPECT_EQ(profile.orders_total(), 2000);
  EXPECT_NEAR(profile.orders_365d(), 1825, 5);
  EXPECT_NEAR(profile.orders_90d(), 450, 5);
  EXPECT_NEAR(profile.activity_30d(), 1650, 55);
  EXPECT_LT(history.ByteSizeLong(), 20'000u);
}

TEST(Features, LongTextsAreCutBetweenCharacters) {
  std::string text(511, 'a');
  text += "\xC3\xA9 and more";
  v1::Event event = Said(Noon(), "CHAT", "x");
  event.mutable_words()->set_text(text);
  EXPECT_EQ(ProfileOf({event}).recent_texts(0).text(), std::string(511, 'a'));
}

TEST(Features, SumsOfHugeAmountsStopAtTheLimit) {
  constexpr int64_t kHuge = 9'000'000'000'000'000'000;
  const v1::Profile profile = ProfileOf({Bought(Noon(), "a", kHuge), Bought(Noon(), "a", kHuge)});
  EXPECT_EQ(profile.spend_total_minor(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(profile.spend_365d_minor(), std::numeric_limits<int64_t>::max());
}

TEST(CheckEvent, NamesWhatIsWrong) {
  const auto check = [](absl::Time time, absl::string_view kind) { return CheckEvent(MakeEvent(time, kind), Noon()); };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  using campaign::testing::StatusIs;
  EXPECT_OK(check(Noon() + Days(1), "page_view { product_id: 'p' }"));
  EXPECT_THAT(check(Noon() + Days(1) + absl::Seconds(1), "page_view {}"), StatusIs(kInvalid, "more than a day after"));
  EXPECT_THAT(check(absl::FromUnixSeconds(-5), "page_view {}"), StatusIs(kInvalid, "event_time.seconds: -5"));
  EXPECT_THAT(check(Noon(), ""), StatusIs(kInvalid, "kind: unset"));
  EXPECT_THAT(check(Noon(), "ticket {}"), StatusIs(kInvalid, "ticket.status: unspecified"));
  EXPECT_THAT(check(Noon(), "interaction {}"), StatusIs(kInvalid, "interaction.kind"));
  EXPECT_THAT(check(Noon(), "words {}"), StatusIs(kInvalid, "words.source"));
  EXPECT_THAT(check(Noon(), "message_sent {}"), StatusIs(kInvalid, "message_sent.channel"));
  EXPECT_THAT(check(Noon(), "message_response {}"), StatusIs(kInvalid, "message_response.kind"));
  EXPECT_THAT(CheckEvent(v1::Event(), Noon()), StatusIs(kInvalid, "event_time: unset is required"));
  v1::Event huge = MakeEvent(Noon(), "page_view {}");
  huge.mutable_event_time()->set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_THAT(CheckEvent(huge, Noon()), StatusIs(kInvalid, "more than a day after"));
}

}  // namespace
}  // namespace campaign::retrieval
