#include "tools/campaignctl/message_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/step_text.h"
#include "tools/campaignctl/words.h"

namespace campaign::ctl {
namespace {

constexpr char kMargin[] = "      ";
constexpr char kBar[] = "      | ";

std::string Line(absl::string_view text) { return Indent(text, kMargin); }

std::string Field(absl::string_view name, absl::string_view value) {
  return value.empty() ? "" : Indent(absl::StrCat(name, ": ", value), kBar);
}

// "EMAIL message, MARKETING, en, template mug, brand Nordlicht, written by gpt-x 2".
std::string Head(const v1::Message& message) {
  std::string text = absl::StrCat(EnumText(message.channel()), " message, ", EnumText(message.message_class()));
  const auto add = [&](absl::string_view name, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&text, ", ", name, value);
  };
  add("", message.locale());
  add("template ", message.template_id());
  add("brand ", message.brand());
  add("written by ", message.model());
  return Line(text);
}

std::string Words(const v1::Message& message) {
  std::string text = absl::StrCat(
      Field("To", message.address()), Field("Subject", message.subject()), Field("Preheader", message.preheader()),
      Field("Title", message.title()), Field("Link", message.deep_link()), Field("Replaces", message.collapse_key()),
      Field("Unsubscribe", message.unsubscribe_url()), Indent("", kBar), Indent(message.text(), kBar));
  if (message.plain_text().empty()) return text;
  return absl::StrCat(text, Indent("\nWithout markup:\n" + message.plain_text(), kBar));
}

std::string Html(const v1::Message& message, bool with_html) {
  if (message.html().empty()) return "";
  if (with_html) return Indent("\nHTML part:\n" + message.html(), kBar);
  return Line(absl::StrCat("HTML part of ", FormatCount(static_cast<int64_t>(message.html().size())),
                           " bytes; --html shows it"));
}

}  // namespace

std::string MessageText(const v1::Message& message, bool with_html) {
  std::string text = absl::StrCat(Head(message), Words(message), Html(message, with_html));
  if (!message.fallbacks_used().empty()) {
    absl::StrAppend(&text, Line("from fallbacks: " + absl::StrJoin(message.fallbacks_used(), ", ")));
  }
  return text + ReasonLines("to know:", message.notes());
}

}  // namespace campaign::ctl
