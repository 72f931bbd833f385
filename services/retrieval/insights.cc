#include "services/retrieval/insights.h"

#include "services/retrieval/insight_parts.h"

namespace campaign::retrieval {
namespace {

// Fills text and facts; false where there is nothing to say.
bool Fill(v1::InsightKind kind, const InsightSource& source, v1::Insight& insight) {
  switch (kind) {
    case v1::INSIGHT_KIND_PURCHASES:
      return FillPurchases(source, insight);
    case v1::INSIGHT_KIND_CATEGORY_AFFINITY:
      return FillCategoryAffinity(source, insight);
    case v1::INSIGHT_KIND_TICKETS:
      return FillTickets(source, insight);
    case v1::INSIGHT_KIND_FEATURE_USE:
      return FillFeatureUse(source, insight);
    case v1::INSIGHT_KIND_ACTIVITY:
      return FillActivity(source, insight);
    case v1::INSIGHT_KIND_BROWSING:
      return FillBrowsing(source, insight);
    case v1::INSIGHT_KIND_MESSAGES:
      return FillMessages(source, insight);
    default:
      return false;
  }
}

}  // namespace

void CollectInsights(absl::Span<const v1::InsightKind> kinds, const v1::Profile& profile, const History& history,
                     absl::Time as_of, v1::Insights& insights) {
  const InsightSource source{profile, history, as_of};
  for (v1::InsightKind kind : kinds) {
    v1::Insight& insight = *insights.add_insights();
    insight.set_kind(kind);
    if (!Fill(kind, source, insight)) insights.mutable_insights()->RemoveLast();
  }
}

}  // namespace campaign::retrieval
