#include "services/generator/link_target.h"

#include <unicode/uidna.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

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

}  // namespace campaign::generator
