#include "orchestrator/router.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace campaign::orchestrator {
namespace {

constexpr char kStrategyLacksData[] = "STRATEGY_LACKS_DATA";

// What the strategy lacks, in words; empty where it can answer.
absl::string_view Lack(v1::Strategy strategy, const v1::Campaign& campaign, const v1::Profile& profile) {
  const bool acted = profile.has_days_since_last_activity();
  const bool bought = profile.has_days_since_last_purchase();
  switch (strategy) {
    case v1::STRATEGY_BEHAVIORAL:
      if (campaign.segmentation().behavioral().empty()) return "the campaign defines no behavioral segments";
      return acted || bought || profile.features_size() > 0 ? "" : "no activity on record";
    case v1::STRATEGY_RFM:
      return bought ? "" : "no purchases on record";
    case v1::STRATEGY_PROFILE:
      return campaign.segmentation().personas().empty() ? "the campaign defines no personas" : "";
    case v1::STRATEGY_INTENT:
      return profile.recent_texts().empty() ? "no recent tickets, chats or searches" : "";
    case v1::STRATEGY_CHURN:
      return acted || bought ? "" : "neither activity nor purchases on record";
    default:
      return "no such strategy";
  }
}

std::string Word(v1::Strategy strategy) {
  constexpr size_t kPrefix = sizeof("STRATEGY_") - 1;
  return absl::AsciiStrToLower(v1::Strategy_Name(strategy).substr(kPrefix));
}

}  // namespace

void ChooseStrategies(const v1::Campaign& campaign, const v1::Profile& profile, v1::RouterResult& result) {
  for (const int value : campaign.segmentation().enabled_strategies()) {
    const auto strategy = static_cast<v1::Strategy>(value);
    const absl::string_view lack = Lack(strategy, campaign, profile);
    if (lack.empty()) {
      result.add_strategies(strategy);
      continue;
    }
    v1::Reason& reason = *result.add_reasons();
    reason.set_code(kStrategyLacksData);
    reason.set_text(absl::StrCat(Word(strategy), " left out: ", lack));
  }
}

}  // namespace campaign::orchestrator
