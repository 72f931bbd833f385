#include "services/generator/link_rules.h"

#include <unicode/uidna.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status.h"
#include "services/generator/insertion.h"

namespace campaign::generator {
namespace {

constexpr absl::string_view kSlashes = "/\\";
constexpr absl::string_view kAuthorityEnd = "/\\?#";

std::string WithoutTabsAndBreaks(absl::string_view address) {
  while (!address.empty() && static_cast<unsigned char>(address.front()) <= ' ') address.remove_prefix(1);
  while (!address.empty() && static_cast<unsigned char>(address.back()) <= ' ') address.remove_suffix(1);
  std::string clean(address);
  clean.erase(std::remove_if(clean.begin(), clean.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }),
              clean.end());
  return clean;
}

// "https" of "https:..."; empty: none.
absl::string_view SchemeOf(absl::string_view address) {
  const size_t colon = address.find(':');
  if (colon == absl::string_view::npos || colon == 0 || !absl::ascii_isalpha(address[0])) return "";
  const absl::string_view scheme = address.substr(0, colon);
  const bool valid = std::all_of(scheme.begin(), scheme.end(),
                                 [](char c) { return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.'; });
  return valid ? scheme : "";
}

std::string PercentDecoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) && absl::ascii_isxdigit(text[i + 2]);
    if (!escape) {
      decoded.push_back(text[i]);
      continue;
    }
    decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
    i += 2;
  }
  return decoded;
}

// As UTS 46 maps names for look-up; empty for what is none.
std::string NormalHost(absl::string_view host) {
  static const UIDNA* const idna = [] {
    UErrorCode error = U_ZERO_ERROR;
    return uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI, &error);
  }();
  std::array<char, 512> ascii;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode error = U_ZERO_ERROR;
  const int length = uidna_nameToASCII_UTF8(idna, host.data(), static_cast<int>(host.size()), ascii.data(),
                                            static_cast<int>(ascii.size()), &info, &error);
  // A dot at the end is an empty label, which is no fault here.
  const uint32_t faults = info.errors & ~uint32_t{UIDNA_ERROR_EMPTY_LABEL};
  if (U_FAILURE(error) || faults != 0 || length >= static_cast<int>(ascii.size())) return "";
  absl::string_view name(ascii.data(), length);
  absl::ConsumeSuffix(&name, ".");
  const auto is_host = [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_'; };
  if (!std::all_of(name.begin(), name.end(), is_host)) return "";
  return std::string(name);
}

void ReadAuthority(absl::string_view rest, LinkTarget& target) {
  absl::string_view authority = rest.substr(0, rest.find_first_of(kAuthorityEnd));
  const size_t at = authority.rfind('@');
  target.kind = LinkTarget::Kind::kWeb;
  target.has_user = at != absl::string_view::npos;
  if (target.has_user) authority.remove_prefix(at + 1);
  const size_t colon = authority.rfind(':');
  if (colon != absl::string_view::npos &&
      authority.find_first_not_of("0123456789", colon + 1) == absl::string_view::npos) {
    authority = authority.substr(0, colon);
  }
  target.host = NormalHost(PercentDecoded(authority));
}

bool IsUnsafeScheme(absl::string_view scheme) {
  return scheme == "javascript" || scheme == "data" || scheme == "vbscript" || scheme == "file" || scheme == "blob";
}

char NamedCharacter(absl::string_view name) {
  constexpr std::pair<absl::string_view, char> kNames[] = {
      {"amp", '&'},    {"colon", ':'},  {"sol", '/'},    {"bsol", '\\'}, {"period", '.'},
      {"commat", '@'}, {"quest", '?'},  {"num", '#'},    {"Tab", '\t'},  {"NewLine", '\n'},
      {"nbsp", ' '},   {"quot", '"'},   {"lt", '<'},     {"gt", '>'},    {"percnt", '%'},
      {"equals", '='}, {"lowbar", '_'}, {"hyphen", '-'}, {"dash", '-'}};
  for (const auto& [known, character] : kNames) {
    if (known == name) return character;
  }
  return '\0';
}

