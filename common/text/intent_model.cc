#include "common/text/intent_model.h"

#include <fasttext/fasttext.h>
#include <openssl/sha.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "absl/container/flat_hash_map.h"
#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::text {
namespace {

constexpr absl::string_view kLabelPrefix = "__label__";
// What a model file begins with. The number changes with the format, or with how texts are normalized.
constexpr absl::string_view kMagic = "campaign intent model 1";
constexpr size_t kVersionDigits = 12;
// A word in phrases of more than this share of the intents tells them apart no more.
constexpr double kCommonShare = 0.4;
// Of a text's words that are not common, at least this share must be known. Below, the text is about something else.
constexpr double kMinKnownShare = 0.5;

// A file in memory that fastText, which reads files alone, can open by name.
class MemoryFile {
 public:
  explicit MemoryFile(absl::string_view content) : descriptor_(memfd_create("intents", MFD_CLOEXEC)) {
    while (descriptor_ >= 0 && !content.empty()) {
      const ssize_t written = write(descriptor_, content.data(), content.size());
      if (written <= 0) break;
      content.remove_prefix(written);
    }
    complete_ = descriptor_ >= 0 && content.empty();
  }
  ~MemoryFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  bool complete() const { return complete_; }
  std::string path() const { return absl::StrCat("/proc/self/fd/", descriptor_); }

 private:
  int descriptor_;
  bool complete_ = false;
};

fasttext::Args TrainingArguments(const std::string& input) {
  fasttext::Args arguments;
  arguments.input = input;
  arguments.model = fasttext::model_name::sup;
  // One classifier an intent: a text that is about none of them gets no high probability, as softmax would give it.
  arguments.loss = fasttext::loss_name::ova;
  arguments.label = std::string(kLabelPrefix);
  arguments.lr = 0.4;
  arguments.epoch = 80;
  arguments.dim = 24;
  arguments.minCount = 1;
  arguments.wordNgrams = 2;
  // Parts of words: "refunds" and "refnud" are near "refund".
  arguments.minn = 3;
  arguments.maxn = 5;
  arguments.bucket = 50000;
  // One thread and a fixed seed: the same phrases give the same model.
  arguments.thread = 1;
  arguments.seed = 1;
  arguments.verbose = 0;
  return arguments;
}

std::string TrainingText(const std::vector<LabelledPhrase>& phrases) {
  std::string text;
  for (const LabelledPhrase& phrase : phrases) {
    absl::StrAppend(&text, kLabelPrefix, phrase.intent, " ", NormalizeText(phrase.phrase), "\n");
  }
  return text;
}

std::string HexSha256(absl::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

std::string Version(absl::string_view bytes) { return HexSha256(bytes).substr(0, kVersionDigits); }

// Sorted, so that the same words give the same bytes.
std::string WordLine(const absl::flat_hash_set<std::string>& words) {
  std::vector<absl::string_view> sorted(words.begin(), words.end());
  std::sort(sorted.begin(), sorted.end());
  return absl::StrCat(absl::StrJoin(sorted, " "), "\n");
}

// The line that `rest` begins with, which moves behind it.
absl::string_view TakeLine(absl::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const absl::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

}  // namespace

IntentModel::IntentModel() = default;
IntentModel::~IntentModel() = default;

absl::StatusOr<std::unique_ptr<IntentModel>> IntentModel::TrainFromFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<LabelledPhrase> phrases, ReadPhrases(path));
  return Train(phrases);
}

absl::StatusOr<std::unique_ptr<IntentModel>> IntentModel::Train(const std::vector<LabelledPhrase>& phrases) {
  if (IntentCount(phrases) < 2) return InvalidField("phrases", phrases.size(), "phrases of fewer than two intents");
  const MemoryFile file(TrainingText(phrases));
  if (!file.complete()) return absl::InternalError("no memory file for the intent phrases");
  auto model = absl::WrapUnique(new IntentModel);
  model->model_ = std::make_unique<fasttext::FastText>();
  try {
    model->model_->train(TrainingArguments(file.path()));
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("training of the intent model: ", error.what()));
  }
  model->CollectWords(phrases);
  ASSIGN_OR_RETURN(const std::string bytes, model->Serialize());
  model->version_ = Version(bytes);
  return model;
}

