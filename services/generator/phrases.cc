#include "services/generator/phrases.h"

#include <unicode/timezone.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/status.h"
#include "services/generator/locale_range.h"

namespace campaign::generator {
namespace {

// Customers bring their locales along; more of them than any campaign has languages start anew.
constexpr size_t kMaxLocales = 256;
constexpr size_t kMaxRemembered = 256;

icu::UnicodeString FromUtf8(absl::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size())));
}

// MessageFormat gives the formats of dates inside it the process's time zone. Values are shifted into the customer's
// before they get there, so it must be UTC; nothing else here formats times with ICU.
void FormatDatesInUtc() {
  static const bool done = [] {
    icu::TimeZone::adoptDefault(icu::TimeZone::createTimeZone("UTC"));
    return true;
  }();
  static_cast<void>(done);
}

icu::Locale LocaleOf(const std::string& tag) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Locale locale = icu::Locale::forLanguageTag(tag, error);
  return tag.empty() || U_FAILURE(error) || locale.isBogus() || locale.getLanguage()[0] == '\0'
             ? icu::Locale::getEnglish()
             : locale;
}

absl::optional<double> NumberOf(absl::string_view text) {
  double number = 0;
  const bool digits = !text.empty() && (absl::ascii_isdigit(text[0]) || text[0] == '-');
  if (!digits || !absl::SimpleAtod(text, &number) || !std::isfinite(number)) return absl::nullopt;
  return number;
}

// Milliseconds since 1970 at which a clock on UTC shows what the customer's shows then.
absl::optional<double> DateOf(absl::string_view text, absl::string_view time_zone) {
  const std::string iso(text);
  absl::CivilSecond civil;
  if (!absl::ParseLenientCivilTime(iso, &civil)) {
    absl::Time time;
    if (!absl::ParseTime(absl::RFC3339_full, iso, &time, nullptr)) return absl::nullopt;
    absl::TimeZone zone;
    if (!absl::LoadTimeZone(std::string(time_zone), &zone)) zone = absl::UTCTimeZone();
    civil = absl::ToCivilSecond(time, zone);
  }
  return 1000.0 * static_cast<double>(civil - absl::CivilSecond());
}

}  // namespace

struct Phrase::Formatter {
  icu::MessageFormat format;
  // By the values, as they were: most customers of a campaign see one of a few prices.
  absl::flat_hash_map<std::string, std::string> remembered;
};

Phrase::Phrase(v1::Phrase source, std::string field_path)
    : source_(std::move(source)), field_path_(std::move(field_path)) {}

Phrase::~Phrase() = default;

absl::StatusOr<std::unique_ptr<Phrase>> Phrase::Compile(const v1::Phrase& source, const std::string& field_path) {
  FormatDatesInUtc();
  std::unique_ptr<Phrase> phrase(new Phrase(source, field_path));
  RETURN_IF_ERROR(phrase->ReadArguments());
  const std::unique_ptr<Formatter> formatter = phrase->Take(source.locale());
  if (formatter == nullptr) {
    return InvalidField(field_path + ".pattern", source.pattern(), "has a style that ICU does not know");
  }
  return phrase;
}

