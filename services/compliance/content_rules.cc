#include "services/compliance/content_rules.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/link_hosts.h"
#include "common/sms.h"
#include "services/compliance/id_numbers.h"

namespace campaign::compliance {
namespace {

constexpr int kDefaultSmsSegments = 3;
constexpr int kDefaultSubjectCharacters = 150;
// Fewer may be a name, or a word such as "SALE".
constexpr int kFewestCapitals = 6;
// Reasons for links; who repairs these looks at the others too.
constexpr size_t kMostHostsNamed = 8;

int CountCharacters(absl::string_view text) {
  return static_cast<int>(
      absl::c_count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool HasEmptyPlace(absl::string_view folded) {
  for (size_t at = folded.find(','); at != absl::string_view::npos; at = folded.find(',', at + 1)) {
    if (at > 0 && folded[at - 1] == ' ') return true;
  }
  for (size_t at = folded.find('('); at != absl::string_view::npos; at = folded.find('(', at + 1)) {
    if (absl::StartsWith(folded.substr(at + 1), ")") || absl::StartsWith(folded.substr(at + 1), " )")) return true;
  }
  return false;
}

// Names each host once.
class LinkReasons {
 public:
  LinkReasons(const std::vector<std::string>& allowed, Findings& findings) : allowed_(allowed), findings_(findings) {}

  void Look(absl::string_view part, absl::string_view host) {
    // A message's links mostly lead to one host.
    if (!last_allowed_.empty() && host == last_allowed_) return;
    if (HostAllowed(host, allowed_)) {
      last_allowed_ = std::string(host);
      return;
    }
    if (named_.size() == kMostHostsNamed || absl::c_linear_search(named_, host)) return;
    named_.emplace_back(host);
    const std::string where =
        host.empty() ? "to where nobody can say" : absl::StrCat("to ", host, ", which is not allowed");
    v1::Reason& reason =
        findings_.Add(v1::VERDICT_BLOCK, kLinkNotAllowed, absl::StrCat("The ", part, " links ", where));
    AddFact(reason, "part", part);
    AddFact(reason, "host", host);
  }

  void LookInText(absl::string_view part, absl::string_view text, bool html) {
    ForEachLink(text, html, [&](absl::string_view, absl::string_view host) { Look(part, host); });
  }

  void LookAtUrl(absl::string_view part, absl::string_view url) {
    if (url.empty()) return;
    std::string buffer;
    if (const auto host = HostOfUrl(url, buffer)) Look(part, *host);
  }

 private:
  const std::vector<std::string>& allowed_;
  Findings& findings_;
  std::vector<std::string> named_;
  std::string last_allowed_;
};

}  // namespace

CompiledContentRules::CompiledContentRules(const v1::ContentRules& config)
    : allowed_hosts_(config.allowed_hosts().begin(), config.allowed_hosts().end()),
      max_sms_segments_(config.max_sms_segments() == 0 ? kDefaultSmsSegments : config.max_sms_segments()),
      max_subject_characters_(config.max_subject_characters() == 0 ? kDefaultSubjectCharacters
                                                                   : config.max_subject_characters()),
      allow_capitals_(config.allow_capitals()) {}

void CompiledContentRules::CheckLinks(const v1::Message& message, Findings& findings) const {
  LinkReasons reasons(allowed_hosts_, findings);
  reasons.LookInText("text", message.text(), false);
  reasons.LookInText("HTML", message.html(), true);
  reasons.LookInText("subject", message.subject(), false);
  reasons.LookInText("preheader", message.preheader(), false);
  reasons.LookInText("title", message.title(), false);
  reasons.LookInText("plain text", message.plain_text(), false);
  reasons.LookAtUrl("deep link", message.deep_link());
  reasons.LookAtUrl("unsubscribe link", message.unsubscribe_url());
}

void CompiledContentRules::CheckSubject(const v1::Message& message, Findings& findings) const {
  if (absl::StripAsciiWhitespace(message.subject()).empty()) {
    findings.Add(v1::VERDICT_BLOCK, kSubjectMissing, "The e-mail has no subject");
    return;
  }
  if (!allow_capitals_ && IsInCapitals(message.subject())) {
    findings.Add(v1::VERDICT_BLOCK, kSubjectInCapitals, "The subject is in capitals");
  }
  const int characters = CountCharacters(message.subject());
  if (characters > max_subject_characters_) {
    v1::Reason& reason =
        findings.Add(v1::VERDICT_BLOCK, kSubjectTooLong,
                     absl::StrCat("The subject has ", characters, " characters, more than ", max_subject_characters_));
    AddFact(reason, "characters", absl::StrCat(characters));
  }
}

void CompiledContentRules::Check(const v1::Message& message, FoldedMessage& folded, Findings& findings) const {
  if (!allowed_hosts_.empty()) CheckLinks(message, findings);
  if (message.channel() == v1::CHANNEL_EMAIL) CheckSubject(message, findings);
  if (message.channel() == v1::CHANNEL_SMS) {
    const SmsSize size = MeasureSms(message.text());
    if (size.segments > max_sms_segments_) {
      v1::Reason& reason = findings.Add(
          v1::VERDICT_BLOCK, kSmsTooLong,
          absl::StrCat("The SMS takes ", size.segments, " segments, more than ", max_sms_segments_,
                       size.forcing.empty() ? "" : absl::StrCat("; ", size.forcing, " makes them shorter")));
      AddFact(reason, "segments", absl::StrCat(size.segments));
    }
  }
  const std::pair<absl::string_view, const std::string&> parts[] = {{"text", folded.Text()},
                                                                    {"subject", folded.Subject()},
                                                                    {"title", folded.Title()},
                                                                    {"preheader", folded.Preheader()}};
  for (const auto& [name, text] : parts) {
    if (!HasEmptyPlace(text)) continue;
    v1::Reason& reason =
        findings.Add(v1::VERDICT_BLOCK, kEmptyVariable,
                     absl::StrCat("Something is missing in the ", name, ": it holds \" ,\" or \"()\""));
    AddFact(reason, "part", name);
  }
}

void CheckIdNumbers(const v1::Message& message, FoldedMessage& folded, Findings& findings) {
  std::vector<absl::string_view> kinds;
  const auto look = [&](absl::string_view part, const std::string& text) {
    FindIdNumbers(text, [&](const IdNumber& number) {
      if (absl::c_linear_search(kinds, number.kind)) return;
      kinds.push_back(number.kind);
      v1::Reason& reason =
          findings.Add(v1::VERDICT_BLOCK, number.code,
                       absl::StrCat("The ", part, " holds the number of a ", number.kind,
                                    number.last_four.empty() ? "" : " that ends in ", number.last_four));
      AddFact(reason, "part", part);
      AddFact(reason, "kind", number.kind);
    });
  };
  look("text", folded.Text());
  look("subject", folded.Subject());
  look("title", folded.Title());
  look("preheader", folded.Preheader());
  look("plain text", folded.PlainText());
  if (!message.html().empty()) look("HTML", folded.Html());
}

bool IsInCapitals(absl::string_view subject) {
  int capitals = 0;
  const auto size = static_cast<int32_t>(subject.size());
  for (int32_t i = 0; i < size;) {
    UChar32 c;
    U8_NEXT_OR_FFFD(subject.data(), i, size, c);
    if (u_islower(c)) return false;
    capitals += u_isupper(c);
  }
  return capitals >= kFewestCapitals;
}

}  // namespace campaign::compliance
