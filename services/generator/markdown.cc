#include "services/generator/markdown.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace campaign::generator {
namespace {

bool IsMark(char c) { return c == '*' || c == '_' || c == '~' || c == '`'; }

// Goes through the text of a template; variables between its pieces count as letters.
class MarkdownReader {
 public:
  std::string Read(absl::string_view text, bool variable_follows) {
    std::string plain;
    while (!text.empty()) {
      const size_t taken = ReadOne(text, variable_follows, plain);
      before_ = text[taken - 1];
      text.remove_prefix(taken);
    }
    return plain;
  }

  void PassVariable() { before_ = 'v'; }

 private:
  // How many bytes of `text` it took.
  size_t ReadOne(absl::string_view text, bool variable_follows, std::string& plain) {
    if (text[0] == '\\' && text.size() > 1 && absl::ascii_ispunct(text[1])) {
      plain.push_back(text[1]);
      return 2;
    }
    if (before_ == '\n') {
      if (const size_t marks = BlockMarks(text); marks > 0) return marks;
    }
    if (absl::StartsWith(text, "![")) return OpenLink(2);
    if (text[0] == '[') return OpenLink(1);
    if (open_links_ > 0 && absl::StartsWith(text, "](")) {
      --open_links_;
      plain += " (";
      return 2;
    }
    if (IsMark(text[0])) return ReadMarks(text, variable_follows, plain);
    plain.push_back(text[0]);
    return 1;
  }

  size_t OpenLink(size_t bytes) {
    ++open_links_;
    return bytes;
  }

  // "## " and "> " at the start of a line.
  static size_t BlockMarks(absl::string_view text) {
    absl::string_view rest = text;
    while (absl::ConsumePrefix(&rest, "#")) {
    }
    if (rest.size() == text.size()) absl::ConsumePrefix(&rest, ">");
    return rest.size() < text.size() && absl::ConsumePrefix(&rest, " ") ? text.size() - rest.size() : 0;
  }

  // Marks with blanks on both sides, and underscores within a word, mean nothing and stay.
  size_t ReadMarks(absl::string_view text, bool variable_follows, std::string& plain) const {
    size_t count = 1;
    while (count < text.size() && text[count] == text[0]) ++count;
    const char after = count < text.size() ? text[count] : variable_follows ? 'v' : ' ';
    const bool stands_alone = absl::ascii_isspace(before_) && absl::ascii_isspace(after);
    const bool in_word = text[0] == '_' && absl::ascii_isalnum(before_) && absl::ascii_isalnum(after);
    const bool single_tilde = text[0] == '~' && count == 1;
    if (stands_alone || in_word || single_tilde) plain.append(count, text[0]);
    return count;
  }

  char before_ = '\n';
  int open_links_ = 0;
};

}  // namespace

std::vector<Token> WithoutMarkdown(std::vector<Token> tokens) {
  MarkdownReader reader;
  for (size_t i = 0; i < tokens.size(); ++i) {
    Token& token = tokens[i];
    if (token.kind == Token::Kind::kText) {
      const bool follows = i + 1 < tokens.size() && tokens[i + 1].kind == Token::Kind::kVariable;
      token.text = reader.Read(token.text, follows);
    } else if (token.kind == Token::Kind::kVariable) {
      token.insertion = Insertion::kOneLine;
      reader.PassVariable();
    }
  }
  return tokens;
}

}  // namespace campaign::generator
