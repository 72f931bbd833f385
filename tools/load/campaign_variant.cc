#include "tools/load/campaign_variant.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tools/campaignctl/campaign_yaml.h"

namespace campaign::load {
namespace {

// Budgets are still summed and compared for every customer, but never reached.
constexpr int64_t kAmpleBudgetMinor = 1'000'000'000'000;

}  // namespace

const char kVariantText[] =
    "audience everybody, holdout 0, quiet hours off, budgets ample; all else as shipped. Every customer has an e-mail "
    "address and agreed to e-mail";

absl::StatusOr<v1::Campaign> LoadCampaignVariant(const std::string& file) {
  std::ifstream in(file);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot open ", file));
  std::ostringstream text;
  text << in.rdbuf();
  ctl::LoadedCampaign loaded = ctl::LoadCampaign(text.str());
  if (!loaded.errors.empty()) {
    return absl::InvalidArgumentError(ctl::FormatLoadError(file, loaded.errors.front()));
  }
  v1::Campaign& campaign = loaded.campaign;
  campaign.set_name(absl::StrCat("bench-", campaign.name()));
  campaign.clear_audience();
  campaign.mutable_offers()->mutable_holdout()->set_share_bps(0);
  campaign.mutable_offers()->set_daily_budget_minor(kAmpleBudgetMinor);
  campaign.mutable_offers()->set_total_budget_minor(kAmpleBudgetMinor);
  campaign.mutable_compliance()->mutable_quiet_hours()->set_start("00:00");
  campaign.mutable_compliance()->mutable_quiet_hours()->set_end("00:00");
  return std::move(loaded.campaign);
}

}  // namespace campaign::load
