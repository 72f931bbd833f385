#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "common/text/intent_accuracy.h"
#include "common/text/intent_model.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"

namespace campaign::ctl {
namespace {

// "phrases.model" of "some/where/phrases.csv": beside the phrases.
std::string DefaultModelFile(const std::string& phrases) {
  return std::filesystem::path(phrases).replace_extension("model").string();
}

// Writes a file that is there as a whole or, where this fails, not at all. FAILED_PRECONDITION names it.
absl::Status WriteWhole(const std::string& file, absl::string_view bytes) {
  const std::string unfinished = absl::StrCat(file, ".", getpid(), ".unfinished");
  std::ofstream stream(unfinished, std::ios::binary);
  stream << bytes;
  stream.close();
  std::error_code error;
  if (stream) std::filesystem::rename(unfinished, file, error);
  if (stream && !error) return absl::OkStatus();
  std::filesystem::remove(unfinished, error);
  return absl::FailedPreconditionError(absl::StrCat("cannot write ", file));
}

// What is held out is never trained on; the model that is written has learnt from all phrases, and is not worse.
std::string AccuracyText(const absl::StatusOr<text::IntentAccuracy>& accuracy) {
  if (!accuracy.ok()) return "There are too few phrases to hold some out and measure how often the model is right.\n";
  return absl::StrFormat(
      "%s of %s phrases held out are recognized by a model of the other %s.\n"
      "At the default confidence of %.1f it answers %s of them, and %s of its answers are right.\n",
      FormatShare(accuracy->right, accuracy->held_out), FormatCount(accuracy->held_out), FormatCount(accuracy->trained),
      text::kDefaultMinConfidence, FormatShare(accuracy->answered, accuracy->held_out),
      FormatShare(accuracy->answered_right, accuracy->answered));
}

std::string JsonText(const std::string& file, const std::string& version, int phrases, int intents,
                     const absl::StatusOr<text::IntentAccuracy>& accuracy) {
  nlohmann::ordered_json json = {
      {"model", file}, {"modelVersion", version}, {"phraseCount", phrases}, {"intentCount", intents}};
  if (accuracy.ok()) {
    json["accuracy"] = {{"trainedCount", accuracy->trained},
                        {"heldOutCount", accuracy->held_out},
                        {"rightCount", accuracy->right},
                        {"answeredCount", accuracy->answered},
                        {"answeredRightCount", accuracy->answered_right}};
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

absl::Status TrainIntent(Context& context) {
  const std::string& file = context.arguments.positional[0];
  const std::string out = context.arguments.Text("out", DefaultModelFile(file));
  if (out == file) return UsageError(absl::StrCat("--out ", out, " would overwrite the phrases"));
  ASSIGN_OR_RETURN(const std::vector<text::LabelledPhrase> phrases, text::ReadPhrases(file));
  const auto accuracy = text::MeasureAccuracy(phrases, text::kDefaultMinConfidence);
  ASSIGN_OR_RETURN(const auto model, text::IntentModel::Train(phrases));
  ASSIGN_OR_RETURN(const std::string bytes, model->Serialize());
  RETURN_IF_ERROR(WriteWhole(out, bytes));
  const int intents = text::IntentCount(phrases);
  const int phrase_count = static_cast<int>(phrases.size());
  if (context.json()) {
    context.console.out << JsonText(out, model->version(), phrase_count, intents, accuracy);
    return absl::OkStatus();
  }
  context.console.out << AccuracyText(accuracy) << "Learnt " << intents << " intents from " << FormatCount(phrase_count)
                      << " phrases; version " << model->version() << " is in " << Printable(out) << ".\n";
  return absl::OkStatus();
}

constexpr char kDetails[] =
    "FILE has phrases that customers write and the intent of each. Either sections, as in\n"
    "services/segmentation/intents.txt: a line [refund], then one phrase a line. Or, if its name ends in .csv, a\n"
    "table whose first line names its columns: text, and intent (or category, or label).\n"
    "The intent out_of_scope is for what is none of the shop's business.\n"
    "\n"
    "First a fifth of the phrases is held out, to say how often a model is right that has never seen them; then a\n"
    "model learns from all. The same phrases give the same model. Start segmentation with --intent_model MODEL;\n"
    "what it answers names the model's version.";

}  // namespace

std::vector<Command> TrainIntentCommands() {
  return {{"train intent",
           "FILE",
           1,
           1,
           "learns from phrases what customers write about",
           kDetails,
           {{"out", FlagSpec::kValue, "MODEL", "where the model goes; default: FILE's name, ending in .model"}},
           &TrainIntent}};
}

}  // namespace campaign::ctl