// kMagic, a space, the SHA-256 of the rest, a line of common words, a line of telling words, fastText's model.
absl::StatusOr<std::string> IntentModel::Serialize() const {
  const MemoryFile file("");
  try {
    model_->saveModel(file.path());
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("saving of the intent model: ", error.what()));
  }
  ASSIGN_OR_RETURN(const std::string model, ReadFile(file.path()));
  const std::string body = absl::StrCat(WordLine(common_words_), WordLine(telling_words_), model);
  return absl::StrCat(kMagic, " ", HexSha256(body), "\n", body);
}

absl::StatusOr<std::unique_ptr<IntentModel>> IntentModel::Parse(absl::string_view bytes) {
  absl::string_view rest = bytes;
  if (!absl::ConsumePrefix(&rest, kMagic)) return InvalidField("intent model", "the file", "is not an intent model");
  const absl::string_view digest = absl::StripAsciiWhitespace(TakeLine(rest));
  // fastText trusts what it reads, so nothing else may reach it.
  if (digest != HexSha256(rest)) return InvalidField("intent model", "the file", "is not whole: its digest differs");
  auto model = absl::WrapUnique(new IntentModel);
  model->version_ = Version(bytes);
  model->common_words_ = absl::StrSplit(TakeLine(rest), ' ', absl::SkipEmpty());
  model->telling_words_ = absl::StrSplit(TakeLine(rest), ' ', absl::SkipEmpty());
  const MemoryFile file(rest);
  if (!file.complete()) return absl::InternalError("no memory file for the intent model");
  model->model_ = std::make_unique<fasttext::FastText>();
  try {
    model->model_->loadModel(file.path());
  } catch (const std::exception& error) {
    return InvalidField("intent model", "the file", absl::StrCat("holds what fastText cannot read: ", error.what()));
  }
  return model;
}

absl::StatusOr<std::unique_ptr<IntentModel>> IntentModel::ReadFromFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  auto model = Parse(bytes);
  if (model.ok()) return model;
  return absl::Status(model.status().code(), absl::StrCat(path, ": ", model.status().message()));
}

void IntentModel::CollectWords(const std::vector<LabelledPhrase>& phrases) {
  absl::flat_hash_set<std::string> intents;
  absl::flat_hash_map<std::string, absl::flat_hash_set<std::string>> intents_of_word;
  for (const LabelledPhrase& phrase : phrases) {
    // A word that only stands in phrases out of scope is no sign of an intent: it counts as not known.
    if (phrase.intent == kOutOfScope) continue;
    intents.insert(phrase.intent);
    for (absl::string_view word : absl::StrSplit(NormalizeText(phrase.phrase), ' ')) {
      intents_of_word[word].insert(phrase.intent);
    }
  }
  // A word of one intent alone tells it apart, however few intents there are.
  const double most = std::max(1.0, kCommonShare * static_cast<double>(intents.size()));
  for (const auto& [word, in] : intents_of_word) {
    (static_cast<double>(in.size()) > most ? common_words_ : telling_words_).insert(word);
  }
}

bool IntentModel::KnowsEnoughOf(absl::string_view normalized) const {
  int known = 0;
  int unknown = 0;
  for (absl::string_view word : absl::StrSplit(normalized, ' ', absl::SkipEmpty())) {
    // Sizes, dates and numbers of orders belong to no intent.
    if (absl::ascii_isdigit(word[0]) || common_words_.contains(word)) continue;
    telling_words_.contains(word) ? ++known : ++unknown;
  }
  return known > 0 && known >= kMinKnownShare * (known + unknown);
}

IntentModel::Intent IntentModel::Classify(absl::string_view text, double min_confidence) const {
  const std::string normalized = NormalizeText(text);
  if (!KnowsEnoughOf(normalized)) return {kOutOfScope, 0};
  // The end of the line is a word of the model's.
  std::istringstream line(normalized + "\n");
  std::vector<int32_t> words;
  std::vector<int32_t> labels;
  model_->getDictionary()->getLine(line, words, labels);
  fasttext::Predictions predictions;
  model_->predict(1, words, predictions);
  if (predictions.empty()) return {kOutOfScope, 0};
  // fastText gives logarithms.
  const double confidence = std::min(1.0, std::exp(static_cast<double>(predictions[0].first)));
  std::string label = model_->getDictionary()->getLabel(predictions[0].second).substr(kLabelPrefix.size());
  if (confidence < min_confidence) label = kOutOfScope;
  return {std::move(label), confidence};
}

}  // namespace campaign::text
