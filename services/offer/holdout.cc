#include "services/offer/holdout.h"

#include "absl/strings/str_cat.h"
#include "services/offer/experiment.h"
#include "services/offer/pricing.h"
#include "services/offer/reasons.h"

namespace campaign::offer {
namespace {

constexpr absl::string_view kGlobalSeed = "global";

void WriteHoldout(const v1::Holdout& holdout, absl::string_view code, absl::string_view group,
                  v1::ActionDecision& decision) {
  decision.set_kind(v1::ACTION_KIND_NONE);
  decision.set_held_out(true);
  v1::Reason& reason = *decision.add_reasons();
  const std::string share = FormatPercent(holdout.share_bps());
  SetReason(reason, code, absl::StrCat("in the ", group, " of ", share, " % to whom nothing is sent"));
  AddFact(reason, "share_percent", share);
}

}  // namespace

bool DecideHoldout(const v1::OfferConfig& config, absl::string_view campaign, absl::string_view customer_id,
                   v1::ActionDecision& decision) {
  if (IsHeldOut(config.global_holdout(), kGlobalSeed, customer_id)) {
    WriteHoldout(config.global_holdout(), kGlobalHoldout, "control group of all campaigns,", decision);
    return true;
  }
  if (!IsHeldOut(config.holdout(), campaign, customer_id)) return false;
  WriteHoldout(config.holdout(), kHoldout, "control group", decision);
  return true;
}

}  // namespace campaign::offer
