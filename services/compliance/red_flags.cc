#include "services/compliance/red_flags.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/nearest_name.h"
#include "common/status.h"
#include "common/text/sentiment.h"
#include "services/compliance/standard_red_flags.h"

namespace campaign::compliance {
namespace {

// What common/rules calls its reason when somebody's texts complain.
constexpr absl::string_view kComplaintReason = "COMPLAINT_IN_TEXTS";

// The sentence of `text` that complains by itself, or else all of it.
absl::string_view ComplainingSentence(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(".!?\n", at), text.size() - 1) + 1;
    const absl::string_view sentence = text.substr(at, end - at);
    if (text::SentimentOf(sentence).complaint) return absl::StripAsciiWhitespace(sentence);
    at = end;
  }
  return absl::StripAsciiWhitespace(text);
}

// The first text of the customer's that complains. What is typed into a search box is said to nobody.
Quote ComplaintOf(const v1::Profile& profile) {
  for (const v1::CustomerText& text : profile.recent_texts()) {
    if (text.source() != v1::TEXT_SOURCE_TICKET && text.source() != v1::TEXT_SOURCE_CHAT) continue;
    if (!text::SentimentOf(text.text()).complaint) continue;
    return {.where = std::string(SourceName(text.source())), .sentence = std::string(ComplainingSentence(text.text()))};
  }
  return {};
}

std::string UnknownStandard(absl::string_view name) {
  const std::vector<std::string> names = StandardRedFlagNames();
  const std::string nearest = NearestName(name, names);
  return absl::StrCat("is none of ", absl::StrJoin(names, ", "),
                      nearest.empty() ? "" : absl::StrCat("; nearest is ", nearest));
}

}  // namespace

bool IsUpperSnake(absl::string_view code) {
  return !code.empty() && absl::ascii_isupper(code[0]) && absl::c_all_of(code, [](unsigned char c) {
    return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_';
  });
}

// Raises flags for one item.
class CompiledRedFlags::Raiser {
 public:
  Raiser(const v1::CheckItem& item, const Overrides& overrides, Findings& findings)
      : item_(item), overrides_(overrides), findings_(findings) {}

  // Whether nobody has accepted it.
  bool Wanted(absl::string_view code) const { return !absl::c_linear_search(item_.accepted_red_flags(), code); }

  v1::Reason& Raise(absl::string_view code, absl::string_view text) {
    if (!absl::c_linear_search(findings_.red_flags, code)) findings_.red_flags.emplace_back(code);
    return findings_.Add(v1::VERDICT_REVIEW, code, text);
  }

  // `quote`: what its words found, or none.
  void Check(const Flag& flag, const Quote* quote, const rules::Subject& subject) {
    const bool rule_holds = flag.when.has_value() && flag.when->Matches(subject);
    if (!rule_holds && quote == nullptr) return;
    if (!Wanted(flag.code) || overrides_.Waive(flag.code)) return;
    std::string because = quote != nullptr ? quote->Text() : "";
    bool complains = false;
    if (rule_holds) {
      for (const v1::Reason& reason : flag.when->Explain(subject)) {
        absl::StrAppend(&because, because.empty() ? "" : "; ", reason.text());
        complains = complains || reason.code() == kComplaintReason;
      }
    }
    const Quote complaint = complains && quote == nullptr ? ComplaintOf(item_.profile()) : Quote();
    if (complaint.found()) absl::StrAppend(&because, ": \"", complaint.sentence, "\"");
    if (because.empty()) because = "holds for every customer";
    v1::Reason& reason = Raise(flag.code, flag.text.empty() ? because : absl::StrCat(flag.text, ": ", because));
    if (quote != nullptr) quote->AddFacts(reason);
    if (complaint.found()) complaint.AddFacts(reason);
  }

 private:
  const v1::CheckItem& item_;
  const Overrides& overrides_;
  Findings& findings_;
};

absl::Status CompiledRedFlags::Add(const v1::RedFlag& config, const std::string& path, PhraseFinder& phrases) {
  if (!IsUpperSnake(config.code())) {
    return InvalidField(path + ".code", absl::StrCat("\"", config.code(), "\""), "is not UPPER_SNAKE");
  }
  if (!config.has_when() && config.words().empty()) {
    return InvalidField(path, config.code(), "has neither when nor words");
  }
  Flag flag{.code = config.code(), .text = config.text(), .when = absl::nullopt};
  if (config.has_when()) {
    ASSIGN_OR_RETURN(flag.when, rules::CompiledRule::Compile(config.when(), path + ".when"));
  }
  for (int w = 0; w < config.words_size(); ++w) {
    if (!phrases.Add(config.words(w), size(), PhraseFinder::Texts::kMessageAndCustomers)) {
      return InvalidField(absl::StrCat(path, ".words[", w, "]"), absl::StrCat("\"", config.words(w), "\""), "is blank");
    }
  }
  flags_.push_back(std::move(flag));
  return absl::OkStatus();
}

absl::StatusOr<CompiledRedFlags> CompiledRedFlags::Compile(const v1::ComplianceConfig& config,
                                                           absl::string_view field_path, PhraseFinder& phrases) {
  CompiledRedFlags compiled;
  compiled.trust_text_model_ = config.trust_text_model();
  for (int i = 0; i < config.red_flags_size(); ++i) {
    RETURN_IF_ERROR(compiled.Add(config.red_flags(i), absl::StrCat(field_path, ".red_flags[", i, "]"), phrases));
  }
  for (int i = 0; i < config.standard_red_flags_size(); ++i) {
    const std::string& name = config.standard_red_flags(i);
    const std::string path = absl::StrCat(field_path, ".standard_red_flags[", i, "]");
    const auto end = config.standard_red_flags().begin() + i;
    if (std::find(config.standard_red_flags().begin(), end, name) != end) {
      return InvalidField(path, absl::StrCat("\"", name, "\""), "is there already");
    }
    const absl::optional<v1::RedFlag> flag = StandardRedFlag(name);
    if (!flag.has_value()) return InvalidField(path, absl::StrCat("\"", name, "\""), UnknownStandard(name));
    RETURN_IF_ERROR(compiled.Add(*flag, path, phrases));
  }
  return compiled;
}

bool CompiledRedFlags::IsCode(absl::string_view code) const {
  return code == kModelText || absl::c_any_of(flags_, [&](const Flag& flag) { return flag.code == code; });
}

void CompiledRedFlags::Check(const v1::CheckItem& item, absl::Span<const Quote> quotes, const Overrides& overrides,
                             Findings& findings) const {
  Raiser raiser(item, overrides, findings);
  if (!item.message().model().empty() && !trust_text_model_ && raiser.Wanted(kModelText) &&
      !overrides.Waive(kModelText)) {
    AddFact(raiser.Raise(kModelText, absl::StrCat("Written by the language model ", item.message().model())), "model",
            item.message().model());
  }
  if (overrides.review_always() && raiser.Wanted(kReviewAlways)) {
    raiser.Raise(kReviewAlways, "A person sees every message to this customer");
  }
  if (flags_.empty()) return;
  const rules::Subject subject{item.profile(), item.has_segment() ? &item.segment() : nullptr};
  for (size_t i = 0; i < flags_.size(); ++i) {
    raiser.Check(flags_[i], i < quotes.size() && quotes[i].found() ? &quotes[i] : nullptr, subject);
  }
}

}  // namespace campaign::compliance
