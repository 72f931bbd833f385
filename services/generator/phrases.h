#pragma once

#include <unicode/msgfmt.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "campaign/v1/generator.pb.h"

namespace campaign::generator {

// A sentence in ICU's MessageFormat. What an argument is follows from how the pattern uses it:
//
//   {n, number, ...} {n, plural, ...} {n, selectordinal, ...}   a number: "26.97", as the offer step gives prices
//   {d, date, ...} {d, time, ...}       ISO 8601: "2026-12-31", "2026-12-31T18:00:00" (both as they stand),
//                                       "2026-12-31T18:00:00Z" (in the customer's time zone)
//   {s} {s, select, ...}                a text, inserted as it is
//
// Money: {price, number, ::currency/USD}. A percentage of 12: {discount_percent, number, ::percent}.
// Thread-safe: each thread at work has a formatter of its own, kept for the next one, with what it formatted last.
class Phrase {
 public:
  // INVALID_ARGUMENT "<field_path>.pattern: ...": ICU does not read it; a numbered argument; an argument that is used
  // as a number and a date.
  static absl::StatusOr<std::unique_ptr<Phrase>> Compile(const v1::Phrase& source, const std::string& field_path);
  ~Phrase();

  const std::string& name() const { return source_.name(); }
  const std::string& locale() const { return source_.locale(); }
  const std::string& field_path() const { return field_path_; }
  // Names of variables, each once.
  const std::vector<std::string>& arguments() const { return arguments_; }

  // The sentence in a locale (BCP 47; empty: English), with the arguments' values in their order. None: a value is no
  // number or date where one is needed.
  absl::optional<std::string> Format(const std::string& locale, absl::string_view time_zone,
                                     absl::Span<const absl::string_view> values) const;

 private:
  enum class Use { kText, kChoice, kNumber, kDate };
  struct Formatter;
  using Idle = std::vector<std::unique_ptr<Formatter>>;

  Phrase(v1::Phrase source, std::string field_path);
  absl::Status ReadArguments();
  absl::Status UseArgument(const std::string& name, Use use);
  absl::optional<std::string> FormatNew(const icu::MessageFormat& format, absl::string_view time_zone,
                                        absl::Span<const absl::string_view> values) const;
  std::unique_ptr<Formatter> Take(const std::string& locale) const;
  void GiveBack(const std::string& locale, std::unique_ptr<Formatter> formatter) const;

  const v1::Phrase source_;
  const std::string field_path_;
  std::vector<std::string> arguments_;
  std::vector<Use> uses_;
  bool has_dates_ = false;
  mutable absl::Mutex mutex_;
  mutable absl::flat_hash_map<std::string, Idle> idle_ ABSL_GUARDED_BY(mutex_);
};

// A campaign's phrases.
class Phrases {
 public:
  // INVALID_ARGUMENT "config.phrases[2]....": as above; two of the same name and locale; one that has the name of a
  // variable, or is an argument of another.
  static absl::StatusOr<Phrases> Compile(const v1::GenerationConfig& config);

  // Of the name, for the locale ("de-AT") or what it is a kind of ("de", ""). Null: none.
  const Phrase* Find(absl::string_view name, absl::string_view locale) const;
  bool Has(absl::string_view name) const { return by_name_.contains(name); }

 private:
  absl::Status CheckNames(const v1::GenerationConfig& config) const;

  absl::flat_hash_map<std::string, std::vector<std::shared_ptr<const Phrase>>> by_name_;
};

}  // namespace campaign::generator
