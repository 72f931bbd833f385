#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/rules/phrases.h"
#include "services/retrieval/history.h"
#include "services/retrieval/insight_parts.h"
#include "services/retrieval/series.h"

namespace campaign::retrieval {

namespace {

// "accessories (7 views in 30 days)" and the like end in this.
const v1::CategoryStats* FindCategory(const v1::Profile& profile, absl::string_view category) {
  for (const v1::CategoryStats& stats : profile.categories()) {
    if (stats.category() == category) return &stats;
  }
  return nullptr;
}

// "412.50", by the currency's decimals. Integers throughout: several run for each customer.
std::string Amount(int64_t minor, absl::string_view currency_code) {
  const int64_t scale = std::llround(1000 / rules::MajorUnits(1000, currency_code));
  if (scale == 1) return absl::StrCat(minor);
  // The padding's leading 1 is cut off again: 1000 + 5 is "005" of a dinar.
  const std::string fraction = absl::StrCat(scale + std::abs(minor % scale));
  return absl::StrCat(minor < 0 && minor > -scale ? "-" : "", minor / scale, ".", fraction.substr(1));
}

// The average order of the last 90 days against that of the rest of the year, percent; nullopt where one of them has no
// order or the earlier ones cost nothing.
absl::optional<int64_t> AverageOrderChange(const v1::Profile& profile) {
  const int32_t earlier_orders = profile.orders_365d() - profile.orders_90d();
  const int64_t earlier_spend = profile.spend_365d_minor() - profile.spend_90d_minor();
  if (profile.orders_90d() == 0 || earlier_orders <= 0 || earlier_spend <= 0) return absl::nullopt;
  const double recent = static_cast<double>(profile.spend_90d_minor()) / profile.orders_90d();
  const double earlier = static_cast<double>(earlier_spend) / earlier_orders;
  return std::llround((recent / earlier - 1) * 100);
}

}  // namespace

bool FillPurchases(const InsightSource& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  if (profile.orders_total() == 0) return false;
  const std::string& currency = profile.customer().currency_code();
  const std::string spend = Amount(profile.spend_365d_minor(), currency);
  const std::string average = Amount(profile.average_order_minor(), currency);
  const absl::string_view space = currency.empty() ? "" : " ";
  const std::string last = Ago(profile.days_since_last_purchase());
  std::string text =
      profile.orders_365d() == 0
          ? absl::StrCat("no order in the last year, ", profile.orders_total(), " before; the last one ", last)
          : absl::StrCat(Count(profile.orders_365d(), "order"), " in the last year for ", spend, space, currency, ", ",
                         average, space, currency, " on average; the last one ", last);
  const Origin all{v1::FACT_SOURCE_PURCHASES, source.history.last_purchase_time()};
  const Origin year{v1::FACT_SOURCE_PURCHASES_365D, profile.orders_365d() > 0 ? all.time : 0};
  AddFact("orders_365d", profile.orders_365d(), year, insight);
  AddFact("spend_365d", spend, year, insight);
  AddFact("average_order", average, all, insight);
  AddFact("days_since_last_purchase", WholeDays(profile.days_since_last_purchase()), all, insight);
  if (const absl::optional<int64_t> change = AverageOrderChange(profile)) {
    absl::StrAppend(&text, "; in the last 90 days the average order is ", *change == 0 ? "" : Change(*change),
                    *change == 0 ? "as before" : "");
    AddFact("average_order_change_percent", *change, year, insight);
  }
  insight.set_text(std::move(text));
  return true;
}

namespace {

// Most orders of late, then of the year; the profile's order decides between equals.
const v1::CategoryStats* TopCategory(const v1::Profile& profile) {
  const v1::CategoryStats* top = nullptr;
  for (const v1::CategoryStats& stats : profile.categories()) {
    if (stats.orders_365d() > 0 && (top == nullptr || stats.orders_120d() > top->orders_120d())) top = &stats;
  }
  return top;
}

uint32_t LastPurchaseIn(const std::string& category, const History& history) {
  for (const CategoryHistory& one : history.categories()) {
    if (one.category() == category) return NewestTime(one.purchases());
  }
  return 0;
}

}  // namespace

bool FillCategoryAffinity(const InsightSource& source, v1::Insight& insight) {
  const v1::CategoryStats* top = TopCategory(source.profile);
  if (top == nullptr) return false;
  const std::string orders = Count(top->orders_365d(), "order");
  insight.set_text(
      top->months_active_4m() == 0
          ? absl::StrCat("bought ", top->category(), " in the last year (", orders, "), but not in the last 4 months")
          : absl::StrCat("bought ", top->category(), " in ", top->months_active_4m(), " of the last 4 months, ", orders,
                         top->orders_365d() == top->orders_120d() ? "" : " in the last year"));
  const uint32_t newest = LastPurchaseIn(top->category(), source.history);
  const Origin year{v1::FACT_SOURCE_PURCHASES_365D, newest};
  AddFact("top_category", top->category(), year, insight);
  AddFact("top_category_orders", top->orders_365d(), year, insight);
  AddFact("top_category_months", top->months_active_4m(),
          {v1::FACT_SOURCE_PURCHASES_120D, top->months_active_4m() > 0 ? newest : 0}, insight);
  return true;
}

namespace {

constexpr double kBrowsingDays = 30;

bool WasBought(const std::string& product_id, const History& history) {
  const auto& bought = history.bought_products();
  return std::find(bought.begin(), bought.end(), ProductFingerprint(product_id)) != bought.end();
}

// Products viewed of late and never bought, viewed last first: "rug, lamp".
void AddNotBought(const InsightSource& source, std::string& text, v1::Insight& insight) {
  std::string names;
  uint32_t newest = 0;
  for (const ViewedProduct& viewed : source.history.viewed_products()) {
    if (DaysBetween(viewed.time(), source.as_of) >= kBrowsingDays || WasBought(viewed.product_id(), source.history)) {
      continue;
    }
    newest = std::max(newest, viewed.time());
    absl::StrAppend(&names, names.empty() ? "" : ", ", viewed.product_id());
  }
  if (names.empty()) return;
  absl::StrAppend(&text, "; not bought: ", names);
  AddFact("viewed_not_bought", names, {v1::FACT_SOURCE_PAGE_VIEWS_AND_PURCHASES, newest}, insight);
}

}  // namespace

bool FillBrowsing(const InsightSource& source, v1::Insight& insight) {
  if (source.history.viewed_products().empty()) return false;
  const ViewedProduct& viewed = source.history.viewed_products(0);
  const double days = DaysBetween(viewed.time(), source.as_of);
  if (days >= kBrowsingDays) return false;
  std::string text = absl::StrCat("viewed ", viewed.product_id());
  const Origin view{v1::FACT_SOURCE_PAGE_VIEWS, viewed.time()};
  AddFact("viewed_product", viewed.product_id(), view, insight);
  if (!viewed.category().empty()) {
    absl::StrAppend(&text, " (", viewed.category(), ")");
    AddFact("viewed_category", viewed.category(), view, insight);
  }
  absl::StrAppend(&text, " ", Ago(days));
  if (const v1::CategoryStats* stats = FindCategory(source.profile, viewed.category()); stats != nullptr) {
    absl::StrAppend(&text, "; ", Count(stats->views_30d(), "view"), " of ", stats->category(), " in 30 days");
  }
  AddNotBought(source, text, insight);
  insight.set_text(std::move(text));
  return true;
}

}  // namespace campaign::retrieval
