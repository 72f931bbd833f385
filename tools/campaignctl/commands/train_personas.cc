#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tools/campaignctl/campaign_yaml.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/persona_trainer.h"

namespace campaign::ctl {
namespace {

constexpr int64_t kMostPersonas = 16;
constexpr int64_t kUsualPersonas = 4;
constexpr int64_t kUsualCustomers = 20'000;

absl::StatusOr<v1::Campaign> LoadFile(Context& context) {
  const std::string& file = context.arguments.positional[0];
  ASSIGN_OR_RETURN(const std::string text, ReadText(file, context.console));
  const LoadedCampaign loaded = LoadCampaign(text);
  for (const LoadError& error : loaded.errors) {
    context.console.err << Printable(FormatLoadError(file, error)) << "\n";
  }
  if (!loaded.errors.empty()) return AlreadyReported();
  return loaded.campaign;
}

// Gives the trainer the profiles of one page. A customer who was deleted meanwhile is passed over.
absl::Status AddPage(Context& context, const v1::QueryAudienceResponse& page, PersonaTrainer& trainer) {
  if (page.customer_ids().empty()) return absl::OkStatus();
  v1::GetProfilesRequest request;
  *request.mutable_customer_ids() = page.customer_ids();
  ASSIGN_OR_RETURN(const auto response, Call(context.clients.retrieval, &v1::Retrieval::Stub::GetProfiles, request));
  for (const v1::ProfileResult& result : response.results()) {
    if (result.has_profile()) trainer.Add(result.profile());
  }
  return absl::OkStatus();
}

absl::Status AddAudience(Context& context, const v1::Rule& filter, int64_t customers, PersonaTrainer& trainer) {
  v1::QueryAudienceRequest request;
  *request.mutable_filter() = filter;
  request.set_max_customers(customers);
  return CallReading<v1::Retrieval::Stub, v1::QueryAudienceRequest, v1::QueryAudienceResponse>(
      context.clients.retrieval, &v1::Retrieval::Stub::QueryAudience, request,
      [&](const v1::QueryAudienceResponse& page) { return AddPage(context, page, trainer); });
}

absl::Status TrainPersonas(Context& context) {
  ASSIGN_OR_RETURN(const int64_t personas, context.arguments.Number("personas", kUsualPersonas, 2));
  if (personas > kMostPersonas) return UsageError(absl::StrCat("--personas: ", personas, " is above ", kMostPersonas));
  ASSIGN_OR_RETURN(const int64_t seed, context.arguments.Number("seed", 1));
  ASSIGN_OR_RETURN(const int64_t customers, context.arguments.Number("customers", kUsualCustomers));
  ASSIGN_OR_RETURN(const v1::Campaign campaign, LoadFile(context));
  const v1::PersonaModel& asked = campaign.segmentation().persona_model();
  ASSIGN_OR_RETURN(PersonaTrainer trainer,
                   PersonaTrainer::Create(asked.features().empty() ? UsualPersonaFeatures() : asked));
  RETURN_IF_ERROR(AddAudience(context, campaign.audience(), customers, trainer));
  const size_t learnt_from = trainer.customers();
  ASSIGN_OR_RETURN(const PersonaTrainer::Trained trained,
                   trainer.Train(static_cast<int>(personas), static_cast<uint64_t>(seed)));
  if (context.json()) {
    context.console.out << ToJson(trained.model);
    return absl::OkStatus();
  }
  context.console.out << "# Learnt from " << FormatCount(static_cast<int64_t>(learnt_from)) << " customers, seed "
                      << seed << "; how well personas are apart (silhouette, 0 to 1): "
                      << absl::StrFormat("%.2f", trained.silhouette) << "\n"
                      << PersonaModelYaml(trained.model);
  return absl::OkStatus();
}

}  // namespace

std::vector<Command> TrainPersonasCommands() {
  return {{.name = "train personas",
           .arguments = "CAMPAIGN.yaml",
           .least_arguments = 1,
           .most_arguments = 1,
           .summary = "learns personas from a campaign's audience",
           .details =
               "Clusters the campaign's audience by the features of its segmentation.persona_model (without any: "
               "spend, orders, recency,\nactivity and messages ignored) and prints the model for the campaign's "
               "file. Nothing is applied: name the personas, paste,\napply. The same customers and seed give "
               "the same personas.",
           .flags = {{"personas", FlagSpec::kValue, "N", "how many, 2 to 16 (4)"},
                     {"seed", FlagSpec::kValue, "N", "of the random start (1)"},
                     {"customers", FlagSpec::kValue, "N", "at most, by ascending id; 0 for all (20000)"}},
           .run = TrainPersonas}};
}

}  // namespace campaign::ctl
