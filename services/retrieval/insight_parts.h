#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/retrieval.pb.h"
#include "services/retrieval/history.pb.h"

// What the insights of every kind are made of.
namespace campaign::retrieval {

// What an insight is drawn from.
struct InsightSource {
  const v1::Profile& profile;
  const History& history;
  absl::Time as_of;
};

// Where a fact came from: what it was drawn from, and when the newest event behind it happened (0: there is none).
struct Origin {
  v1::FactSource source;
  uint32_t time;
};

void AddFact(absl::string_view name, absl::string_view value, const Origin& origin, v1::Insight& insight);
void AddFact(absl::string_view name, int64_t value, const Origin& origin, v1::Insight& insight);

// `time` where it lies within the last `days`, else 0.
uint32_t Within(double days, uint32_t time, absl::Time as_of);
// Days from `time` to `as_of`, not below 0.
double DaysBetween(uint32_t time, absl::Time as_of);
// Whole days that have passed.
int64_t WholeDays(double days);

// "up 12 %", "down 80 %", "unchanged".
std::string Change(int64_t percent);
// "3 orders", "1 order", "no order".
std::string Count(int64_t count, absl::string_view noun);
// "12 days ago", "today".
std::string Ago(double days);

// Fill text and facts (insights.h names them); false where there is nothing to say.
bool FillPurchases(const InsightSource& source, v1::Insight& insight);
bool FillCategoryAffinity(const InsightSource& source, v1::Insight& insight);
bool FillTickets(const InsightSource& source, v1::Insight& insight);
bool FillFeatureUse(const InsightSource& source, v1::Insight& insight);
bool FillActivity(const InsightSource& source, v1::Insight& insight);
bool FillBrowsing(const InsightSource& source, v1::Insight& insight);
bool FillMessages(const InsightSource& source, v1::Insight& insight);

}  // namespace campaign::retrieval
