#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/link_hosts.h"

namespace campaign {
namespace {

using Visit = absl::FunctionRef<void(absl::string_view url, absl::string_view host)>;

constexpr size_t kNone = absl::string_view::npos;

// What is longer is read as several.
constexpr size_t kMaxUrlBytes = 2048;

// Ends of names that programs make links of even without a path. Others are too often the end of a sentence whose space
// was forgotten.
constexpr absl::string_view kLinkedEndings[] = {"com", "net",  "org",   "info",   "biz",  "io",  "ly",   "co",    "app",
                                                "dev", "shop", "store", "online", "site", "xyz", "link", "click", "top",
                                                "me",  "gl",   "gd",    "eu",     "us",   "uk",  "de",   "at",    "ch",
                                                "fr",  "es",   "it",    "nl",     "be",   "pl",  "ca",   "ru"};

// Attributes that hold one URL.
constexpr absl::string_view kUrlAttributes[] = {"href",   "src",  "action",   "formaction", "background",
                                                "poster", "data", "longdesc", "cite",       "xlink:href"};

// Of these a name may hide a host from who looks for it as it is.
constexpr std::pair<absl::string_view, char> kEntities[] = {
    {"amp", '&'},  {"lt", '<'},    {"gt", '>'},     {"quot", '"'},   {"apos", '\''},    {"colon", ':'},
    {"sol", '/'},  {"bsol", '\\'}, {"period", '.'}, {"commat", '@'}, {"num", '#'},      {"quest", '?'},
    {"lpar", '('}, {"rpar", ')'},  {"equals", '='}, {"Tab", '\t'},   {"NewLine", '\n'}, {"nbsp", ' '}};

// What a byte of a text may be, as bits.
enum : uint8_t { kMark = 1, kUrlEnd = 2, kAuthorityEnd = 4, kSign = 8 };

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  const auto set = [&](std::string_view bytes, uint8_t bit) {
    for (const char c : bytes) classes[static_cast<unsigned char>(c)] |= bit;
  };
  set(":./", kMark);
  for (int c = 0; c <= ' '; ++c) classes[c] |= kUrlEnd;
  set("<>\"", kUrlEnd);
  set("/\\?#", kAuthorityEnd);
  // Only a user's name may hold them.
  set("()[],;'*|`{}!$&=+~", kSign);
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

// The position of the next byte in [from, to) that is one of `bits`, else `to`.
size_t FindClass(absl::string_view text, size_t from, size_t to, uint8_t bits) {
  while (from < to && (kClasses[static_cast<unsigned char>(text[from])] & bits) == 0) ++from;
  return from;
}

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsAlpha(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }
bool IsSpace(char c) { return static_cast<unsigned char>(c) <= ' '; }
bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Whether the character whose first bytes these are is no letter: dashes, quotes, signs, spaces.
bool IsPunctuation(unsigned char first, unsigned char second) {
  return first == 0xC2 || (first == 0xE2 && second <= 0x8B) || (first == 0xE3 && second == 0x80);
}

// Bytes of the character at `at` if it may be in a host's name, else 0.
size_t HostCharacterAt(absl::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  const char c = text[at];
  if (static_cast<unsigned char>(c) < 0x80) return IsAlnum(c) || c == '-' || c == '.' || c == '_';
  size_t end = at + 1;
  while (end < text.size() && IsContinuation(text[end])) ++end;
  if (end == at + 1 || IsPunctuation(static_cast<unsigned char>(c), static_cast<unsigned char>(text[at + 1]))) return 0;
  return end - at;
}

// Where the name that reaches up to `end` begins, not before `from`.
size_t HostBegin(absl::string_view text, size_t from, size_t end) {
  while (end > from) {
    size_t at = end - 1;
    while (at > from && IsContinuation(text[at])) --at;
    if (HostCharacterAt(text, at) != end - at) break;
    end = at;
  }
  return end;
}

size_t HostEnd(absl::string_view text, size_t at) {
  while (const size_t bytes = HostCharacterAt(text, at)) at += bytes;
  return at;
}

void AppendUtf8(uint32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static constexpr unsigned char kLead[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(kLead[more] | c >> (6 * more));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | (c >> (6 * i) & 0x3F));
}

// Reads "&#x2e;" or "&#46", the semicolon may be missing. Bytes read, 0: it is none.
size_t DecodeNumber(absl::string_view text, std::string& out) {
  const bool hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  const size_t begin = hex ? 3 : 2;
  uint32_t value = 0;
  size_t at = begin;
  for (; at < text.size() && value <= 0x10FFFF; ++at) {
    const unsigned char c = text[at];
    if (hex ? !absl::ascii_isxdigit(c) : !absl::ascii_isdigit(c)) break;
    value = value * (hex ? 16 : 10) + (c <= '9' ? c - '0' : absl::ascii_tolower(c) - 'a' + 10);
  }
  if (at == begin || value == 0 || value > 0x10FFFF) return 0;
  AppendUtf8(value, out);
  return at + (at < text.size() && text[at] == ';');
}

size_t DecodeEntity(absl::string_view text, std::string& out) {
  if (text.size() > 1 && text[1] == '#') return DecodeNumber(text, out);
  for (const auto& [name, c] : kEntities) {
    if (absl::StartsWith(text.substr(1), name) && text.size() > name.size() + 1 && text[name.size() + 1] == ';') {
      out += c;
      return name.size() + 2;
    }
  }
  return 0;
}

bool IsUrlAttribute(absl::string_view name) {
  return absl::c_any_of(kUrlAttributes, [&](absl::string_view one) {
    return one.size() == name.size() && absl::EqualsIgnoreCase(one, name);
  });
}

class Scanner {
 public:
  explicit Scanner(Visit visit) : visit_(visit) {}

