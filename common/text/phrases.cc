#include "common/text/phrases.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace campaign::text {
namespace {

using Phrases = absl::StatusOr<std::vector<LabelledPhrase>>;

// "intent_" and this fill a segment's 64 characters.
constexpr size_t kMaxIntentBytes = 57;

// Long forms, so that "can't" and "cannot" are one word to the model.
constexpr std::initializer_list<std::pair<absl::string_view, absl::string_view>> kContractions = {
    {"can't", "cannot"},   {"won't", "will not"},   {"n't", " not"},         {"'m", " am"},       {"'re", " are"},
    {"'ve", " have"},      {"'ll", " will"},        {"'d", " would"},        {"let's", "let us"}, {"it's", "it is"},
    {"what's", "what is"}, {"where's", "where is"}, {"there's", "there is"}, {"'s", " s"},
};

bool IsIntentName(absl::string_view name) {
  if (name.empty() || name.size() > kMaxIntentBytes || !absl::ascii_islower(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_'; });
}

absl::Status Add(absl::string_view place, absl::string_view intent, absl::string_view phrase,
                 std::vector<LabelledPhrase>& phrases) {
  if (!IsIntentName(intent)) return InvalidField(place, intent, "is not [a-z][a-z0-9_]* of at most 57 characters");
  if (NormalizeText(phrase).empty()) return InvalidField(place, phrase, "has no letter");
  phrases.push_back({std::string(intent), std::string(phrase)});
  return absl::OkStatus();
}

Phrases OfSeveralIntents(std::vector<LabelledPhrase> phrases) {
  if (IntentCount(phrases) < 2) return InvalidField("phrases", phrases.size(), "phrases of fewer than two intents");
  return phrases;
}

// "card_arrived" of "Card arrived?".
std::string IntentOfLabel(absl::string_view label) {
  std::string intent;
  for (const char c : label) {
    if (absl::ascii_isalnum(c)) {
      intent += absl::ascii_tolower(c);
    } else if (!intent.empty() && intent.back() != '_') {
      intent += '_';
    }
  }
  while (!intent.empty() && intent.back() == '_') intent.pop_back();
  return intent;
}

// A table's records, one at a time.
class TableReader {
 public:
  explicit TableReader(absl::string_view text) : rest_(text) { absl::ConsumePrefix(&rest_, "\xEF\xBB\xBF"); }

  // The next record, empty at the end. INVALID_ARGUMENT: a quote that is not closed.
  absl::StatusOr<std::vector<std::string>> Next() {
    std::vector<std::string> fields;
    while (absl::ConsumePrefix(&rest_, "\n") || absl::ConsumePrefix(&rest_, "\r\n")) ++next_line_;
    line_ = next_line_;
    for (bool more = !rest_.empty(); more;) {
      fields.emplace_back();
      RETURN_IF_ERROR(ReadField(fields.back()));
      more = absl::ConsumePrefix(&rest_, ",");
    }
    return fields;
  }

  // Where the last record began.
  std::string place() const { return absl::StrCat("line ", line_); }

 private:
  absl::Status ReadField(std::string& field) {
    for (bool reopened = false; absl::ConsumePrefix(&rest_, "\""); reopened = true) {
      // A quote within quotes is written twice: it closes and opens again.
      if (reopened) field += '"';
      const size_t end = rest_.find('"');
      if (end == absl::string_view::npos) return InvalidField(place(), "a quote", "is not closed");
      next_line_ += static_cast<int>(std::count(rest_.begin(), rest_.begin() + end, '\n'));
      absl::StrAppend(&field, rest_.substr(0, end));
      rest_.remove_prefix(end + 1);
    }
    const size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
    absl::StrAppend(&field, rest_.substr(0, end));
    rest_.remove_prefix(end);
    return absl::OkStatus();
  }

  absl::string_view rest_;
  int line_ = 1;
  int next_line_ = 1;
};

// Where the one column stands that has one of these names.
absl::StatusOr<size_t> FindColumn(const std::vector<std::string>& header, const std::vector<absl::string_view>& names) {
  const auto is_it = [&](const std::string& field) {
    return std::count(names.begin(), names.end(), absl::AsciiStrToLower(absl::StripAsciiWhitespace(field))) > 0;
  };
  const auto found = std::find_if(header.begin(), header.end(), is_it);
  if (std::count_if(header.begin(), header.end(), is_it) != 1) {
    return InvalidField("line 1", names[0], found == header.end() ? "is not among the columns" : "is there twice");
  }
  return found - header.begin();
}

}  // namespace

std::string NormalizeText(absl::string_view text) {
  std::string normalized = absl::AsciiStrToLower(text);
  if (absl::StrContains(normalized, "\u2019") || absl::StrContains(normalized, '\'')) {
    normalized = absl::StrReplaceAll(absl::StrReplaceAll(normalized, {{"\u2019", "'"}}), kContractions);
  }
  size_t end = 0;
  bool gap = false;
  for (const char c : normalized) {
    // Bytes above ASCII are parts of letters.
    const bool letter = absl::ascii_isalnum(c) || static_cast<unsigned char>(c) >= 0x80;
    if (letter && gap && end > 0) normalized[end++] = ' ';
    if (letter) normalized[end++] = c;
    gap = !letter;
  }
  normalized.resize(end);
  return normalized;
}

Phrases ParsePhrases(absl::string_view text) {
  std::vector<LabelledPhrase> phrases;
  std::string intent;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::string place = absl::StrCat("line ", ++number);
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (line.front() == '[' && line.back() == ']') {
      intent = std::string(line.substr(1, line.size() - 2));
      if (!IsIntentName(intent)) return InvalidField(place, intent, "is not [a-z][a-z0-9_]* of at most 57 characters");
      continue;
    }
    if (intent.empty()) return InvalidField(place, line, "stands before the first [intent]");
    RETURN_IF_ERROR(Add(place, intent, line, phrases));
  }
  return OfSeveralIntents(std::move(phrases));
}

Phrases ParsePhraseTable(absl::string_view text) {
  TableReader reader(text);
  ASSIGN_OR_RETURN(const std::vector<std::string> header, reader.Next());
  ASSIGN_OR_RETURN(const size_t text_column, FindColumn(header, {"text"}));
  ASSIGN_OR_RETURN(const size_t intent_column, FindColumn(header, {"intent", "category", "label"}));
  std::vector<LabelledPhrase> phrases;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> fields, reader.Next());
    if (fields.empty()) return OfSeveralIntents(std::move(phrases));
    if (fields.size() != header.size()) {
      return InvalidField(reader.place(), absl::StrCat(fields.size(), " columns"),
                          absl::StrCat("are not the ", header.size(), " of the first line"));
    }
    RETURN_IF_ERROR(Add(reader.place(), IntentOfLabel(fields[intent_column]), fields[text_column], phrases));
  }
}

Phrases ReadPhrases(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Phrases phrases = absl::EndsWithIgnoreCase(path, ".csv") ? ParsePhraseTable(text) : ParsePhrases(text);
  if (phrases.ok()) return phrases;
  return absl::Status(phrases.status().code(), absl::StrCat(path, ": ", phrases.status().message()));
}

int IntentCount(const std::vector<LabelledPhrase>& phrases) {
  absl::flat_hash_set<absl::string_view> intents;
  for (const LabelledPhrase& phrase : phrases) intents.insert(phrase.intent);
  return static_cast<int>(intents.size());
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

}  // namespace campaign::text
