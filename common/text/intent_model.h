#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/text/phrases.h"

namespace fasttext {
class FastText;
}

namespace campaign::text {

// Below this confidence a text is out of scope, unless a campaign says otherwise.
inline constexpr double kDefaultMinConfidence = 0.5;

// Says what a text of a customer's is about: fastText, one classifier an intent (Joulin et al., "Bag of Tricks for
// Efficient Text Classification", 2016), and a check that enough of the text's words were ever seen in training.
// Immutable, so thread-safe.
class IntentModel {
 public:
  struct Intent {
    // Or kOutOfScope.
    std::string name;
    // Of the best intent, in scope or not; 0 where too few words are known to ask.
    double confidence = 0;
  };

  // Trains on phrases, on one core: a second for five hundred, ten for ten thousand. The same phrases give the same
  // model, byte for byte. INVALID_ARGUMENT: fewer than two intents; INTERNAL: fastText's message.
  static absl::StatusOr<std::unique_ptr<IntentModel>> Train(const std::vector<LabelledPhrase>& phrases);

  // The same of a file of phrases (ReadPhrases), with its errors.
  static absl::StatusOr<std::unique_ptr<IntentModel>> TrainFromFile(const std::string& path);

  // A model as Serialize gave it; milliseconds. INVALID_ARGUMENT: no such thing, or not whole.
  static absl::StatusOr<std::unique_ptr<IntentModel>> Parse(absl::string_view bytes);

  // The same of a file, which the message names. NOT_FOUND: it cannot be read.
  static absl::StatusOr<std::unique_ptr<IntentModel>> ReadFromFile(const std::string& path);

  ~IntentModel();

  // The intent of `text`, out of scope below `min_confidence`.
  Intent Classify(absl::string_view text, double min_confidence) const;

  // The model as a file: a line that says what it is, the SHA-256 of what follows, the words, and fastText's model.
  absl::StatusOr<std::string> Serialize() const;

  // The first 12 hexadecimal digits of the SHA-256 of the file. The same version gives the same answers.
  const std::string& version() const { return version_; }

 private:
  IntentModel();

  void CollectWords(const std::vector<LabelledPhrase>& phrases);
  bool KnowsEnoughOf(absl::string_view normalized) const;

  std::string version_;
  std::unique_ptr<fasttext::FastText> model_;
  // Words that say something about the intent, and those that stand in phrases of every kind.
  absl::flat_hash_set<std::string> telling_words_;
  absl::flat_hash_set<std::string> common_words_;
};

}  // namespace campaign::text
