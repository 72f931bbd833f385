#include "orchestrator/router.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace campaign::orchestrator {
namespace {

using Strategies = google::protobuf::RepeatedField<int>;

// ASCII, as every reason on the way of each customer: Protobuf checks texts beyond it byte by byte, at every hop.
constexpr absl::string_view kArrow = " -> ";

absl::string_view BehavioralLack(const v1::SegmentationConfig& config, const v1::Profile& profile) {
  if (config.behavioral().empty()) return "the campaign defines no behavioral segments";
  const bool known =
      profile.has_days_since_last_activity() || profile.has_days_since_last_purchase() || profile.features_size() > 0;
  return known ? "" : "no activity on record";
}

absl::string_view RfmLack(const v1::SegmentationConfig&, const v1::Profile& profile) {
  return profile.has_days_since_last_purchase() ? "" : "no purchases on record";
}

absl::string_view ProfileLack(const v1::SegmentationConfig& config, const v1::Profile&) {
  const bool defined = !config.personas().empty() || !config.persona_model().personas().empty();
  return defined ? "" : "the campaign defines no personas";
}

absl::string_view IntentLack(const v1::SegmentationConfig&, const v1::Profile& profile) {
  return profile.recent_texts().empty() ? "no recent tickets, chats or searches" : "";
}

absl::string_view ChurnLack(const v1::SegmentationConfig& config, const v1::Profile& profile) {
  if (config.churn().model() == v1::CHURN_MODEL_BG_NBD) return RfmLack(config, profile);
  const bool known = profile.has_days_since_last_activity() || profile.has_days_since_last_purchase();
  return known ? "" : "neither activity nor purchases on record";
}

// What each strategy needs: `lack` says in words what of it is missing; empty where it can answer.
struct DataNeed {
  v1::Strategy strategy;
  absl::string_view (*lack)(const v1::SegmentationConfig& config, const v1::Profile& profile);
};

constexpr DataNeed kDataNeeds[] = {
    {v1::STRATEGY_BEHAVIORAL, BehavioralLack}, {v1::STRATEGY_RFM, RfmLack},     {v1::STRATEGY_PROFILE, ProfileLack},
    {v1::STRATEGY_INTENT, IntentLack},         {v1::STRATEGY_CHURN, ChurnLack},
};

std::string Word(v1::Strategy strategy) {
  constexpr size_t kPrefix = sizeof("STRATEGY_") - 1;
  return absl::AsciiStrToLower(v1::Strategy_Name(strategy).substr(kPrefix));
}

bool Contains(const Strategies& strategies, int strategy) {
  return std::find(strategies.begin(), strategies.end(), strategy) != strategies.end();
}

// Why the strategy is passed over for this customer; an empty text where it is not.
struct Hurdle {
  const char* code = kStrategyLacksData;
  absl::string_view text;
};

Hurdle HurdleOf(const v1::SegmentationConfig& config, const v1::Profile& profile, int strategy) {
  if (!Contains(config.enabled_strategies(), strategy)) return {kStrategySwitchedOff, "switched off in the campaign"};
  for (const DataNeed& need : kDataNeeds) {
    if (need.strategy == strategy) return {kStrategyLacksData, need.lack(config, profile)};
  }
  return {kStrategyLacksData, "no such strategy"};
}

// The order that the campaign wants for this customer.
const Strategies& OrderFor(const CampaignPlan& plan, const v1::Profile& profile) {
  const v1::SegmentationConfig& config = plan.campaign.segmentation();
  const rules::Subject subject{profile};
  for (size_t i = 0; i < plan.strategy_rules.size(); ++i) {
    if (plan.strategy_rules[i].Matches(subject)) return config.strategy_rules(static_cast<int>(i)).strategies();
  }
  return config.enabled_strategies();
}

// Writes the hops as they come; those in a row for one cause are one reason.
class Hops {
 public:
  explicit Hops(v1::RouterResult& result) : result_(result) {}

  void Over(v1::Strategy strategy, const Hurdle& hurdle) {
    if (open_ != nullptr && cause_ == hurdle.text) return absl::StrAppend(&path_, kArrow, Word(strategy));
    Arrive(Word(strategy));
    open_ = result_.add_reasons();
    open_->set_code(hurdle.code);
    cause_ = hurdle.text;
    path_ = Word(strategy);
  }

  // The hops end here.
  void Arrive(absl::string_view at) {
    if (open_ == nullptr) return;
    open_->set_text(absl::StrCat(cause_, ": ", path_, kArrow, at));
    open_ = nullptr;
  }

  bool open() const { return open_ != nullptr; }

 private:
  v1::RouterResult& result_;
  v1::Reason* open_ = nullptr;
  absl::string_view cause_;
  std::string path_;
};

}  // namespace

void ChooseStrategies(const CampaignPlan& plan, const v1::Profile& profile, v1::RouterResult& result) {
  Hops hops(result);
  for (const int value : OrderFor(plan, profile)) {
    const auto strategy = static_cast<v1::Strategy>(value);
    const Hurdle hurdle = HurdleOf(plan.campaign.segmentation(), profile, strategy);
    if (!hurdle.text.empty()) {
      hops.Over(strategy, hurdle);
      continue;
    }
    if (hops.open()) hops.Arrive(Word(strategy));
    result.add_strategies(strategy);
  }
  hops.Arrive("nothing left");
}

}  // namespace campaign::orchestrator
