#include "tools/campaignctl/rule_text.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::ctl {
namespace {

constexpr size_t kMaxBytes = 16384;

struct Token {
  // kSign: operators, brackets, comma.
  enum Kind { kWord, kQuoted, kSign, kEnd } kind = kEnd;
  std::string text;
};

bool Is(const Token& token, Token::Kind kind, absl::string_view text) {
  return token.kind == kind && token.text == text;
}

bool IsWordCharacter(char c) { return !absl::ascii_isspace(c) && !absl::StrContains("\"'[],=!<>()", c); }

absl::StatusOr<Token> TakeQuoted(absl::string_view& rest) {
  const char quote = rest[0];
  rest.remove_prefix(1);
  Token token{Token::kQuoted, ""};
  while (!rest.empty() && rest[0] != quote) {
    if (rest[0] == '\\' && rest.size() > 1) rest.remove_prefix(1);
    token.text += rest[0];
    rest.remove_prefix(1);
  }
  if (rest.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("the text after ", token.text.empty() ? "the last quote" : token.text, " has no closing quote"));
  rest.remove_prefix(1);
  return token;
}

Token TakeSign(absl::string_view& rest) {
  const bool two = rest.size() > 1 && rest[1] == '=' && absl::StrContains("=!<>", rest[0]);
  Token token{Token::kSign, std::string(rest.substr(0, two ? 2 : 1))};
  rest.remove_prefix(token.text.size());
  return token;
}

absl::StatusOr<std::vector<Token>> Tokenize(absl::string_view rest) {
  std::vector<Token> tokens;
  for (rest = absl::StripLeadingAsciiWhitespace(rest); !rest.empty(); rest = absl::StripLeadingAsciiWhitespace(rest)) {
    if (rest[0] == '"' || rest[0] == '\'') {
      ASSIGN_OR_RETURN(Token quoted, TakeQuoted(rest));
      tokens.push_back(std::move(quoted));
    } else if (!IsWordCharacter(rest[0])) {
      tokens.push_back(TakeSign(rest));
    } else {
      size_t size = 1;
      while (size < rest.size() && IsWordCharacter(rest[size])) ++size;
      tokens.push_back({Token::kWord, std::string(rest.substr(0, size))});
      rest.remove_prefix(size);
    }
  }
  tokens.push_back({});
  return tokens;
}

v1::Operator OperatorOf(absl::string_view sign) {
  static const auto& operators = *new absl::flat_hash_map<std::string, v1::Operator>{
      {"==", v1::OPERATOR_EQUAL},         {"!=", v1::OPERATOR_NOT_EQUAL}, {"<", v1::OPERATOR_LESS},
      {"<=", v1::OPERATOR_LESS_OR_EQUAL}, {">", v1::OPERATOR_GREATER},    {">=", v1::OPERATOR_GREATER_OR_EQUAL}};
  const auto it = operators.find(sign);
  return it == operators.end() ? v1::OPERATOR_UNSPECIFIED : it->second;
}

// Words like "inf" and "nan" parse as numbers too but are texts here.
bool AsNumber(const Token& token, double* number) {
  if (token.kind != Token::kWord || !absl::StrContains("+-.0123456789", token.text[0])) return false;
  return absl::SimpleAtod(token.text, number) && std::isfinite(*number);
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  absl::StatusOr<v1::Rule> Parse() {
    ASSIGN_OR_RETURN(v1::Rule rule, ParseRule());
    if (Peek().kind == Token::kEnd) return rule;
    return absl::InvalidArgumentError(absl::StrCat("'", Peek().text, "' is too much", TooMuchHint()));
  }

 private:
  const Token& Peek() const { return tokens_[next_]; }
  // Never goes past the end token.
  Token Take() { return Peek().kind == Token::kEnd ? Peek() : tokens_[next_++]; }
  // The word is one by its place: "not" alone or before a sign would be a feature.
  bool TakeKeyword(absl::string_view word) {
    if (!Is(Peek(), Token::kWord, word) || tokens_[next_ + 1].kind != Token::kWord) return false;
    ++next_;
    return true;
  }

  const char* TooMuchHint() const {
    if (Peek().text == "and") return "; write several conditions as a list";
    if (Peek().text == "or") return "; write alternatives as {any: [...]}";
    if (Peek().kind == Token::kWord) return "; a text of several words needs quotes";
    return "";
  }

  absl::StatusOr<v1::Rule> ParseRule() {
    v1::Rule rule;
    if (TakeKeyword("not")) {
      // A bare feature is compared with false, so that the rule says "known to be false".
      const bool bare = tokens_[next_ + 1].kind == Token::kEnd;
      ASSIGN_OR_RETURN(*rule.mutable_not_(), ParseRule());
      if (!bare) return rule;
      v1::Rule compared = std::move(*rule.mutable_not_());
      compared.mutable_compare()->set_truth(false);
      return compared;
    }
    if (TakeKeyword("exists")) {
      rule.mutable_compare()->set_operator_(v1::OPERATOR_EXISTS);
      rule.mutable_compare()->set_feature(Take().text);
      return rule;
    }
    RETURN_IF_ERROR(ParseComparison(*rule.mutable_compare()));
    return rule;
  }

  absl::Status ParseComparison(v1::Comparison& comparison) {
    const Token feature = Take();
    if (feature.kind != Token::kWord) {
      return absl::InvalidArgumentError(
          absl::StrCat("a comparison starts with a feature", feature.text.empty() ? "" : ", not with ", feature.text));
    }
    comparison.set_feature(feature.text);
    const Token sign = Take();
    if (sign.kind == Token::kEnd) {
      comparison.set_operator_(v1::OPERATOR_EQUAL);
      comparison.set_truth(true);
      return absl::OkStatus();
    }
    if (Is(sign, Token::kWord, "in")) return ParseList(comparison);
    if (Is(sign, Token::kSign, "=")) return absl::InvalidArgumentError("'=' compares nothing; write ==");
    comparison.set_operator_(OperatorOf(sign.text));
    if (sign.kind != Token::kSign || comparison.operator_() == v1::OPERATOR_UNSPECIFIED) {
      return absl::InvalidArgumentError(
          absl::StrCat("after ", feature.text, " comes ==, !=, <, <=, >, >= or in, not '", sign.text, "'"));
    }
    return ParseValue(sign.text, comparison);
  }

  absl::Status ParseValue(absl::string_view sign, v1::Comparison& comparison) {
    const Token value = Take();
    double number = 0;
    if (value.kind == Token::kEnd || value.kind == Token::kSign) {
      return absl::InvalidArgumentError(absl::StrCat("after ", sign, " comes a value"));
    }
    if (AsNumber(value, &number)) {
      comparison.set_number(number);
      return absl::OkStatus();
    }
    if (sign[0] == '<' || sign[0] == '>') {
      return absl::InvalidArgumentError(absl::StrCat(sign, " compares numbers; '", value.text, "' is none"));
    }
    if (value.kind == Token::kWord && (value.text == "true" || value.text == "false")) {
      comparison.set_truth(value.text == "true");
    } else {
      comparison.set_text(value.text);
    }
    return absl::OkStatus();
  }

  absl::Status ParseList(v1::Comparison& comparison) {
    comparison.set_operator_(v1::OPERATOR_IN);
    const absl::Status error = absl::InvalidArgumentError("after in comes a list such as [vip, gold]");
    if (!Is(Take(), Token::kSign, "[")) return error;
    while (true) {
      Token item = Take();
      if (item.kind != Token::kWord && item.kind != Token::kQuoted) return error;
      comparison.add_texts(std::move(item.text));
      const Token next = Take();
      if (Is(next, Token::kSign, "]")) return absl::OkStatus();
      if (!Is(next, Token::kSign, ",")) return error;
    }
  }

  std::vector<Token> tokens_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<v1::Rule> ParseRuleText(absl::string_view text) {
  // Also bounds how deep "not not ..." recurses.
  if (text.size() > kMaxBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a comparison of ", text.size(), " bytes is above ", kMaxBytes));
  }
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text));
  return Parser(std::move(tokens)).Parse();
}

}  // namespace campaign::ctl
