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

bool AnyIn(const std::vector<std::string>& any_of, absl::string_view folded) {
  return absl::c_any_of(any_of, [&](const std::string& text) { return absl::StrContains(folded, text); });
}

// The same without the preheader, which is in the HTML too, but hidden: nobody reads it there.
bool AnyInOutside(const std::vector<std::string>& any_of, absl::string_view html, absl::string_view preheader) {
  if (preheader.empty() || !AnyIn(any_of, preheader)) return true;
  const size_t at = html.find(preheader);
  if (at == absl::string_view::npos) return true;
  return AnyIn(any_of, html.substr(0, at)) || AnyIn(any_of, html.substr(at + preheader.size()));
}

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

void CompiledRequiredTexts::Check(const v1::Message& message, FoldedMessage& folded, Findings& findings) const {
  if (message.message_class() == v1::MESSAGE_CLASS_TRANSACTIONAL) return;
  for (const RequiredText& required : required_texts_) {
    if (required.channel != v1::CHANNEL_UNSPECIFIED && required.channel != message.channel()) continue;
    const auto missing = [&](absl::string_view part) {
      findings.Add(v1::VERDICT_BLOCK, required.code,
                   absl::StrCat("The ", part, " does not hold \"", required.names, "\""));
    };
    const auto in_html = [&](const std::string& html) {
      return AnyIn(required.any_of, html) && AnyInOutside(required.any_of, html, folded.Preheader());
    };
    const bool title_counts = message.channel() == v1::CHANNEL_PUSH;
    if (!AnyIn(required.any_of, folded.Text()) && !(title_counts && AnyIn(required.any_of, folded.Title()))) {
      missing("text");
    }
    // In what is read, or else in the tags: an opt-out link is an attribute.
    if (!message.html().empty() && !in_html(folded.Html()) && !in_html(folded.HtmlWithTags())) missing("HTML part");
    // It is shown instead of the text.
    if (!message.plain_text().empty() && !AnyIn(required.any_of, folded.PlainText())) missing("plain text");
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
                                                                    {"deep_link", message.deep_link()},
                                                                    {"preheader", message.preheader()},
                                                                    {"plain_text", message.plain_text()},
                                                                    {"unsubscribe_url", message.unsubscribe_url()},
                                                                    {"collapse_key", message.collapse_key()}};
  for (const auto& [name, text] : parts) {
    if (!HasTemplateMark(text)) continue;
    v1::Reason& reason = findings.Add(v1::VERDICT_BLOCK, kUnrenderedTemplate,
                                      absl::StrCat("The message's ", name, " still holds {{ or }}"));
    AddFact(reason, "part", name);
  }
}

}  // namespace campaign::compliance