  // `bare`: names without a scheme are links too.
  void ScanText(absl::string_view text, bool bare);
  void ScanHtml(absl::string_view html);

 private:
  absl::string_view Decoded(absl::string_view text);
  void VisitUrl(absl::string_view url);
  size_t VisitWritten(absl::string_view text, size_t begin, size_t authority);
  size_t VisitBare(absl::string_view text, size_t from, size_t dot);
  size_t ScanTag(absl::string_view html, size_t at);
  size_t ScanAttributes(absl::string_view html, size_t at);
  void ScanAttribute(absl::string_view name, absl::string_view value);
  size_t FindEnd(absl::string_view html, absl::string_view end, size_t from);

  const Visit visit_;
  std::string decoded_;
  std::string host_;
  // Ends that are not there are looked for once: else a text of "<!--<!--" would take quadratic time.
  std::vector<absl::string_view> missing_ends_;
};

absl::string_view Scanner::Decoded(absl::string_view text) {
  size_t entity = text.find('&');
  if (entity == kNone) return text;
  decoded_.clear();
  size_t at = 0;
  for (; entity != kNone; entity = text.find('&', at)) {
    absl::StrAppend(&decoded_, text.substr(at, entity - at));
    const size_t bytes = DecodeEntity(text.substr(entity), decoded_);
    if (bytes == 0) decoded_ += '&';
    at = entity + std::max<size_t>(bytes, 1);
  }
  absl::StrAppend(&decoded_, text.substr(at));
  return decoded_;
}

void Scanner::VisitUrl(absl::string_view url) {
  if (const auto host = HostOfUrl(url, host_)) visit_(url, *host);
}

// A URL in a text, where nothing says where it ends. Returns the position behind it.
size_t Scanner::VisitWritten(absl::string_view text, size_t begin, size_t authority) {
  const size_t limit = std::min(text.size(), authority + kMaxUrlBytes);
  size_t end = FindClass(text, authority, limit, kUrlEnd);
  size_t authority_end = FindClass(text, authority, end, kAuthorityEnd);
  // "(https://a.example)": the sign ends it, unless a user's name may hold it.
  if (!absl::StrContains(text.substr(authority, authority_end - authority), '@')) {
    const size_t sign = FindClass(text, authority, authority_end, kSign);
    if (sign < authority_end && sign > authority) end = authority_end = sign;
  }
  if (authority_end == end) {
    // The marks that follow it, but not those within it: they may join two names.
    while (end > authority) {
      size_t last = end - 1;
      while (last > authority && IsContinuation(text[last])) --last;
      const char c = text[last];
      const bool mark =
          static_cast<unsigned char>(c) < 0x80 ? !IsAlnum(c) && c != ']' : HostCharacterAt(text, last) == 0;
      if (!mark) break;
      end = last;
    }
  }
  VisitUrl(text.substr(begin, end - begin));
  return std::max(end, authority);
}

// A name around the dot at `dot`, if that makes a link. Returns the position behind the name.
size_t Scanner::VisitBare(absl::string_view text, size_t from, size_t dot) {
  const size_t end = HostEnd(text, dot);
  const size_t begin = HostBegin(text, from, dot);
  const absl::string_view name = absl::StripSuffix(text.substr(begin, end - begin), ".");
  const bool address = (begin > 0 && text[begin - 1] == '@') || (end < text.size() && text[end] == '@');
  const absl::string_view ending = name.substr(name.rfind('.') + 1);
  if (begin == dot || address || ending.size() < 2 || !absl::c_all_of(ending, IsAlpha)) return end;
  const bool has_path = name.size() == end - begin && end < text.size() && text[end] == '/';
  const bool linked =
      has_path || absl::StartsWithIgnoreCase(name, "www.") ||
      absl::c_any_of(kLinkedEndings, [&](absl::string_view known) { return absl::EqualsIgnoreCase(known, ending); });
  if (!linked) return end;
  size_t url_end = begin + name.size();
  while (has_path && url_end < text.size() && !IsSpace(text[url_end]) && text[url_end] != '<') ++url_end;
  const std::string absolute = absl::StrCat("//", name);
  visit_(text.substr(begin, url_end - begin), HostOfUrl(absolute, host_).value_or(""));
  return url_end;
}

void Scanner::ScanText(absl::string_view text, bool bare) {
  size_t from = 0;  // What comes before belongs to a link already.
  for (size_t i = FindClass(text, 0, text.size(), kMark); i < text.size(); i = FindClass(text, i, text.size(), kMark)) {
    const absl::string_view rest = text.substr(i);
    if (absl::StartsWith(rest, "://")) {
      size_t begin = i;
      while (begin > from && (IsAlnum(text[begin - 1]) || absl::StrContains("+-.", text[begin - 1]))) --begin;
      i = from = VisitWritten(text, begin, i + 3);
    } else if (rest.size() > 2 && absl::StartsWith(rest, "//") && HostCharacterAt(text, i + 2) > 0 &&
               (i == 0 || IsSpace(text[i - 1]) || absl::StrContains("(<'\"=,[", text[i - 1]))) {
      i = from = VisitWritten(text, i, i + 2);
    } else if (bare && rest[0] == '.' && rest.size() > 1 && HostCharacterAt(text, i + 1) > 0 && rest[1] != '.') {
      i = from = std::max(VisitBare(text, from, i), i + 1);
    } else {
      ++i;
    }
  }
}

void Scanner::ScanAttribute(absl::string_view name, absl::string_view value) {
  const auto named = [&](absl::string_view one) { return absl::EqualsIgnoreCase(name, one); };
  if (IsUrlAttribute(name)) {
    const absl::string_view url = Decoded(value);
    // A picture may be its own data.
    if (!named("href") && !named("action") && !named("formaction") &&
        absl::StartsWithIgnoreCase(absl::StripLeadingAsciiWhitespace(url), "data:image/")) {
      return;
    }
    return VisitUrl(url);
  }
  if (!absl::StrContains(value, '/') && !absl::StrContains(value, '&')) return;
  // Names of XML vocabularies lead nowhere.
  if (!absl::StartsWithIgnoreCase(name, "xmlns")) ScanText(Decoded(value), false);
}

// `at`: behind the tag's name. Returns the position of its end.
size_t Scanner::ScanAttributes(absl::string_view html, size_t at) {
  const auto skip_while = [&](auto skipped) {
    while (at < html.size() && skipped(html[at])) ++at;
  };
  while (at < html.size() && html[at] != '>') {
    skip_while([](char c) { return IsSpace(c) || c == '/'; });
    const size_t name = at;
    skip_while([](char c) { return !IsSpace(c) && c != '=' && c != '>' && c != '/'; });
    const absl::string_view attribute = html.substr(name, at - name);
    skip_while(IsSpace);
    if (at == html.size() || html[at] != '=') continue;
    ++at;
    skip_while(IsSpace);
    if (at == html.size()) break;
    const char quote = html[at] == '"' || html[at] == '\'' ? html[at] : '\0';
    const size_t value = at + (quote != '\0');
    at = value;
    if (quote != '\0') {
      at = std::min(html.find(quote, at), html.size());
    } else {
      skip_while([](char c) { return !IsSpace(c) && c != '>'; });
    }
    ScanAttribute(attribute, html.substr(value, at - value));
    if (quote != '\0' && at < html.size()) ++at;
  }
  return at;
}

// Returns the position behind the tag, and behind the text of a style or script.
size_t Scanner::ScanTag(absl::string_view html, size_t at) {
  size_t name_end = at + 1;
  while (name_end < html.size() && !IsSpace(html[name_end]) && html[name_end] != '>' && html[name_end] != '/') {
    ++name_end;
  }
  const absl::string_view name = html.substr(at + 1, name_end - at - 1);
  // "</p>" has no attributes; its slash would end the name at once.
  const size_t end = std::min(ScanAttributes(html, std::max(name_end, at + 2)) + 1, html.size());
  if (!absl::EqualsIgnoreCase(name, "style") && !absl::EqualsIgnoreCase(name, "script")) return end;
  size_t close = html.find("</", end);
  while (close != kNone && !absl::StartsWithIgnoreCase(html.substr(close + 2), name))
    close = html.find("</", close + 2);
  close = std::min(close, html.size());
  ScanText(html.substr(end, close - end), false);
  return close;
}

size_t Scanner::FindEnd(absl::string_view html, absl::string_view end, size_t from) {
  if (absl::c_linear_search(missing_ends_, end)) return kNone;
  const size_t found = html.find(end, from);
  if (found == kNone) missing_ends_.push_back(end);
  return found;
}

void Scanner::ScanHtml(absl::string_view html) {
  size_t at = 0;
  while (at < html.size()) {
    const size_t tag = std::min(html.find('<', at), html.size());
    ScanText(Decoded(html.substr(at, tag - at)), true);
    const absl::string_view rest = html.substr(tag);
    size_t next = kNone;
    if (absl::StartsWith(rest, "<!--[if")) {
      next = FindEnd(html, "]>", tag);
    } else if (absl::StartsWith(rest, "<!--")) {
      next = FindEnd(html, "-->", tag + 2);
    } else if (absl::StartsWith(rest, "<!") || absl::StartsWith(rest, "<?")) {
      next = FindEnd(html, ">", tag);
    } else if (rest.size() > 1 && (IsAlpha(rest[1]) || rest[1] == '/')) {
      at = ScanTag(html, tag);
      continue;
    } else {
      next = tag;
    }
    // What never ends is read as what it may be.
    at = (next == kNone ? tag : next) + 1;
  }
}

}  // namespace

void ForEachLink(absl::string_view text, bool html,
                 absl::FunctionRef<void(absl::string_view url, absl::string_view host)> visit) {
  Scanner scanner(visit);
  html ? scanner.ScanHtml(text) : scanner.ScanText(text, true);
}

}  // namespace campaign
