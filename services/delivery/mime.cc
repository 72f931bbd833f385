#include "services/delivery/mime.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace campaign::delivery {
namespace {

// RFC 2822's line length recommendation, less the longest header name that carries text, "Subject: ".
constexpr size_t kMaxPlainHeaderBytes = 67;
// Base64 of 39 bytes and "=?UTF-8?B??=" are 64 characters: they fit behind "Subject: ".
constexpr size_t kEncodedWordBytes = 39;
// RFC 2045: 76 characters, the last of which may have to be the soft line break's "=".
constexpr size_t kMaxQuotedLine = 75;
// Quoted-printable cannot hold "=_", so no part can hold the boundary.
constexpr char kBoundary[] = "=_campaign_part";

bool IsPrintableAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

size_t LineBreakLength(absl::string_view text) {
  if (absl::StartsWith(text, "\r\n")) return 2;
  return !text.empty() && (text[0] == '\n' || text[0] == '\r') ? 1 : 0;
}

// Blanks at a line's end would be lost on the way.
bool NeedsQuoting(absl::string_view text) {
  const unsigned char c = text[0];
  if (c == ' ' || c == '\t') return text.size() == 1 || LineBreakLength(text.substr(1)) > 0;
  return c < 0x20 || c > 0x7E || c == '=';
}

void AppendPart(absl::string_view type, absl::string_view text, std::string& output) {
  absl::StrAppend(&output, "Content-Type: ", type, "; charset=utf-8\r\n",
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
  AppendQuotedPrintable(text, output);
  output.append("\r\n");
}

bool IsLocalPart(absl::string_view local) {
  constexpr absl::string_view kSpecials = "!#$%&'*+-/=?^_`{|}~.";
  if (local.empty() || local.size() > 64 || local.front() == '.' || local.back() == '.') return false;
  return !absl::StrContains(local, "..") && std::all_of(local.begin(), local.end(), [&](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains(kSpecials, c);
  });
}

bool IsDomain(absl::string_view domain) {
  if (domain.empty() || domain.front() == '.' || domain.back() == '.' || absl::StrContains(domain, "..")) return false;
  return std::all_of(domain.begin(), domain.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.'; });
}

}  // namespace

size_t WholeCharacters(absl::string_view text, size_t limit) {
  if (text.size() <= limit) return text.size();
  size_t length = limit;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  return length > 0 ? length : limit;
}

bool IsMailbox(absl::string_view address) {
  const size_t at = address.rfind('@');
  return at != absl::string_view::npos && address.size() <= 254 && IsLocalPart(address.substr(0, at)) &&
         IsDomain(address.substr(at + 1));
}

std::string EncodeHeaderText(absl::string_view text) {
  std::string clean(text);
  std::replace_if(clean.begin(), clean.end(), absl::ascii_iscntrl, ' ');
  const bool plain = clean.size() <= kMaxPlainHeaderBytes && IsPrintableAscii(clean) && !absl::StrContains(clean, "=?");
  if (plain && absl::StripAsciiWhitespace(clean).size() == clean.size()) return clean;
  std::string encoded;
  for (absl::string_view rest = clean; !rest.empty();) {
    const size_t length = WholeCharacters(rest, kEncodedWordBytes);
    absl::StrAppend(&encoded, encoded.empty() ? "" : "\r\n ", "=?UTF-8?B?", absl::Base64Escape(rest.substr(0, length)),
                    "?=");
    rest.remove_prefix(length);
  }
  return encoded;
}

void AppendQuotedPrintable(absl::string_view text, std::string& output) {
  constexpr char kHex[] = "0123456789ABCDEF";
  size_t column = 0;
  while (!text.empty()) {
    if (const size_t line_break = LineBreakLength(text); line_break > 0) {
      output.append("\r\n");
      column = 0;
      text.remove_prefix(line_break);
      continue;
    }
    const bool quote = NeedsQuoting(text);
    const size_t width = quote ? 3 : 1;
    if (column + width > kMaxQuotedLine) {
      output.append("=\r\n");
      column = 0;
    }
    const unsigned char c = text[0];
    if (quote) {
      output.append({'=', kHex[c >> 4], kHex[c & 0xF]});
    } else {
      output.push_back(text[0]);
    }
    column += width;
    text.remove_prefix(1);
  }
}

std::string FormatEmail(const Email& email) {
  std::string output;
  output.reserve(1024 + (email.text.size() + email.html.size()) * 5 / 4);
  absl::StrAppend(&output, "From: ", email.from, "\r\nTo: ", email.to, "\r\nSubject: ", EncodeHeaderText(email.subject),
                  "\r\nDate: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", email.date, absl::UTCTimeZone()),
                  "\r\nMessage-ID: <", email.message_id, ">\r\nMIME-Version: 1.0\r\n");
  if (email.html.empty()) {
    AppendPart("text/plain", email.text, output);
    return output;
  }
  absl::StrAppend(&output, "Content-Type: multipart/alternative; boundary=\"", kBoundary, "\"\r\n\r\n");
  absl::StrAppend(&output, "--", kBoundary, "\r\n");
  AppendPart("text/plain", email.text, output);
  absl::StrAppend(&output, "--", kBoundary, "\r\n");
  AppendPart("text/html", email.html, output);
  absl::StrAppend(&output, "--", kBoundary, "--\r\n");
  return output;
}

}  // namespace campaign::delivery
