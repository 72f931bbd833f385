#include "tests/e2e/sent_file.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace campaign::e2e {
namespace {

// The value of a header with its folded lines joined, or empty.
std::string Header(absl::string_view head, absl::string_view name) {
  const std::string unfolded = absl::StrReplaceAll(head, {{"\n ", " "}});
  for (absl::string_view line : absl::StrSplit(unfolded, '\n')) {
    if (absl::ConsumePrefix(&line, absl::StrCat(name, ": "))) return std::string(line);
  }
  return "";
}

// RFC 2047, base64 alone: what is not encoded stays.
std::string DecodeWords(const std::string& value) {
  std::string text;
  for (absl::string_view word : absl::StrSplit(value, ' ')) {
    std::string decoded;
    absl::string_view base64 = word;
    const bool encoded = absl::ConsumePrefix(&base64, "=?UTF-8?B?") && absl::ConsumeSuffix(&base64, "?=");
    if (!encoded) return value;
    if (absl::Base64Unescape(base64, &decoded)) text += decoded;
  }
  return text;
}

std::string DecodeQuotedPrintable(absl::string_view encoded) {
  const std::string joined = absl::StrReplaceAll(encoded, {{"=\n", ""}});
  std::string text;
  for (size_t i = 0; i < joined.size(); ++i) {
    if (joined[i] == '=' && i + 2 < joined.size()) {
      text += absl::HexStringToBytes(joined.substr(i + 1, 2));
      i += 2;
    } else {
      text += joined[i];
    }
  }
  return text;
}

// What stands between the first blank line of the plain text part and the next boundary.
std::string PlainText(absl::string_view body) {
  const size_t part = body.find("Content-Type: text/plain");
  if (part == absl::string_view::npos) return "";
  const size_t start = body.find("\n\n", part) + 2;
  // The text's last line end is the format's.
  return std::string(absl::StripTrailingAsciiWhitespace(
      DecodeQuotedPrintable(body.substr(start, body.find("\n--=_", start) - start))));
}

void ReadEmail(const std::string& content, SentFile& file) {
  const std::string lines = absl::StrReplaceAll(content, {{"\r\n", "\n"}});
  const absl::string_view head = absl::string_view(lines).substr(0, lines.find("\n\n"));
  file.to = Header(head, "To");
  file.subject = DecodeWords(Header(head, "Subject"));
  file.message_id = Header(head, "Message-ID");
  file.text = PlainText(lines);
}

void ReadJson(const std::string& content, SentFile& file) {
  const nlohmann::json json = nlohmann::json::parse(content);
  file.to = json.value("address", "");
  file.text = json.value("text", "");
}

}  // namespace

std::vector<SentFile> ReadSpool(absl::string_view folder) {
  std::vector<SentFile> files;
  const std::filesystem::path root{std::string(folder)};
  if (!std::filesystem::exists(root)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::filesystem::path within = std::filesystem::relative(entry.path(), root);
    if (!entry.is_regular_file() || *within.begin() == "unfinished") continue;
    SentFile& file = files.emplace_back();
    file.key = entry.path().stem().string();
    file.channel = within.begin()->string();
    file.day = std::next(within.begin())->string();
    std::stringstream content;
    content << std::ifstream(entry.path()).rdbuf();
    file.channel == "email" ? ReadEmail(content.str(), file) : ReadJson(content.str(), file);
  }
  return files;
}

}  // namespace campaign::e2e
