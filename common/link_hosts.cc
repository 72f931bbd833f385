#include "common/link_hosts.h"

#include <unicode/bytestream.h>
#include <unicode/idna.h>

#include <cstdint>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

namespace campaign {
namespace {

// Their hosts are what is looked up. An "intent" of Android's may name any page.
constexpr absl::string_view kWebSchemes[] = {"http", "https", "ws", "wss", "ftp", "intent"};
// They run or show what a list of hosts knows nothing of.
constexpr absl::string_view kHostlessSchemes[] = {"javascript", "vbscript", "data",       "file",
                                                  "blob",       "jar",      "filesystem", "view-source"};

bool IsOneOf(absl::string_view scheme, absl::Span<const absl::string_view> known) {
  return absl::c_any_of(known, [&](absl::string_view one) { return absl::EqualsIgnoreCase(one, scheme); });
}

bool IsSlash(char c) { return c == '/' || c == '\\'; }

absl::string_view StripControls(absl::string_view url) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!url.empty() && is_control(url.front())) url.remove_prefix(1);
  while (!url.empty() && is_control(url.back())) url.remove_suffix(1);
  return url;
}

// "https" of "https:..."; empty where there is none.
absl::string_view SchemeOf(absl::string_view url) {
  if (url.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(url[0]))) return {};
  for (size_t i = 1; i < url.size(); ++i) {
    if (url[i] == ':') return url.substr(0, i);
    if (!absl::ascii_isalnum(static_cast<unsigned char>(url[i])) && url[i] != '+' && url[i] != '-' && url[i] != '.') {
      break;
    }
  }
  return {};
}

// "example.com" of "user@example.com:443/path".
absl::string_view HostPart(absl::string_view rest) {
  size_t end = 0;
  while (end < rest.size() && !IsSlash(rest[end]) && rest[end] != '?' && rest[end] != '#') ++end;
  absl::string_view authority = rest.substr(0, end);
  if (const size_t at = authority.rfind('@'); at != absl::string_view::npos) authority.remove_prefix(at + 1);
  if (absl::StartsWith(authority, "[")) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string PercentDecoded(absl::string_view host) {
  std::string decoded;
  for (size_t i = 0; i < host.size(); ++i) {
    const bool coded = host[i] == '%' && i + 2 < host.size();
    const int high = coded ? HexDigit(host[i + 1]) : -1;
    const int low = coded ? HexDigit(host[i + 2]) : -1;
    if (high < 0 || low < 0) {
      decoded += host[i];
      continue;
    }
    decoded += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return decoded;
}

// The ASCII form of an international name; empty where it is none.
std::string ToAscii(const std::string& name) {
  static UErrorCode made = U_ZERO_ERROR;
  static const icu::IDNA* const idna = icu::IDNA::createUTS46Instance(
      UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE | UIDNA_CHECK_BIDI, made);
  if (U_FAILURE(made)) return "";
  std::string ascii;
  icu::StringByteSink<std::string> sink(&ascii);
  icu::IDNAInfo info;
  UErrorCode error = U_ZERO_ERROR;
  idna->nameToASCII_UTF8(icu::StringPiece(name.data(), static_cast<int32_t>(name.size())), sink, info, error);
  // A dot at the end is an empty label, and no error.
  const uint32_t errors = info.getErrors() & ~static_cast<uint32_t>(UIDNA_ERROR_EMPTY_LABEL);
  return U_FAILURE(error) || errors != 0 ? "" : ascii;
}

bool IsPlainHostByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

absl::string_view WithoutTrailingDot(absl::string_view host) {
  if (absl::EndsWith(host, ".")) host.remove_suffix(1);
  return absl::StartsWith(host, ".") || absl::EndsWith(host, ".") ? absl::string_view() : host;
}

// As HostOfUrl gives hosts; empty where it can be none.
absl::string_view NormalHost(absl::string_view host, std::string& buffer) {
  if (absl::c_all_of(host, IsPlainHostByte)) return WithoutTrailingDot(host);
  // An address of IPv6.
  if (absl::StartsWith(host, "[")) return host.size() > 2 && absl::EndsWith(host, "]") ? host : absl::string_view();
  std::string name = PercentDecoded(host);
  const bool ascii = absl::c_all_of(name, [](char c) { return absl::ascii_isascii(static_cast<unsigned char>(c)); });
  if (!ascii) name = ToAscii(name);
  absl::AsciiStrToLower(&name);
  if (!absl::c_all_of(name, IsPlainHostByte)) return {};
  buffer = std::move(name);
  return WithoutTrailingDot(buffer);
}

bool EntryAllows(absl::string_view entry, absl::string_view host) {
  const bool below = absl::StartsWith(entry, "*.");
  if (below) entry.remove_prefix(2);
  std::string buffer;
  const absl::string_view name = NormalHost(entry, buffer);
  if (name.empty()) return false;
  if (!below) return host == name;
  return host.size() > name.size() + 1 && absl::EndsWith(host, name) && host[host.size() - name.size() - 1] == '.';
}

}  // namespace

absl::optional<absl::string_view> HostOfUrl(absl::string_view url, std::string& buffer) {
  url = StripControls(url);
  if (absl::c_any_of(url, [](char c) { return c == '\t' || c == '\r' || c == '\n'; })) {
    // Browsers leave them out. What is left has none, so this goes no deeper.
    const std::string joined = absl::StrReplaceAll(url, {{"\t", ""}, {"\r", ""}, {"\n", ""}});
    const absl::optional<absl::string_view> host = HostOfUrl(joined, buffer);
    if (!host.has_value()) return absl::nullopt;
    buffer = std::string(*host);
    return buffer;
  }
  const absl::string_view scheme = SchemeOf(url);
  // "example.com:443/path": some programs take it for a host.
  if (!scheme.empty() && !absl::StrContains(scheme, '.')) {
    if (IsOneOf(scheme, kHostlessSchemes)) return absl::string_view();
    if (!IsOneOf(scheme, kWebSchemes)) return absl::nullopt;
    url.remove_prefix(scheme.size() + 1);
  } else if (scheme.empty() && !(url.size() >= 2 && IsSlash(url[0]) && IsSlash(url[1]))) {
    return absl::nullopt;
  }
  while (!url.empty() && IsSlash(url.front())) url.remove_prefix(1);
  return NormalHost(HostPart(url), buffer);
}

bool HostAllowed(absl::string_view host, absl::Span<const std::string> allowed) {
  std::string buffer;
  const absl::string_view name = NormalHost(host, buffer);
  if (name.empty()) return false;
  return allowed.empty() || absl::c_any_of(allowed, [&](const std::string& entry) { return EntryAllows(entry, name); });
}

}  // namespace campaign
