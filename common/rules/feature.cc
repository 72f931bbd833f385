#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "common/nearest_name.h"
#include "common/rules/phrases.h"
#include "common/rules/rule.h"
#include "common/rules/vocabulary.h"
#include "common/status.h"

namespace campaign::rules {
namespace {

// Limits of v1.Reason and v1.Fact.
constexpr size_t kMaxTextBytes = 1024;
constexpr size_t kMaxFactBytes = 2048;

constexpr absl::string_view kChannels[] = {"email", "sms", "push", "chat"};

std::string Documented(const VocabularyEntry& entry) {
  return entry.key == nullptr ? entry.name : absl::StrCat(entry.name, ".<", entry.key, ">");
}

const VocabularyEntry* FindEntry(absl::string_view name) {
  for (const VocabularyEntry& entry : Vocabulary()) {
    if (name == entry.name) return &entry;
  }
  return nullptr;
}

const VocabularyEntry& Nearest(absl::string_view name) {
  const auto entries = Vocabulary();
  return *std::min_element(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
    return EditDistance(name, a.name) < EditDistance(name, b.name);
  });
}

// OK where `key` (null: no dot in the name) is what the entry asks for.
absl::Status CheckKey(const VocabularyEntry& entry, const absl::string_view* key, absl::string_view name,
                      absl::string_view field_path) {
  if (entry.key == nullptr) {
    return key == nullptr ? absl::OkStatus() : InvalidField(field_path, name, "must not have a key");
  }
  if (key == nullptr || key->empty()) {
    return InvalidField(field_path, name, absl::StrCat("needs a key: ", Documented(entry)));
  }
  if (absl::string_view(entry.key) == "channel" && !std::count(std::begin(kChannels), std::end(kChannels), *key)) {
    return InvalidField(field_path, name, "needs one of the keys email, sms, push, chat");
  }
  return absl::OkStatus();
}

// The value for `subject`, or false where there is none.
bool Read(const VocabularyEntry& entry, Reading& reading) {
  if (const auto* number = std::get_if<VocabularyEntry::NumberReader>(&entry.read)) {
    const absl::optional<double> value = (*number)(reading.subject, reading.key);
    reading.number = value.value_or(0);
    return value.has_value();
  }
  if (const auto* truth = std::get_if<VocabularyEntry::TruthReader>(&entry.read)) {
    reading.number = (*truth)(reading.subject, reading.key) ? 1 : 0;
    return true;
  }
  if (const auto* text = std::get_if<VocabularyEntry::TextReader>(&entry.read)) {
    const absl::optional<absl::string_view> value = (*text)(reading.subject, reading.key);
    reading.text = std::string(value.value_or(""));
    return value.has_value();
  }
  std::vector<absl::string_view> texts;
  std::get<VocabularyEntry::TextSetReader>(entry.read)(reading.subject, [&](absl::string_view text) {
    texts.push_back(text);
    return false;
  });
  reading.text = absl::StrJoin(texts, ", ");
  return !texts.empty();
}

std::string ValueText(Feature::Type type, const Reading& reading) {
  if (type == Feature::Type::kNumber) return NumberText(reading.number);
  if (type == Feature::Type::kTruth) return reading.number != 0 ? "true" : "false";
  return reading.text;
}

}  // namespace

absl::StatusOr<Feature> Feature::Resolve(absl::string_view name, absl::string_view field_path) {
  const size_t dot = name.find('.');
  const absl::string_view base = name.substr(0, dot);
  const VocabularyEntry* entry = FindEntry(base);
  if (entry == nullptr) {
    return InvalidField(field_path, name, absl::StrCat("is not a feature; nearest is ", Documented(Nearest(base))));
  }
  // A key may hold dots itself.
  const absl::string_view key = dot == absl::string_view::npos ? "" : name.substr(dot + 1);
  RETURN_IF_ERROR(CheckKey(*entry, dot == absl::string_view::npos ? nullptr : &key, name, field_path));
  Feature feature;
  feature.entry_ = entry;
  feature.name_ = std::string(name);
  feature.key_ = std::string(key);
  return feature;
}

Feature::Type Feature::type() const { return entry_->type(); }

absl::optional<double> Feature::Number(const Subject& subject) const {
  if (const auto* number = std::get_if<VocabularyEntry::NumberReader>(&entry_->read)) return (*number)(subject, key_);
  if (const auto* truth = std::get_if<VocabularyEntry::TruthReader>(&entry_->read)) {
    return (*truth)(subject, key_) ? 1.0 : 0.0;
  }
  return absl::nullopt;
}

v1::Reason Feature::Describe(const Subject& subject) const {
  v1::Reason reason;
  Describe(subject, reason);
  return reason;
}

void Feature::Describe(const Subject& subject, v1::Reason& reason) const {
  reason.set_code(absl::AsciiStrToUpper(entry_->name));
  Reading reading{.subject = subject, .key = key_, .text = ""};
  if (!Read(*entry_, reading)) {
    reason.set_text(absl::Substitute(entry_->absent, key_));
    return;
  }
  reason.set_text(Clip(entry_->describe(reading), kMaxTextBytes));
  v1::Fact* fact = reason.add_facts();
  fact->set_name(name_);
  fact->set_value(Clip(ValueText(type(), reading), kMaxFactBytes));
}

std::string Feature::Phrase(double number, const std::string& text) const {
  static const v1::Profile& nobody = *new v1::Profile();
  return entry_->describe({.subject = {nobody, nullptr}, .key = key_, .number = number, .text = text});
}

std::string Feature::AbsentPhrase() const {
  return entry_->absent == nullptr ? absl::StrCat("no ", name_) : absl::Substitute(entry_->absent, key_);
}

std::vector<std::string> FeatureNames() {
  std::vector<std::string> names;
  for (const VocabularyEntry& entry : Vocabulary()) names.push_back(Documented(entry));
  return names;
}

}  // namespace campaign::rules
