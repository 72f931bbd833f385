#pragma once

#include <string>
#include <variant>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "common/rules/rule.h"

namespace campaign::rules {

// What a describer is given: a feature's value for one subject.
struct Reading {
  const Subject& subject;
  absl::string_view key;
  // Numbers; 0 or 1 for truths.
  double number = 0;
  // Texts; text sets joined by ", ".
  std::string text;
};

// A row of the vocabulary. How a value is read settles the feature's type. Readers do not allocate.
struct VocabularyEntry {
  using NumberReader = absl::optional<double> (*)(const Subject& subject, absl::string_view key);
  using TextReader = absl::optional<absl::string_view> (*)(const Subject& subject, absl::string_view key);
  using TruthReader = bool (*)(const Subject& subject, absl::string_view key);
  // Hands out the texts until `found` says true; whether it did.
  using TextSetReader = bool (*)(const Subject& subject, absl::FunctionRef<bool(absl::string_view)> found);

  const char* name;
  // What a family's key stands for ("category"); null for a plain feature.
  const char* key;
  // In the order of Feature::Type.
  std::variant<NumberReader, TextReader, TruthReader, TextSetReader> read;
  // A marketer's words for a value.
  std::string (*describe)(const Reading& reading);
  // And for none; null where there always is one. A family's key stands for "$0".
  const char* absent = nullptr;

  Feature::Type type() const { return static_cast<Feature::Type>(read.index()); }
};

// Every feature there is.
absl::Span<const VocabularyEntry> Vocabulary();

}  // namespace campaign::rules
