#include "services/compliance/content.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status.h"
#include "services/compliance/folded_text.h"

namespace campaign::compliance {
namespace {

bool IsBlank(absl::string_view text) { return absl::StripAsciiWhitespace(text).empty(); }

bool HasVisibleText(const std::string& html) { return !IsBlank(html) && !IsBlank(FoldedText(html, Markup::kVisible)); }

bool HasTemplateMark(absl::string_view text) { return absl::StrContains(text, "{{") || absl::StrContains(text, "}}"); }

// The message's texts, folded once for all required texts.
class FoldedMessage {
 public:
  explicit FoldedMessage(const v1::Message& message) : message_(message) {
    FoldText(message.text(), Markup::kPlain, text_);
    if (message.channel() == v1::CHANNEL_PUSH) FoldText(message.title(), Markup::kPlain, title_);
    if (!message.html().empty()) FoldText(message.html(), Markup::kVisible, html_);
  }

  bool TextHolds(const std::string& folded) const {
    return absl::StrContains(text_, folded) || absl::StrContains(title_, folded);
  }

  // In what is read, or else in the tags: an opt-out link is an attribute.
  bool HtmlHolds(const std::string& folded) {
    if (absl::StrContains(html_, folded)) return true;
    if (html_with_tags_.empty()) FoldText(message_.html(), Markup::kWithTags, html_with_tags_);
    return absl::StrContains(html_with_tags_, folded);
  }

 private:
  const v1::Message& message_;
  std::string text_;
  std::string title_;
  std::string html_;
  std::string html_with_tags_;
};

}  // namespace

absl::StatusOr<CompiledRequiredTexts> CompiledRequiredTexts::Compile(
    const google::protobuf::RepeatedPtrField<v1::RequiredText>& required_texts, absl::string_view field_path) {
  CompiledRequiredTexts compiled;
  for (int i = 0; i < required_texts.size(); ++i) {
    const v1::RequiredText& config = required_texts[i];
    RequiredText required{config.channel(), config.code(), {}, absl::StrJoin(config.any_of(), "\" or \"")};
    for (int t = 0; t < config.any_of_size(); ++t) {
      std::string folded = FoldedText(absl::StripAsciiWhitespace(config.any_of(t)));
      if (IsBlank(folded)) {
        return InvalidField(absl::StrCat(field_path, "[", i, "].any_of[", t, "]"),
                            absl::StrCat("\"", config.any_of(t), "\""), "is blank");
      }
      required.any_of.push_back(std::move(folded));
    }
    compiled.required_texts_.push_back(std::move(required));
  }
  return compiled;
}

void CompiledRequiredTexts::Check(const v1::Message& message, Findings& findings) const {
  if (required_texts_.empty() || message.message_class() == v1::MESSAGE_CLASS_TRANSACTIONAL) return;
  FoldedMessage folded(message);
  for (const RequiredText& required : required_texts_) {
    if (required.channel != v1::CHANNEL_UNSPECIFIED && required.channel != message.channel()) continue;
    const auto missing = [&](absl::string_view part) {
      findings.Add(v1::VERDICT_BLOCK, required.code,
                   absl::StrCat("The ", part, " does not hold \"", required.names, "\""));
    };
    if (absl::c_none_of(required.any_of, [&](const std::string& text) { return folded.TextHolds(text); })) {
      missing("text");
    }
    if (message.html().empty()) continue;
    if (absl::c_none_of(required.any_of, [&](const std::string& text) { return folded.HtmlHolds(text); })) {
      missing("HTML part");
    }
  }
}

void CheckContent(const v1::Message& message, Findings& findings) {
  const bool html_counts = message.channel() == v1::CHANNEL_EMAIL;
  if (IsBlank(message.text()) && !(html_counts && HasVisibleText(message.html()))) {
    findings.Add(v1::VERDICT_BLOCK, kEmptyMessage, "The message has no text");
  }
  const std::pair<absl::string_view, const std::string&> parts[] = {{"subject", message.subject()},
                                                                    {"text", message.text()},
                                                                    {"html", message.html()},
                                                                    {"title", message.title()},
                                                                    {"deep_link", message.deep_link()}};
  for (const auto& [name, text] : parts) {
    if (!HasTemplateMark(text)) continue;
    v1::Reason& reason = findings.Add(v1::VERDICT_BLOCK, kUnrenderedTemplate,
                                      absl::StrCat("The message's ", name, " still holds {{ or }}"));
    AddFact(reason, "part", name);
  }
}

}  // namespace campaign::compliance