// '\0' for what is no entity of an ASCII character.
char EntityCharacter(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, "#")) return NamedCharacter(name);
  uint32_t code = 0;
  const bool hex = absl::ConsumePrefix(&name, "x") || absl::ConsumePrefix(&name, "X");
  const bool valid = hex ? absl::SimpleHexAtoi(name, &code) : absl::SimpleAtoi(name, &code);
  return valid && code < 0x80 ? static_cast<char>(code) : '\0';
}

}  // namespace

LinkTarget ResolveLink(absl::string_view address) {
  const std::string clean = WithoutTabsAndBreaks(address);
  absl::string_view rest = clean;
  const std::string scheme = absl::AsciiStrToLower(SchemeOf(rest));
  LinkTarget target;
  if (IsUnsafeScheme(scheme)) {
    target.kind = LinkTarget::Kind::kUnsafe;
  } else if (scheme == "http" || scheme == "https" || scheme == "ftp" || scheme == "ws" || scheme == "wss") {
    target.https = scheme == "https";
    rest.remove_prefix(scheme.size() + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(kSlashes), rest.size()));
    ReadAuthority(rest, target);
  } else if (rest.size() >= 2 && kSlashes.find(rest[0]) != kSlashes.npos && kSlashes.find(rest[1]) != kSlashes.npos) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kSlashes), rest.size()));
    ReadAuthority(rest, target);
  } else if (absl::StartsWithIgnoreCase(rest, "www.")) {
    ReadAuthority(rest, target);
  }
  return target;
}

std::string DecodeEntities(absl::string_view html) {
  std::string text;
  for (size_t i = 0; i < html.size(); ++i) {
    const size_t end = html[i] == '&' ? html.find_first_not_of(
                                            "#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", i + 1)
                                      : html.npos;
    // Browsers read "&#47" without a semicolon as well.
    const absl::string_view name = html[i] == '&' ? html.substr(i + 1, end == html.npos ? html.npos : end - i - 1) : "";
    const char character = name.empty() ? '\0' : EntityCharacter(name);
    text.push_back(character == '\0' ? html[i] : character);
    if (character == '\0') continue;
    i += name.size();
    if (i + 1 < html.size() && html[i + 1] == ';') ++i;
  }
  return text;
}

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
    return address.size() == start.size() || kAuthorityEnd.find(address[start.size()]) != kAuthorityEnd.npos;
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

namespace {

// In HTML "&#39;" is no fragment.
size_t FindFragment(absl::string_view address, bool html) {
  size_t hash = address.find('#');
  while (html && hash != address.npos && hash > 0 && address[hash - 1] == '&') hash = address.find('#', hash + 1);
  return std::min(hash, address.size());
}

bool HasParameter(absl::string_view query, absl::string_view name) {
  for (size_t at = query.find(name); at != query.npos; at = query.find(name, at + 1)) {
    const absl::string_view after = query.substr(at + name.size());
    // "&amp;" ends with a semicolon.
    const bool starts = at == 0 || query[at - 1] == '&' || query[at - 1] == ';';
    if (starts && (after.empty() || after[0] == '=' || after[0] == '&')) return true;
  }
  return false;
}

std::string NewParameters(absl::string_view parameters, absl::string_view query) {
  std::string rest;
  for (const absl::string_view parameter : absl::StrSplit(parameters, '&', absl::SkipEmpty())) {
    if (HasParameter(query, parameter.substr(0, parameter.find('=')))) continue;
    absl::StrAppend(&rest, rest.empty() ? "" : "&", parameter);
  }
  return rest;
}

}  // namespace

void AddTracking(absl::string_view parameters, bool html, size_t start, std::string& output) {
  const absl::string_view address = absl::string_view(output).substr(start);
  const size_t end = FindFragment(address, html);
  const size_t question = address.substr(0, end).find('?');
  const bool has_query = question != address.npos;
  std::string addition =
      has_query ? NewParameters(parameters, address.substr(question + 1, end - question - 1)) : std::string(parameters);
  if (addition.empty()) return;
  addition.insert(0, !has_query ? "?" : question + 1 == end ? "" : "&");
  if (end < address.size()) {
    std::string escaped;
    if (html) AppendHtml(addition, escaped);
    output.insert(start + end, html ? escaped : addition);
  } else if (html) {
    AppendHtml(addition, output);
  } else {
    output.append(addition);
  }
}

}  // namespace campaign::generator
