#include "services/segmentation/intent_model.h"

#include <fasttext/fasttext.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "absl/container/flat_hash_map.h"
#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace campaign::segmentation {
namespace {

constexpr absl::string_view kLabelPrefix = "__label__";
// "intent_" and this fill a segment's 64 characters.
constexpr size_t kMaxIntentBytes = 57;
// A word in phrases of more than this share of the intents tells them apart no more.
constexpr double kCommonShare = 0.4;
// Of a text's words that are not common, at least this share must be known. Below, the text is about something else.
constexpr double kMinKnownShare = 0.5;

// Long forms, so that "can't" and "cannot" are one word to the model.
constexpr std::initializer_list<std::pair<absl::string_view, absl::string_view>> kContractions = {
    {"can't", "cannot"},   {"won't", "will not"},   {"n't", " not"},         {"'m", " am"},       {"'re", " are"},
    {"'ve", " have"},      {"'ll", " will"},        {"'d", " would"},        {"let's", "let us"}, {"it's", "it is"},
    {"what's", "what is"}, {"where's", "where is"}, {"there's", "there is"}, {"'s", " s"},
};

bool IsIntentName(absl::string_view name) {
  if (name.empty() || name.size() > kMaxIntentBytes || !absl::ascii_islower(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_'; });
}

// A file in memory that fastText, which reads files alone, can open by name.
class MemoryFile {
 public:
  explicit MemoryFile(absl::string_view content) : descriptor_(memfd_create("phrases", MFD_CLOEXEC)) {
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

}  // namespace

std::string NormalizeText(absl::string_view text) {
  std::string normalized = absl::AsciiStrToLower(text);
  if (absl::StrContains(normalized, "\u2019") || absl::StrContains(normalized, '\'')) {
    normalized = absl::StrReplaceAll(absl::StrReplaceAll(normalized, {{"\u2019", "'"}}), kContractions);
  }
  size_t end = 0;
  bool gap = false;
  for (const char c : normalized) {
    // Bytes above ASCII are parts of letters.
    const bool letter = absl::ascii_isalnum(c) || static_cast<unsigned char>(c) >= 0x80;
    if (letter && gap && end > 0) normalized[end++] = ' ';
    if (letter) normalized[end++] = c;
    gap = !letter;
  }
  normalized.resize(end);
  return normalized;
}

absl::StatusOr<std::vector<LabelledPhrase>> ParsePhrases(absl::string_view text) {
  std::vector<LabelledPhrase> phrases;
  std::string intent;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::string place = absl::StrCat("line ", ++number);
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (line.front() == '[' && line.back() == ']') {
      intent = std::string(line.substr(1, line.size() - 2));
      if (!IsIntentName(intent)) return InvalidField(place, intent, "is not [a-z][a-z0-9_]* of at most 57 characters");
      continue;
    }
    if (intent.empty()) return InvalidField(place, line, "stands before the first [intent]");
    if (NormalizeText(line).empty()) return InvalidField(place, line, "has no letter");
    phrases.push_back({intent, std::string(line)});
  }
  auto other = [&](const LabelledPhrase& phrase) { return phrase.intent != phrases.front().intent; };
  if (std::none_of(phrases.begin(), phrases.end(), other))
    return InvalidField("phrases", phrases.size(), "phrases of fewer than two intents");
  return phrases;
}

IntentModel::IntentModel() = default;
IntentModel::~IntentModel() = default;

absl::StatusOr<std::vector<LabelledPhrase>> ReadPhrases(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  std::stringstream text;
  text << file.rdbuf();
  auto phrases = ParsePhrases(text.str());
  if (phrases.ok()) return phrases;
  return absl::Status(phrases.status().code(), absl::StrCat(path, ": ", phrases.status().message()));
}

absl::StatusOr<std::unique_ptr<IntentModel>> IntentModel::TrainFromFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<LabelledPhrase> phrases, ReadPhrases(path));
  return Train(phrases);
}

absl::StatusOr<std::unique_ptr<IntentModel>> IntentModel::Train(const std::vector<LabelledPhrase>& phrases) {
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
  return model;
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
  for (const auto& [word, in] : intents_of_word) {
    (in.size() > kCommonShare * intents.size() ? common_words_ : telling_words_).insert(word);
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

}  // namespace campaign::segmentation
