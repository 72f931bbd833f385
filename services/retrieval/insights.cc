#include "services/retrieval/insights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/rules/phrases.h"
#include "services/retrieval/features.h"
#include "services/retrieval/series.h"

namespace campaign::retrieval {
namespace {

constexpr double kBrowsingDays = 30;

// What an insight is drawn from.
struct Source {
  const v1::Profile& profile;
  const History& history;
  absl::Time as_of;
};

void AddFact(absl::string_view name, absl::string_view value, v1::Insight& insight) {
  v1::Fact& fact = *insight.add_facts();
  fact.set_name(name.data(), name.size());
  fact.set_value(value.data(), value.size());
}

void AddFact(absl::string_view name, int64_t value, v1::Insight& insight) {
  AddFact(name, absl::AlphaNum(value).Piece(), insight);
}

// Whole days that have passed.
int64_t WholeDays(double days) { return static_cast<int64_t>(std::floor(days)); }

// "3 orders", "1 order", "no order".
std::string Count(int64_t count, absl::string_view noun) {
  if (count == 0) return absl::StrCat("no ", noun);
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

// "12 days ago", "today".
std::string Ago(double days) { return days < 1 ? "today" : absl::StrCat(Count(WholeDays(days), "day"), " ago"); }

// "412.50", by the currency's decimals. Integers throughout: several run for each customer.
std::string Amount(int64_t minor, absl::string_view currency_code) {
  const int64_t scale = std::llround(1000 / rules::MajorUnits(1000, currency_code));
  if (scale == 1) return absl::StrCat(minor);
  // The padding's leading 1 is cut off again: 1000 + 5 is "005" of a dinar.
  const std::string fraction = absl::StrCat(scale + std::abs(minor % scale));
  return absl::StrCat(minor < 0 && minor > -scale ? "-" : "", minor / scale, ".", fraction.substr(1));
}

// "accessories (7 views in 30 days)" and the like end in this.
const v1::CategoryStats* FindCategory(const v1::Profile& profile, absl::string_view category) {
  for (const v1::CategoryStats& stats : profile.categories()) {
    if (stats.category() == category) return &stats;
  }
  return nullptr;
}

bool Purchases(const Source& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  if (profile.orders_total() == 0) return false;
  const std::string& currency = profile.customer().currency_code();
  const std::string spend = Amount(profile.spend_365d_minor(), currency);
  const std::string average = Amount(profile.average_order_minor(), currency);
  const absl::string_view space = currency.empty() ? "" : " ";
  const std::string last = Ago(profile.days_since_last_purchase());
  insight.set_text(
      profile.orders_365d() == 0
          ? absl::StrCat("no order in the last year, ", profile.orders_total(), " before; the last one ", last)
          : absl::StrCat(Count(profile.orders_365d(), "order"), " in the last year for ", spend, space, currency, ", ",
                         average, space, currency, " on average; the last one ", last));
  AddFact("orders_365d", profile.orders_365d(), insight);
  AddFact("spend_365d", spend, insight);
  AddFact("average_order", average, insight);
  AddFact("days_since_last_purchase", WholeDays(profile.days_since_last_purchase()), insight);
  return true;
}

// Most orders of late, then of the year; the profile's order decides between equals.
const v1::CategoryStats* TopCategory(const v1::Profile& profile) {
  const v1::CategoryStats* top = nullptr;
  for (const v1::CategoryStats& stats : profile.categories()) {
    if (stats.orders_365d() > 0 && (top == nullptr || stats.orders_120d() > top->orders_120d())) top = &stats;
  }
  return top;
}

bool CategoryAffinity(const Source& source, v1::Insight& insight) {
  const v1::CategoryStats* top = TopCategory(source.profile);
  if (top == nullptr) return false;
  const std::string orders = Count(top->orders_365d(), "order");
  insight.set_text(
      top->months_active_4m() == 0
          ? absl::StrCat("bought ", top->category(), " in the last year (", orders, "), but not in the last 4 months")
          : absl::StrCat("bought ", top->category(), " in ", top->months_active_4m(), " of the last 4 months, ", orders,
                         top->orders_365d() == top->orders_120d() ? "" : " in the last year"));
  AddFact("top_category", top->category(), insight);
  AddFact("top_category_orders", top->orders_365d(), insight);
  AddFact("top_category_months", top->months_active_4m(), insight);
  return true;
}

// " about billing, open for 3 days, one of them sensitive", of the newest of the open tickets.
std::string NewestTicket(const v1::Profile& profile) {
  const v1::OpenTicket& newest = profile.open_tickets(0);
  const auto is_sensitive = [](const v1::OpenTicket& ticket) { return ticket.sensitive(); };
  const auto sensitive = std::count_if(profile.open_tickets().begin(), profile.open_tickets().end(), is_sensitive);
  return absl::StrCat(newest.topic().empty() ? "" : " about ", newest.topic(), ", open for ",
                      newest.days_open() < 1 ? "less than a day" : Count(WholeDays(newest.days_open()), "day"),
                      sensitive == 0 ? "" : absl::StrCat(" (", sensitive, " sensitive)"));
}

bool Tickets(const Source& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  const int open = profile.open_tickets_size();
  if (open == 0 && profile.tickets_90d() == 0) return false;
  std::string text = Count(open, "open ticket");
  if (open > 1) absl::StrAppend(&text, ", the newest");
  if (open > 0) absl::StrAppend(&text, NewestTicket(profile));
  if (profile.tickets_90d() > open) absl::StrAppend(&text, "; ", profile.tickets_90d(), " opened in the last 90 days");
  insight.set_text(std::move(text));
  AddFact("open_ticket_count", open, insight);
  if (open > 0 && !profile.open_tickets(0).topic().empty()) {
    AddFact("open_ticket_topic", profile.open_tickets(0).topic(), insight);
  }
  return true;
}

bool WasTold(const v1::FeatureUse& use) { return use.has_days_since_announced(); }

// The one announced last of those that `is_wanted`, or null.
template <class Predicate>
const v1::FeatureUse* AnnouncedLast(const v1::Profile& profile, Predicate is_wanted) {
  const v1::FeatureUse* last = nullptr;
  for (const v1::FeatureUse& use : profile.features()) {
    if (!WasTold(use) || !is_wanted(use)) continue;
    if (last == nullptr || use.days_since_announced() < last->days_since_announced()) last = &use;
  }
  return last;
}

std::string FeatureText(const v1::Profile& profile, const v1::FeatureUse* ignored, const v1::FeatureUse* unused) {
  std::vector<std::string> parts;
  if (ignored != nullptr) {
    parts.push_back(
        absl::StrCat("ignored the announcement of ", ignored->feature(), " ", Ago(ignored->days_since_announced())));
  }
  if (unused != nullptr && unused != ignored) {
    parts.push_back(
        absl::StrCat("told of ", unused->feature(), " ", Ago(unused->days_since_announced()), ", never used it"));
  }
  const v1::FeatureUse* used = nullptr;
  for (const v1::FeatureUse& use : profile.features()) {
    if (use.uses_total() > 0 && (used == nullptr || use.uses_total() > used->uses_total())) used = &use;
  }
  if (used != nullptr) {
    parts.push_back(absl::StrCat("used ", used->feature(), " ", Count(used->uses_total(), "time"), ", last ",
                                 Ago(used->days_since_last_use())));
  }
  std::string text;
  for (const std::string& part : parts) absl::StrAppend(&text, text.empty() ? "" : "; ", part);
  return text;
}

bool FeatureUse(const Source& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  const auto* ignored = AnnouncedLast(profile, [](const v1::FeatureUse& use) { return use.announcement_ignored(); });
  const auto* unused = AnnouncedLast(profile, [](const v1::FeatureUse& use) { return use.uses_total() == 0; });
  std::string text = FeatureText(profile, ignored, unused);
  if (text.empty()) return false;
  insight.set_text(std::move(text));
  if (ignored != nullptr) AddFact("ignored_feature", ignored->feature(), insight);
  if (unused != nullptr) AddFact("unused_feature", unused->feature(), insight);
  return true;
}

bool Activity(const Source& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  if (!profile.has_days_since_last_activity()) return false;
  const int64_t days = WholeDays(profile.days_since_last_activity());
  std::string text = days == 0 ? "active within the last day" : absl::StrCat("inactive for ", Count(days, "day"));
  AddFact("days_inactive", days, insight);
  if (profile.has_activity_change()) {
    const int64_t percent = std::llround(profile.activity_change() * 100);
    const std::string change =
        percent == 0 ? "unchanged" : absl::StrCat(percent < 0 ? "down " : "up ", std::abs(percent), " %");
    absl::StrAppend(&text, "; activity ", change, " against the previous 30 days (", profile.activity_previous_30d(),
                    " to ", profile.activity_30d(), ")");
    AddFact("activity_change_percent", percent, insight);
  }
  insight.set_text(std::move(text));
  return true;
}

bool Browsing(const Source& source, v1::Insight& insight) {
  if (source.history.viewed_products().empty()) return false;
  const ViewedProduct& viewed = source.history.viewed_products(0);
  const double days =
      std::max(0.0, absl::FDivDuration(source.as_of - absl::FromUnixSeconds(int64_t{viewed.time()}), absl::Hours(24)));
  if (days >= kBrowsingDays) return false;
  std::string text = absl::StrCat("viewed ", viewed.product_id());
  AddFact("viewed_product", viewed.product_id(), insight);
  if (!viewed.category().empty()) {
    absl::StrAppend(&text, " (", viewed.category(), ")");
    AddFact("viewed_category", viewed.category(), insight);
  }
  absl::StrAppend(&text, " ", Ago(days));
  if (const v1::CategoryStats* stats = FindCategory(source.profile, viewed.category()); stats != nullptr) {
    absl::StrAppend(&text, "; ", Count(stats->views_30d(), "view"), " of ", stats->category(), " in 30 days");
  }
  insight.set_text(std::move(text));
  return true;
}

const MessageHistory* LastMessage(const History& history) {
  const MessageHistory* last = nullptr;
  for (const MessageHistory& message : history.messages()) {
    if (last == nullptr || message.sent_time() > last->sent_time()) last = &message;
  }
  return last != nullptr && last->sent_time() != 0 ? last : nullptr;
}

bool Messages(const Source& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  if (!profile.has_days_since_last_message()) return false;
  std::string text = absl::StrCat(Count(profile.messages_30d(), "message"), " in the last 30 days");
  if (profile.messages_30d() > 0) absl::StrAppend(&text, ", ", profile.messages_ignored_30d(), " ignored");
  absl::StrAppend(&text, "; the last one ", Ago(profile.days_since_last_message()));
  const MessageHistory* last = LastMessage(source.history);
  if (last != nullptr && !last->campaign().empty()) absl::StrAppend(&text, " of ", last->campaign());
  if (profile.complaints_365d() > 0) {
    absl::StrAppend(&text, "; ", Count(profile.complaints_365d(), "complaint"), " in the last year");
  }
  insight.set_text(std::move(text));
  AddFact("messages_30d", profile.messages_30d(), insight);
  AddFact("messages_ignored_30d", profile.messages_ignored_30d(), insight);
  return true;
}

// Fills text and facts; false where there is nothing to say.
bool Fill(v1::InsightKind kind, const Source& source, v1::Insight& insight) {
  switch (kind) {
    case v1::INSIGHT_KIND_PURCHASES:
      return Purchases(source, insight);
    case v1::INSIGHT_KIND_CATEGORY_AFFINITY:
      return CategoryAffinity(source, insight);
    case v1::INSIGHT_KIND_TICKETS:
      return Tickets(source, insight);
    case v1::INSIGHT_KIND_FEATURE_USE:
      return FeatureUse(source, insight);
    case v1::INSIGHT_KIND_ACTIVITY:
      return Activity(source, insight);
    case v1::INSIGHT_KIND_BROWSING:
      return Browsing(source, insight);
    case v1::INSIGHT_KIND_MESSAGES:
      return Messages(source, insight);
    default:
      return false;
  }
}

}  // namespace

void CollectInsights(absl::Span<const v1::InsightKind> kinds, const v1::Profile& profile, const History& history,
                     absl::Time as_of, v1::Insights& insights) {
  const Source source{profile, history, as_of};
  for (v1::InsightKind kind : kinds) {
    v1::Insight& insight = *insights.add_insights();
    insight.set_kind(kind);
    if (!Fill(kind, source, insight)) insights.mutable_insights()->RemoveLast();
  }
}

}  // namespace campaign::retrieval
