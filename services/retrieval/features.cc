#include "services/retrieval/features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>

#include "absl/container/inlined_vector.h"
#include "common/clock.h"
#include "services/retrieval/history.h"
#include "services/retrieval/series.h"

namespace campaign::retrieval {
namespace {

constexpr int kMaxProfileCategories = 8;
constexpr int kMaxProfileFeatures = 12;
constexpr int kMaxProfileTickets = 8;
constexpr int kMaxProfileTexts = 5;
constexpr double kIgnoredAfterDays = 3;
constexpr double kTextDays = 90;
constexpr int kMonthDays = 30;
constexpr int kMonths = 4;
constexpr int kActivityDays = 60;
constexpr int kChannelDays = 180;
constexpr double kActivityHalfLifeDays = 14;
constexpr double kOrderHalfLifeDays = 90;
constexpr double kViewHalfLifeDays = 14;
// Of an order: people look at much that they do not buy.
constexpr double kViewInterest = 0.1;

// The moment that a profile is of.
class AsOf {
 public:
  explicit AsOf(absl::Time time)
      : micros_(absl::ToUnixMicros(time)), seconds_(static_cast<uint32_t>(micros_ / 1'000'000)) {}

  // Days since `time` (seconds since 1970), not below 0.
  double DaysSince(uint32_t time) const {
    return std::max<double>(0, static_cast<double>(micros_ - int64_t{time} * 1'000'000) / (kDaySeconds * 1e6));
  }

  // Whole days since `time`, not below 0.
  size_t WholeDaysSince(uint32_t time) const { return time < seconds_ ? (seconds_ - time) / kDaySeconds : 0; }

  // What happened after this second is less than `days` old; what happened in it or before is not.
  int64_t Edge(int days) const {
    const int64_t edge_micros = micros_ - int64_t{days} * kDaySeconds * 1'000'000;
    return edge_micros / 1'000'000;  // Events are after 1970, so how a negative edge is rounded does not matter.
  }

 private:
  int64_t micros_;
  uint32_t seconds_;
};

struct Sum {
  int32_t count = 0;
  int64_t amount_minor = 0;
};

// What of the series is after second `from` and not after `to`.
Sum SumBetween(const Series& series, int64_t from, int64_t to) {
  Sum sum;
  const uint32_t* times = series.times().data();
  const uint32_t* counts = series.counts().data();
  const int64_t* amounts = series.amounts_minor().empty() ? nullptr : series.amounts_minor().data();
  for (int i = series.times_size() - 1; i >= 0 && times[i] > from; --i) {
    if (times[i] > to) continue;
    sum.count = SaturatingAdd(sum.count, counts[i]);
    if (amounts != nullptr) sum.amount_minor = SaturatingAdd(sum.amount_minor, amounts[i]);
  }
  return sum;
}

// What of the series is less than `days` old.
Sum SumWindow(const Series& series, const AsOf& as_of, int days) {
  return SumBetween(series, as_of.Edge(days), std::numeric_limits<int64_t>::max());
}

// What an event counts by its age in whole days, as exponential decay has it. A table: an exponential for each of a
// customer's hundreds of events would cost more than all else here.
class Decay {
 public:
  explicit Decay(double half_life_days) {
    for (size_t day = 0; day < weights_.size(); ++day) {
      weights_[day] = std::exp2(-static_cast<double>(day) / half_life_days);
    }
  }

  // What of the series is less than `days` old, at most kDays, each event by its weight.
  double Sum(const Series& series, const AsOf& as_of, int days) const {
    const int64_t edge = as_of.Edge(days);
    const uint32_t* times = series.times().data();
    const uint32_t* counts = series.counts().data();
    double sum = 0;
    for (int i = series.times_size() - 1; i >= 0 && times[i] > edge; --i) {
      sum += counts[i] * weights_[std::min(as_of.WholeDaysSince(times[i]), kDays - 1)];
    }
    return sum;
  }

