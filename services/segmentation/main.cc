#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "common/process.h"
#include "common/status.h"
#include "common/text/intent_model.h"
#include "services/segmentation/segmentation_service.h"

ABSL_FLAG(std::string, intent_model, "",
          "model that says what customers' texts are about, as campaignctl train intent writes it; empty: it is learnt "
          "from --intent_phrases at every start");
ABSL_FLAG(std::string, intent_phrases, "",
          "file of example phrases that intents are learnt from; needed where there is no --intent_model");

namespace {

using namespace campaign;

absl::Status InSetting(const char* name, const absl::Status& status) {
  return status.ok() ? status : absl::InvalidArgumentError(absl::StrCat("--", name, ": ", status.message()));
}

absl::Status Check() {
  const std::string model = absl::GetFlag(FLAGS_intent_model);
  if (!model.empty()) return InSetting("intent_model", text::IntentModel::ReadFromFile(model).status());
  const std::string phrases = absl::GetFlag(FLAGS_intent_phrases);
  if (phrases.empty()) return InSetting("intent_phrases", absl::NotFoundError("missing, and so is --intent_model"));
  return InSetting("intent_phrases", text::ReadPhrases(phrases).status());
}

absl::Status Run() {
  const std::string model = absl::GetFlag(FLAGS_intent_model);
  ASSIGN_OR_RETURN(const auto intents, model.empty()
                                           ? text::IntentModel::TrainFromFile(absl::GetFlag(FLAGS_intent_phrases))
                                           : text::IntentModel::ReadFromFile(model));
  segmentation::SegmentationService service(*intents);
  return Serve("segmentation", {&service});
}

}  // namespace

int main(int argc, char** argv) {
  return RunProcess(argc, argv,
                    {.name = "segmentation",
                     .purpose = "says what kind of customer each one is, for a campaign",
                     .check = Check,
                     .run = Run});
}
