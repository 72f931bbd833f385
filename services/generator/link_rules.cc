#include "services/generator/link_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::generator {

size_t LinkBreakLength(absl::string_view text, absl::string_view before) {
  const auto c = static_cast<unsigned char>(text[0]);
  if (c <= ' ' || c == 0x7F) return 1;
  if (absl::string_view("<>\"'`|[]{}^").find(text[0]) != absl::string_view::npos) return 1;
  if (c == '(') return absl::StrContains(before, "//") ? 0 : 1;
  if (c == ')')
    return std::count(before.begin(), before.end(), '(') > std::count(before.begin(), before.end(), ')') ? 0 : 1;
  // No-break space, « and »; U+2000 to U+206F, which are spaces, dashes and quotes.
  for (const char* two : {"\xC2\xA0", "\xC2\xAB", "\xC2\xBB"}) {
    if (absl::StartsWith(text, two)) return 2;
  }
  return text.size() >= 3 && (absl::StartsWith(text, "\xE2\x80") || absl::StartsWith(text, "\xE2\x81")) ? 3 : 0;
}

size_t FindWebLink(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const absl::string_view rest = text.substr(i);
    const bool starts = (rest[0] == 'h' || rest[0] == 'H') ? absl::StartsWithIgnoreCase(rest, "http:/") ||
                                                                 absl::StartsWithIgnoreCase(rest, "https:/") ||
                                                                 absl::StartsWithIgnoreCase(rest, "http:\\") ||
                                                                 absl::StartsWithIgnoreCase(rest, "https:\\")
                        : (rest[0] == 'w' || rest[0] == 'W')
                            ? absl::StartsWithIgnoreCase(rest, "www.") && (i == 0 || !absl::ascii_isalnum(text[i - 1]))
                            : false;
    if (starts) return i;
  }
  return text.npos;
}

absl::string_view WithoutPunctuation(absl::string_view link) {
  while (!link.empty() && absl::string_view(".,;:!?*_~").find(link.back()) != absl::string_view::npos) {
    link.remove_suffix(1);
  }
  return link;
}

bool Unsubscribes(absl::string_view address, const std::vector<std::string>& unsubscribing) {
  return std::any_of(unsubscribing.begin(), unsubscribing.end(), [&](const std::string& start) {
    if (!absl::StartsWith(address, start)) return false;
    return address.size() == start.size() ||
           absl::string_view("/\\?#").find(address[start.size()]) != absl::string_view::npos;
  });
}

absl::StatusOr<LinkRules> LinkRules::Compile(const v1::LinkPolicy& policy) {
  LinkRules rules;
  for (int i = 0; i < policy.allowed_hosts_size(); ++i) {
    absl::string_view host = policy.allowed_hosts(i);
    const bool below = absl::ConsumePrefix(&host, "*.");
    std::string normal = NormalHost(host);
    if (normal.empty()) {
      return InvalidField(absl::StrCat("config.links.allowed_hosts[", i, "]"), policy.allowed_hosts(i),
                          "is no host, such as shop.example.com or *.example.com");
    }
    if (below) {
      rules.parents_.push_back("." + normal);
    } else {
      rules.hosts_.insert(std::move(normal));
    }
  }
  absl::flat_hash_set<absl::string_view> names;
  for (int i = 0; i < policy.tracking_parameters_size(); ++i) {
    const std::string& name = policy.tracking_parameters(i).name();
    const std::string path = absl::StrCat("config.links.tracking_parameters[", i, "].name");
    const auto plain = [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; };
    if (!std::all_of(name.begin(), name.end(), plain))
      return InvalidField(path, name, "has more than letters, digits and -._~");
    if (!names.insert(name).second) return InvalidField(path, name, "is named twice");
  }
  rules.tracks_ = !names.empty();
  return rules;
}

bool LinkRules::Allows(const LinkTarget& target) const {
  if (!restricts() || target.kind == LinkTarget::Kind::kElsewhere) return true;
  if (target.kind == LinkTarget::Kind::kUnsafe || target.has_user || target.host.empty()) return false;
  if (hosts_.contains(target.host)) return true;
  return std::any_of(parents_.begin(), parents_.end(), [&](const std::string& parent) {
    return target.host.size() > parent.size() && absl::EndsWith(target.host, parent);
  });
}

std::string LinkRules::FindForbidden(absl::string_view text) const {
  for (size_t start = FindWebLink(text); start != text.npos; start = FindWebLink(text)) {
    text.remove_prefix(start);
    size_t end = 0;
    while (end < text.size() && LinkBreakLength(text.substr(end), text.substr(0, end)) == 0) ++end;
    const absl::string_view link = WithoutPunctuation(text.substr(0, end));
    if (!Allows(ResolveLink(link))) return std::string(link);
    text.remove_prefix(end);
  }
  return "";
}

}  // namespace campaign::generator