 private:
  static constexpr size_t kDays = 366;

  std::array<double, kDays> weights_;
};

void SetSignup(absl::Time as_of, v1::Profile& profile) {
  if (!profile.customer().has_signup_time()) return;
  const absl::Duration since = as_of - FromTimestamp(profile.customer().signup_time());
  profile.set_days_since_signup(std::max(0.0, absl::FDivDuration(since, absl::Hours(24))));
}

void SetPurchases(const History& history, const AsOf& as_of, v1::Profile& profile) {
  if (history.orders_total() == 0) return;
  profile.set_days_since_first_purchase(as_of.DaysSince(history.first_purchase_time()));
  profile.set_days_since_last_purchase(as_of.DaysSince(history.last_purchase_time()));
  profile.set_orders_total(history.orders_total());
  profile.set_spend_total_minor(history.spend_total_minor());
  profile.set_average_order_minor(history.spend_total_minor() / history.orders_total());
  const Sum quarter = SumWindow(history.purchases(), as_of, 90);
  const Sum before = SumBetween(history.purchases(), as_of.Edge(365), as_of.Edge(90));
  profile.set_orders_90d(quarter.count);
  profile.set_spend_90d_minor(quarter.amount_minor);
  profile.set_orders_365d(SaturatingAdd(quarter.count, static_cast<uint32_t>(before.count)));
  profile.set_spend_365d_minor(SaturatingAdd(quarter.amount_minor, before.amount_minor));
}

void SetActivity(const History& history, const AsOf& as_of, v1::Profile& profile) {
  if (history.last_activity_time() == 0) return;
  profile.set_days_since_last_activity(as_of.DaysSince(history.last_activity_time()));
  const int32_t current = SumWindow(history.activity(), as_of, 30).count;
  const int32_t previous = SumBetween(history.activity(), as_of.Edge(60), as_of.Edge(30)).count;
  profile.set_activity_30d(current);
  profile.set_activity_previous_30d(previous);
  if (previous > 0) profile.set_activity_change(static_cast<double>(current) / previous - 1);
  static const Decay decay(kActivityHalfLifeDays);
  profile.set_activity_decayed(decay.Sum(history.activity(), as_of, kActivityDays));
}

struct Category {
  const CategoryHistory* history;
  int32_t orders_120d = 0;
  int32_t orders_365d = 0;
  int64_t spend_365d_minor = 0;
  int32_t months = 0;
  int32_t views_30d = 0;
  double interest = 0;
};

double InterestIn(const CategoryHistory& history, const AsOf& as_of) {
  static const Decay order_decay(kOrderHalfLifeDays);
  static const Decay view_decay(kViewHalfLifeDays);
  return order_decay.Sum(history.purchases(), as_of, 365) +
         kViewInterest * view_decay.Sum(history.views(), as_of, kMonthDays);
}

Category CategoryOf(const CategoryHistory& history, const AsOf& as_of) {
  Category category{&history};
  const Series& purchases = history.purchases();
  const Sum year = SumWindow(purchases, as_of, 365);
  category.orders_365d = year.count;
  category.spend_365d_minor = year.amount_minor;
  category.orders_120d = SumWindow(purchases, as_of, kMonths * kMonthDays).count;
  for (int month = 0; month < kMonths; ++month) {
    const int64_t newest = month == 0 ? std::numeric_limits<int64_t>::max() : as_of.Edge(month * kMonthDays);
    if (SumBetween(purchases, as_of.Edge((month + 1) * kMonthDays), newest).count > 0) ++category.months;
  }
  category.views_30d = SumWindow(history.views(), as_of, 30).count;
  category.interest = InterestIn(history, as_of);
  return category;
}

bool RanksBefore(const Category& a, const Category& b) {
  if (a.orders_365d != b.orders_365d) return a.orders_365d > b.orders_365d;
  if (a.views_30d != b.views_30d) return a.views_30d > b.views_30d;
  return a.history->category() < b.history->category();
}

void SetCategories(const History& history, const AsOf& as_of, v1::Profile& profile) {
  absl::InlinedVector<Category, kMaxCategories> categories;
  for (const CategoryHistory& element : history.categories()) {
    const Category category = CategoryOf(element, as_of);
    if (category.orders_365d > 0 || category.views_30d > 0) categories.push_back(category);
  }
  double interest = 0;
  for (const Category& category : categories) interest += category.interest;
  std::sort(categories.begin(), categories.end(), RanksBefore);
  if (categories.size() > kMaxProfileCategories) categories.resize(kMaxProfileCategories, Category{nullptr});
  for (const Category& category : categories) {
    v1::CategoryStats& stats = *profile.add_categories();
    stats.set_category(category.history->category());
    stats.set_orders_120d(category.orders_120d);
    stats.set_orders_365d(category.orders_365d);
    stats.set_months_active_4m(category.months);
    stats.set_spend_365d_minor(category.spend_365d_minor);
    stats.set_views_30d(category.views_30d);
    stats.set_affinity(category.interest / interest);
  }
}

bool IsIgnored(const FeatureHistory& feature, const AsOf& as_of) {
  const uint32_t announced = feature.last_announced_time();
  return announced != 0 && feature.last_opened_time() < announced && feature.last_use_time() < announced &&
         as_of.DaysSince(announced) >= kIgnoredAfterDays;
}

void AddFeature(const FeatureHistory& feature, const AsOf& as_of, v1::Profile& profile) {
  v1::FeatureUse& use = *profile.add_features();
  use.set_feature(feature.feature());
  use.set_uses_total(SaturatingAdd(0, feature.uses_total()));
  if (feature.last_use_time() != 0) use.set_days_since_last_use(as_of.DaysSince(feature.last_use_time()));
  if (feature.last_announced_time() == 0) return;
  use.set_days_since_announced(as_of.DaysSince(feature.last_announced_time()));
  use.set_announcement_ignored(IsIgnored(feature, as_of));
}

void SetFeatures(const History& history, const AsOf& as_of, v1::Profile& profile) {
  absl::InlinedVector<const FeatureHistory*, kMaxFeatures> features;
  const FeatureHistory* announced = nullptr;
  for (const FeatureHistory& feature : history.features()) {
    features.push_back(&feature);
    if (feature.last_announced_time() == 0) continue;
    if (announced == nullptr || feature.last_announced_time() > announced->last_announced_time()) announced = &feature;
  }
  std::sort(features.begin(), features.end(), [](const FeatureHistory* a, const FeatureHistory* b) {
    const uint32_t a_time = std::max(a->last_announced_time(), a->last_use_time());
    const uint32_t b_time = std::max(b->last_announced_time(), b->last_use_time());
    return a_time != b_time ? a_time > b_time : a->feature() < b->feature();
  });
  if (features.size() > kMaxProfileFeatures) features.resize(kMaxProfileFeatures);
  for (const FeatureHistory* feature : features) AddFeature(*feature, as_of, profile);
  if (announced == nullptr) return;
  profile.set_last_announced_feature(announced->feature());
  profile.set_last_announcement_ignored(IsIgnored(*announced, as_of));
}

void SetTickets(const History& history, const AsOf& as_of, v1::Profile& profile) {
  profile.set_tickets_90d(SumWindow(history.tickets_opened(), as_of, 90).count);
  absl::InlinedVector<const TicketHistory*, kMaxTickets> open;
  for (const TicketHistory& ticket : history.tickets()) {
    if (IsOpen(ticket)) open.push_back(&ticket);
  }
  // A sensitive ticket must not be lost behind newer ones: it stops what may be sent.
  std::sort(open.begin(), open.end(), [](const TicketHistory* a, const TicketHistory* b) {
    return std::make_tuple(a->sensitive(), a->opened_time()) > std::make_tuple(b->sensitive(), b->opened_time());
  });
  if (open.size() > kMaxProfileTickets) open.resize(kMaxProfileTickets);
  std::sort(open.begin(), open.end(), [](const TicketHistory* a, const TicketHistory* b) {
    return a->opened_time() != b->opened_time() ? a->opened_time() > b->opened_time() : a->ticket_id() < b->ticket_id();
  });
  for (const TicketHistory* ticket : open) {
    v1::OpenTicket& added = *profile.add_open_tickets();
    added.set_ticket_id(ticket->ticket_id());
    added.set_topic(ticket->topic());
    added.set_sensitive(ticket->sensitive());
    added.set_days_open(as_of.DaysSince(ticket->opened_time()));
  }
}

void SetTexts(const History& history, const AsOf& as_of, v1::Profile& profile) {
  for (const TextHistory& text : history.texts()) {
    const double days_ago = as_of.DaysSince(text.time());
    if (days_ago >= kTextDays || profile.recent_texts_size() == kMaxProfileTexts) break;
    v1::CustomerText& added = *profile.add_recent_texts();
    added.set_source(static_cast<v1::TextSource>(text.source()));
    added.set_text(text.text());
    added.set_days_ago(days_ago);
  }
}

// Messages on one channel.
struct Responses {
  int32_t messages = 0;
  int32_t responded = 0;
};

void SetMessages(const History& history, const AsOf& as_of, v1::Profile& profile) {
  profile.set_complaints_365d(SumWindow(history.complaints(), as_of, 365).count);
  if (history.last_message_time() == 0) return;
  profile.set_days_since_last_message(as_of.DaysSince(history.last_message_time()));
  int32_t sent = 0;
  int32_t ignored = 0;
  const int64_t month = as_of.Edge(30);
  const int64_t half_year = as_of.Edge(kChannelDays);
  std::array<Responses, v1::Channel_ARRAYSIZE> by_channel{};
  for (const MessageHistory& message : history.messages()) {
    // A response alone: the sending is not known, or not yet.
    if (message.sent_time() == 0 || message.sent_time() <= half_year) continue;
    if (message.channel() > 0 && message.channel() < v1::Channel_ARRAYSIZE) {
      Responses& channel = by_channel[message.channel()];
      ++channel.messages;
      channel.responded += message.opened() || message.clicked() || message.converted();
    }
    if (message.sent_time() <= month) continue;
    ++sent;
    if (!message.opened() && !message.clicked()) ++ignored;
  }
  profile.set_messages_30d(sent);
  profile.set_messages_ignored_30d(ignored);
  for (size_t channel = 1; channel < by_channel.size(); ++channel) {
    if (by_channel[channel].messages == 0) continue;
    v1::ChannelResponses& added = *profile.add_channel_responses();
    added.set_channel(static_cast<v1::Channel>(channel));
    added.set_messages_180d(by_channel[channel].messages);
    added.set_responded_180d(by_channel[channel].responded);
  }
}

}  // namespace

void DeriveFeatures(const History& history, absl::Time time, v1::Profile& profile) {
  const AsOf as_of(time);
  *profile.mutable_as_of() = ToTimestamp(time);
  SetSignup(time, profile);
  SetPurchases(history, as_of, profile);
  SetActivity(history, as_of, profile);
  SetCategories(history, as_of, profile);
  SetFeatures(history, as_of, profile);
  SetTickets(history, as_of, profile);
  SetTexts(history, as_of, profile);
  SetMessages(history, as_of, profile);
}

v1::Profile DeriveProfile(const v1::Customer& customer, const History& history, absl::Time as_of) {
  v1::Profile profile;
  *profile.mutable_customer() = customer;
  DeriveFeatures(history, as_of, profile);
  return profile;
}

}  // namespace campaign::retrieval
