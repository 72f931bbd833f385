#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/log.h"
#include "common/server.h"
#include "services/segmentation/intent_model.h"
#include "services/segmentation/segmentation_service.h"

ABSL_FLAG(std::string, listen, "", "address to serve on, such as 127.0.0.1:7101 (required)");
ABSL_FLAG(std::string, intent_phrases, "", "file of example phrases that intents are learnt from (required)");

namespace {

bool HasFlag(const char* name, const std::string& value) {
  if (value.empty()) std::fprintf(stderr, "segmentation: --%s is required\n", name);
  return !value.empty();
}

}  // namespace

int main(int argc, char** argv) {
  campaign::BlockStopSignals();
  absl::SetProgramUsageMessage("Says what kind of customer each one is, for a campaign.");
  absl::ParseCommandLine(argc, argv);
  const std::string listen = absl::GetFlag(FLAGS_listen);
  const std::string phrases = absl::GetFlag(FLAGS_intent_phrases);
  if (!HasFlag("listen", listen) || !HasFlag("intent_phrases", phrases)) return 2;
  const auto intents = campaign::segmentation::IntentModel::TrainFromFile(phrases);
  if (!intents.ok()) {
    LOG(ERROR) << "--intent_phrases: " << intents.status().message();
    return 1;
  }
  campaign::segmentation::SegmentationService service(**intents);
  const absl::Status status = campaign::RunServer("segmentation", listen, {&service});
  if (!status.ok()) LOG(ERROR) << status.message();
  return status.ok() ? 0 : 1;
}
