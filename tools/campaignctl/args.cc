#include "tools/campaignctl/args.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "common/nearest_name.h"
#include "common/status.h"

namespace campaign::ctl {
namespace {

constexpr char kUsagePayload[] = "campaign.ctl/usage";

const FlagSpec* FindSpec(const std::vector<FlagSpec>& specs, absl::string_view name) {
  const auto it = std::find_if(specs.begin(), specs.end(), [&](const FlagSpec& spec) { return spec.name == name; });
  return it == specs.end() ? nullptr : &*it;
}

absl::Status UnknownFlag(absl::string_view word, absl::string_view name, const std::vector<FlagSpec>& specs) {
  std::vector<std::string> names;
  for (const FlagSpec& spec : specs) names.push_back(spec.name);
  const std::string nearest = NearestName(name, names);
  return UsageError(
      absl::StrCat("unknown flag ", word, nearest.empty() ? "" : absl::StrCat("; nearest is --", nearest)));
}

// A word that can be a flag's value: no flag itself. Negative numbers are values.
bool IsValue(absl::string_view word) {
  double number = 0;
  return !absl::StartsWith(word, "-") || word == "-" || absl::SimpleAtod(word, &number);
}

// One pass over the words.
class Splitter {
 public:
  Splitter(const std::vector<std::string>& words, const std::vector<FlagSpec>& specs) : words_(words), specs_(specs) {}

  absl::StatusOr<Arguments> Split() {
    bool only_words = false;
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      if (!only_words && word == "--") {
        only_words = true;
      } else if (only_words || word == "-" || !absl::StartsWith(word, "-")) {
        arguments_.positional.push_back(word);
      } else {
        RETURN_IF_ERROR(TakeFlag(word));
      }
    }
    return std::move(arguments_);
  }

 private:
  absl::Status TakeFlag(absl::string_view word) {
    const size_t equals = word.find('=');
    const absl::string_view flag = word.substr(0, equals);
    const std::string name =
        absl::StrReplaceAll(absl::StartsWith(flag, "--") ? flag.substr(2) : flag.substr(1), {{"-", "_"}});
    const FlagSpec* spec = absl::StartsWith(flag, "--") ? FindSpec(specs_, name) : nullptr;
    if (spec == nullptr) return UnknownFlag(flag, name, specs_);
    if (arguments_.Has(name)) return UsageError(absl::StrCat("--", name, " comes twice"));
    if (equals != absl::string_view::npos) return SetValue(*spec, word.substr(equals + 1));
    const bool followed = next_ < words_.size() && IsValue(words_[next_]);
    if (spec->kind == FlagSpec::kValue && !followed) {
      return UsageError(absl::StrCat("--", name, " wants a value: --", name, " ", spec->placeholder));
    }
    arguments_.flags[name] = spec->kind != FlagSpec::kSwitch && followed ? words_[next_++] : "";
    return absl::OkStatus();
  }

  absl::Status SetValue(const FlagSpec& spec, absl::string_view value) {
    if (spec.kind == FlagSpec::kSwitch) {
      if (value == "false") return absl::OkStatus();
      if (value != "true") return UsageError(absl::StrCat("--", spec.name, " takes no value"));
      value = "";
    }
    arguments_.flags[spec.name] = std::string(value);
    return absl::OkStatus();
  }

  const std::vector<std::string>& words_;
  const std::vector<FlagSpec>& specs_;
  size_t next_ = 0;
  Arguments arguments_;
};

}  // namespace

absl::Status UsageError(absl::string_view text) {
  absl::Status status = absl::InvalidArgumentError(text);
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

bool IsUsageError(const absl::Status& status) { return status.GetPayload(kUsagePayload).has_value(); }

std::string Arguments::Text(absl::string_view flag, absl::string_view otherwise) const {
  const auto it = flags.find(flag);
  return it == flags.end() ? std::string(otherwise) : it->second;
}

absl::StatusOr<int64_t> Arguments::Number(absl::string_view flag, int64_t otherwise, int64_t least) const {
  if (!Has(flag)) return otherwise;
  int64_t number = 0;
  if (absl::SimpleAtoi(Text(flag), &number) && number >= least) return number;
  return UsageError(absl::StrCat("--", flag, " wants a whole number of at least ", least, ", not '", Text(flag), "'"));
}

absl::StatusOr<absl::Duration> Arguments::Duration(absl::string_view flag, absl::Duration otherwise) const {
  if (!Has(flag)) return otherwise;
  absl::StatusOr<absl::Duration> duration = ParseDurationText(Text(flag));
  if (!duration.ok()) return UsageError(absl::StrCat("--", flag, ": ", duration.status().message()));
  return duration;
}

absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& words, const std::vector<FlagSpec>& specs) {
  return Splitter(words, specs).Split();
}

}  // namespace campaign::ctl
