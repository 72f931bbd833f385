#include "services/delivery/mime.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace campaign::delivery {
namespace {

// RFC 2822's line length recommendation, less the longest header name that carries text, "Subject: ".
constexpr size_t kMaxPlainHeaderBytes = 67;
// Base64 of 39 bytes and "=?UTF-8?B??=" are 64 characters: they fit behind "Subject: ".
constexpr size_t kEncodedWordBytes = 39;
// RFC 2045: 76 characters, the last of which may have to be the soft line break's "=".
constexpr size_t kMaxQuotedLine = 75;
// RFC 5322 section 2.1.1: a line has at most 998, "List-Unsubscribe: <>" included.
constexpr size_t kMaxUrlBytes = 900;
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

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

// The header's line must hold it whole: readers disagree on folded links.
bool IsUnsubscribeUrl(absl::string_view url) {
  constexpr absl::string_view kScheme = "https://";
  return url.size() > kScheme.size() && url.size() <= kMaxUrlBytes && absl::StartsWithIgnoreCase(url, kScheme) &&
         std::all_of(url.begin(), url.end(), [](char c) { return absl::ascii_isgraph(c) && c != '<' && c != '>'; });
}

SendOutcome RefusedHeader(absl::string_view what) {
  return SendOutcome::Rejected(kHeaderInjection,
                               absl::StrCat(what, " holds a line break or a NUL, which could add headers"));
}

absl::optional<SendOutcome> RefusalOfAddress(absl::string_view address) {
  if (IsMailbox(address)) return absl::nullopt;
  if (!IsAscii(address)) {
    return SendOutcome::Rejected(kAddressNotAscii,
                                 "the address has letters beyond ASCII, which many mail servers refuse");
  }
  return SendOutcome::Rejected(kAddressInvalid, "the address is not a plain e-mail address");
}

// A mailbox with the name that people see (RFC 5322 section 3.4).
std::string FormatMailbox(absl::string_view name, absl::string_view address) {
  if (name.empty()) return std::string(address);
  const std::string encoded = EncodeHeaderText(name);
  const bool plain = encoded == name;
  if (!plain) return absl::StrCat(encoded, "\r\n <", address, ">");
  return absl::StrCat("\"", absl::StrReplaceAll(name, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\" <", address, ">");
}

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

// Where the HTML's body starts; 0 if it has no <body>.
size_t BodyStart(absl::string_view html) {
  constexpr absl::string_view kBody = "<body";
  const auto same = [](char a, char b) { return absl::ascii_tolower(a) == b; };
  const auto* found = std::search(html.begin(), html.end(), kBody.begin(), kBody.end(), same);
  const auto* end = std::find(found, html.end(), '>');
  return end == html.end() ? 0 : end - html.begin() + 1;
}

// The HTML with the preheader in it, which `with_preheader` may have to hold.
absl::string_view WithPreheader(const Email& email, std::string& with_preheader) {
  if (email.preheader.empty() || email.html.empty() || absl::StrContains(email.html, email.preheader)) {
    return email.html;
  }
  const std::string escaped = EscapeHtml(email.preheader);
  if (absl::StrContains(email.html, escaped)) return email.html;
  const size_t start = BodyStart(email.html);
  with_preheader =
      absl::StrCat(email.html.substr(0, start), "<div style=\"display:none;max-height:0;overflow:hidden\">", escaped,
                   "</div>", email.html.substr(start));
  return with_preheader;
}

}  // namespace

bool HasLineBreak(absl::string_view text) {
  return text.find_first_of(absl::string_view("\r\n\0", 3)) != absl::string_view::npos;
}

Email EmailOf(const v1::Message& message, absl::string_view from, absl::string_view from_name,
              absl::string_view message_id, absl::Time date) {
  return {.from = from,
          .from_name = from_name,
          .to = message.address(),
          .subject = message.subject(),
          .preheader = message.preheader(),
          .text = message.text(),
          .html = message.html(),
          .unsubscribe_url = message.unsubscribe_url(),
          .message_id = message_id,
          .date = date};
}

absl::optional<SendOutcome> RefusalOf(const Email& email) {
  if (HasLineBreak(email.to)) return RefusedHeader("the address");
  if (HasLineBreak(email.subject)) return RefusedHeader("the subject");
  if (HasLineBreak(email.unsubscribe_url)) return RefusedHeader("the link for unsubscribing");
  if (HasLineBreak(email.from) || HasLineBreak(email.from_name)) return RefusedHeader("the sender");
  if (HasLineBreak(email.message_id)) return RefusedHeader("the Message-ID");
  if (auto refusal = RefusalOfAddress(email.to); refusal.has_value()) return refusal;
  if (email.unsubscribe_url.empty() || IsUnsubscribeUrl(email.unsubscribe_url)) return absl::nullopt;
  return SendOutcome::Rejected(kUnsubscribeUrlInvalid,
                               "the link for unsubscribing is no https link of at most 900 plain characters");
}

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
  std::string with_preheader;
  const absl::string_view html = WithPreheader(email, with_preheader);
  std::string output;
  output.reserve(1024 + (email.text.size() + html.size()) * 5 / 4);
  absl::StrAppend(&output, "From: ", FormatMailbox(email.from_name, email.from), "\r\nTo: ", email.to,
                  "\r\nSubject: ", EncodeHeaderText(email.subject),
                  "\r\nDate: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", email.date, absl::UTCTimeZone()),
                  "\r\nMessage-ID: <", email.message_id, ">\r\n");
  if (!email.unsubscribe_url.empty()) {
    absl::StrAppend(&output, "List-Unsubscribe: <", email.unsubscribe_url,
                    ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
  }
  output.append("MIME-Version: 1.0\r\n");
  if (html.empty()) {
    AppendPart("text/plain", email.text, output);
    return output;
  }
  absl::StrAppend(&output, "Content-Type: multipart/alternative; boundary=\"", kBoundary, "\"\r\n\r\n");
  absl::StrAppend(&output, "--", kBoundary, "\r\n");
  AppendPart("text/plain", email.text, output);
  absl::StrAppend(&output, "--", kBoundary, "\r\n");
  AppendPart("text/html", html, output);
  absl::StrAppend(&output, "--", kBoundary, "--\r\n");
  return output;
}

}  // namespace campaign::delivery
