#include <string>

#include "absl/flags/flag.h"
#include "common/process.h"
#include "common/status.h"
#include "services/segmentation/intent_model.h"
#include "services/segmentation/segmentation_service.h"

ABSL_FLAG(std::string, intent_phrases, "", "file of example phrases that intents are learnt from; required");

namespace {

using namespace campaign::segmentation;

absl::Status Check() {
  const absl::Status status = ReadPhrases(absl::GetFlag(FLAGS_intent_phrases)).status();
  return status.ok() ? status : absl::InvalidArgumentError(absl::StrCat("--intent_phrases: ", status.message()));
}

absl::Status Run() {
  ASSIGN_OR_RETURN(const auto intents, IntentModel::TrainFromFile(absl::GetFlag(FLAGS_intent_phrases)));
  SegmentationService service(*intents);
  return campaign::Serve("segmentation", {&service});
}

}  // namespace

int main(int argc, char** argv) {
  return campaign::RunProcess(argc, argv,
                              {.name = "segmentation",
                               .purpose = "says what kind of customer each one is, for a campaign",
                               .required = {"intent_phrases"},
                               .check = Check,
                               .run = Run});
}