absl::Status Phrase::UseArgument(const std::string& name, Use use) {
  const std::string path = field_path_ + ".pattern";
  const bool valid = std::all_of(name.begin(), name.end(),
                                 [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.'; });
  if (!valid) return InvalidField(path, absl::StrCat("{", name, "}"), "names no variable");
  const auto known = std::find(arguments_.begin(), arguments_.end(), name);
  if (known == arguments_.end()) {
    arguments_.push_back(name);
    uses_.push_back(use);
    return absl::OkStatus();
  }
  Use& before = uses_[known - arguments_.begin()];
  if (before != use && before != Use::kText && use != Use::kText) {
    return InvalidField(path, absl::StrCat("{", name, "}"), "is used as two of a number, a date and a choice");
  }
  before = std::max(before, use);
  return absl::OkStatus();
}

absl::Status Phrase::ReadArguments() {
  const std::string path = field_path_ + ".pattern";
  UErrorCode error = U_ZERO_ERROR;
  UParseError where = {};
  const icu::MessagePattern pattern(FromUtf8(source_.pattern()), &where, error);
  if (U_FAILURE(error)) {
    return InvalidField(path, source_.pattern(), absl::StrCat("does not parse: ", u_errorName(error)));
  }
  for (int i = 0; i < pattern.countParts(); ++i) {
    if (pattern.getPartType(i) != UMSGPAT_PART_TYPE_ARG_START) continue;
    const icu::MessagePattern::Part& name_part = pattern.getPart(i + 1);
    std::string name;
    pattern.getSubstring(name_part).toUTF8String(name);
    if (name_part.getType() != UMSGPAT_PART_TYPE_ARG_NAME) {
      return InvalidField(path, absl::StrCat("{", name, "}"), "is a number; arguments are variables by name");
    }
    const UMessagePatternArgType type = pattern.getPart(i).getArgType();
    std::string style;
    if (type == UMSGPAT_ARG_TYPE_SIMPLE) pattern.getSubstring(pattern.getPart(i + 2)).toUTF8String(style);
    const bool date = style == "date" || style == "time";
    has_dates_ |= date;
    RETURN_IF_ERROR(UseArgument(name, date                              ? Use::kDate
                                      : type == UMSGPAT_ARG_TYPE_NONE   ? Use::kText
                                      : type == UMSGPAT_ARG_TYPE_SELECT ? Use::kChoice
                                                                        : Use::kNumber));
  }
  return absl::OkStatus();
}

std::unique_ptr<Phrase::Formatter> Phrase::Take(const std::string& locale) const {
  {
    absl::MutexLock lock(&mutex_);
    const auto idle = idle_.find(locale);
    if (idle != idle_.end() && !idle->second.empty()) {
      std::unique_ptr<Formatter> formatter = std::move(idle->second.back());
      idle->second.pop_back();
      return formatter;
    }
  }
  UErrorCode error = U_ZERO_ERROR;
  UParseError where = {};
  auto formatter = std::unique_ptr<Formatter>(
      new Formatter{icu::MessageFormat(FromUtf8(source_.pattern()), LocaleOf(locale), where, error), {}});
  return U_FAILURE(error) ? nullptr : std::move(formatter);
}

void Phrase::GiveBack(const std::string& locale, std::unique_ptr<Formatter> formatter) const {
  absl::MutexLock lock(&mutex_);
  if (idle_.size() >= kMaxLocales && !idle_.contains(locale)) idle_.clear();
  idle_[locale].push_back(std::move(formatter));
}

absl::optional<std::string> Phrase::Format(const std::string& locale, absl::string_view time_zone,
                                           absl::Span<const absl::string_view> values) const {
  std::string key;
  for (const absl::string_view value : values) absl::StrAppend(&key, value, "\x1F");
  if (has_dates_) absl::StrAppend(&key, time_zone);
  std::unique_ptr<Formatter> formatter = Take(locale);
  if (formatter == nullptr) return absl::nullopt;
  absl::optional<std::string> text;
  if (const auto known = formatter->remembered.find(key); known != formatter->remembered.end()) {
    text = known->second;
  } else if (text = FormatNew(formatter->format, time_zone, values); text.has_value()) {
    if (formatter->remembered.size() >= kMaxRemembered) formatter->remembered.clear();
    formatter->remembered[std::move(key)] = *text;
  }
  GiveBack(locale, std::move(formatter));
  return text;
}

absl::optional<std::string> Phrase::FormatNew(const icu::MessageFormat& format, absl::string_view time_zone,
                                              absl::Span<const absl::string_view> values) const {
  std::vector<icu::UnicodeString> names;
  std::vector<icu::Formattable> arguments;
  for (size_t i = 0; i < values.size(); ++i) {
    names.push_back(FromUtf8(arguments_[i]));
    if (uses_[i] == Use::kText || uses_[i] == Use::kChoice) {
      arguments.emplace_back(FromUtf8(values[i]));
      continue;
    }
    const bool is_date = uses_[i] == Use::kDate;
    const absl::optional<double> number = is_date ? DateOf(values[i], time_zone) : NumberOf(values[i]);
    if (!number.has_value()) return absl::nullopt;
    arguments.push_back(is_date ? icu::Formattable(*number, icu::Formattable::kIsDate) : icu::Formattable(*number));
  }
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString formatted;
  format.format(names.data(), arguments.data(), static_cast<int>(arguments.size()), formatted, error);
  if (U_FAILURE(error)) return absl::nullopt;
  std::string text;
  formatted.toUTF8String(text);
  return text;
}

absl::StatusOr<Phrases> Phrases::Compile(const v1::GenerationConfig& config) {
  Phrases phrases;
  for (int i = 0; i < config.phrases_size(); ++i) {
    const v1::Phrase& source = config.phrases(i);
    const std::string path = absl::StrCat("config.phrases[", i, "]");
    ASSIGN_OR_RETURN(std::shared_ptr<const Phrase> phrase, Phrase::Compile(source, path));
    auto& same_name = phrases.by_name_[source.name()];
    for (const auto& other : same_name) {
      if (LocaleDistance(other->locale(), phrase->locale()) != 0) continue;
      return InvalidField(path + ".name", source.name(), "has an earlier phrase for the same locale");
    }
    same_name.push_back(std::move(phrase));
  }
  RETURN_IF_ERROR(phrases.CheckNames(config));
  return phrases;
}

absl::Status Phrases::CheckNames(const v1::GenerationConfig& config) const {
  for (const auto* variables : {&config.variables(), &config.brand().variables()}) {
    for (const v1::Fact& variable : *variables) {
      const auto phrase = by_name_.find(variable.name());
      if (phrase == by_name_.end()) continue;
      return InvalidField(phrase->second[0]->field_path() + ".name", variable.name(), "is the name of a variable too");
    }
  }
  for (const auto& [name, same_name] : by_name_) {
    for (const auto& phrase : same_name) {
      for (const std::string& argument : phrase->arguments()) {
        if (!by_name_.contains(argument)) continue;
        return InvalidField(phrase->field_path() + ".pattern", absl::StrCat("{", argument, "}"),
                            "is a phrase; arguments are variables");
      }
    }
  }
  return absl::OkStatus();
}

const Phrase* Phrases::Find(absl::string_view name, absl::string_view locale) const {
  const auto same_name = by_name_.find(name);
  if (same_name == by_name_.end()) return nullptr;
  const Phrase* nearest = nullptr;
  int least = 0;
  for (const auto& phrase : same_name->second) {
    const int distance = LocaleDistance(locale, phrase->locale());
    if (distance < 0 || (nearest != nullptr && distance >= least)) continue;
    nearest = phrase.get();
    least = distance;
  }
  return nearest;
}

}  // namespace campaign::generator
