#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace fasttext {
class FastText;
}

namespace campaign::segmentation {

// What is none of the shop's business, or cannot be told.
inline constexpr char kOutOfScope[] = "out_of_scope";

// A phrase and the intent it is an example of.
struct LabelledPhrase {
  std::string intent;
  std::string phrase;
};

// Reads a phrase file: "[intent]" lines, each followed by one phrase a line; "#" lines and empty ones are skipped.
// INVALID_ARGUMENT "line 12: ...": an intent that is not [a-z][a-z0-9_]* of at most 57 characters, a phrase before the
// first intent, a phrase without a letter; fewer than two intents.
absl::StatusOr<std::vector<LabelledPhrase>> ParsePhrases(absl::string_view text);

// The same of a file, which the message names. NOT_FOUND: it cannot be read.
absl::StatusOr<std::vector<LabelledPhrase>> ReadPhrases(const std::string& path);

// Lower-case words, separated by single spaces: how phrases and customers' texts reach the model.
std::string NormalizeText(absl::string_view text);

// Says what a text of a customer's is about: fastText, one classifier an intent (Joulin et al., "Bag of Tricks for
// Efficient Text Classification", 2016), and a check that enough of the text's words were ever seen in training.
// Immutable after training, so thread-safe.
class IntentModel {
 public:
  struct Intent {
    // Or kOutOfScope.
    std::string name;
    // Of the best intent, in scope or not; 0 where too few words are known to ask.
    double confidence = 0;
  };

  // Trains on a phrase file; the same file gives the same model. Under a second for a few hundred phrases.
  // INVALID_ARGUMENT as ParsePhrases; NOT_FOUND: no such file; INTERNAL: fastText's message.
  static absl::StatusOr<std::unique_ptr<IntentModel>> TrainFromFile(const std::string& path);
  static absl::StatusOr<std::unique_ptr<IntentModel>> Train(const std::vector<LabelledPhrase>& phrases);
  ~IntentModel();

  // The intent of `text`, out of scope below `min_confidence`.
  Intent Classify(absl::string_view text, double min_confidence) const;

 private:
  IntentModel();

  void CollectWords(const std::vector<LabelledPhrase>& phrases);
  bool KnowsEnoughOf(absl::string_view normalized) const;

  std::unique_ptr<fasttext::FastText> model_;
  // Words that say something about the intent, and those that stand in phrases of every kind.
  absl::flat_hash_set<std::string> telling_words_;
  absl::flat_hash_set<std::string> common_words_;
};

}  // namespace campaign::segmentation
