#include "orchestrator/campaign_plan.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "common/status.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "orchestrator/campaign_validation.h"
#include "orchestrator/goals.h"

namespace campaign::orchestrator {

std::string ContentHash(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

absl::StatusOr<std::shared_ptr<const CampaignPlan>> CompilePlan(const v1::Campaign& campaign) {
  auto plan = std::make_shared<CampaignPlan>();
  plan->campaign = campaign;
  ASSIGN_OR_RETURN(plan->audience, rules::CompiledRule::Compile(plan->campaign.audience(), "campaign.audience"));
  for (const v1::RouteStep& step : plan->campaign.route()) {
    plan->conditions.emplace_back();
    if (step.when().kind_case() == v1::Rule::KIND_NOT_SET) continue;
    ASSIGN_OR_RETURN(plan->conditions.back(), rules::CompiledRule::Compile(step.when(), "campaign.route.when"));
  }
  for (const v1::StrategyRule& rule : plan->campaign.segmentation().strategy_rules()) {
    ASSIGN_OR_RETURN(plan->strategy_rules.emplace_back(),
                     rules::CompiledRule::Compile(rule.when(), "campaign.segmentation.strategy_rules.when"));
  }
  plan->version = ContentHash(plan->campaign);
  return plan;
}

absl::StatusOr<std::shared_ptr<const CampaignPlan>> MakePlan(const v1::Campaign& campaign) {
  v1::Campaign filled = campaign;
  FillGoalDefaults(filled);
  RETURN_IF_ERROR(ValidateCampaign(filled));
  return CompilePlan(filled);
}

}  // namespace campaign::orchestrator
