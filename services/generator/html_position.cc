#include "services/generator/html_position.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace campaign::generator {

void HtmlPosition::Advance(absl::string_view rest) {
  const char c = rest[0];
  if (state_ == State::kWords) {
    const char next = rest.size() > 1 ? rest[1] : '\0';
    if (c != '<' || !(absl::ascii_isalpha(next) || next == '/' || next == '!')) return;
    if (absl::StartsWith(rest, "<!-")) return;
    state_ = next == '!' ? State::kDeclaration : State::kTagName;
    tag_.clear();
    attribute_.clear();
  } else if (state_ == State::kQuoted) {
    if (c == quote_) state_ = State::kAttributes;
  } else if (c == '>') {
    state_ = State::kWords;
  } else if (state_ != State::kDeclaration) {
    AdvanceInTag(c);
  }
}

void HtmlPosition::AdvanceInTag(char c) {
  const bool gap = absl::ascii_isspace(c) || c == '/';
  switch (state_) {
    case State::kTagName:
      if (gap && !tag_.empty()) {
        state_ = State::kAttributes;
      } else if (!gap) {
        tag_.push_back(absl::ascii_tolower(c));
      }
      return;
    case State::kAttributes:
      if (gap) return;
      if (c == '=' && !attribute_.empty()) {
        state_ = State::kBeforeValue;
        return;
      }
      attribute_.assign(1, absl::ascii_tolower(c));
      state_ = State::kAttributeName;
      return;
    case State::kAttributeName:
      if (c == '=') {
        state_ = State::kBeforeValue;
      } else if (gap) {
        state_ = State::kAttributes;
      } else {
        attribute_.push_back(absl::ascii_tolower(c));
      }
      return;
    case State::kBeforeValue:
      if (absl::ascii_isspace(c)) return;
      quote_ = c;
      state_ = c == '"' || c == '\'' ? State::kQuoted : State::kUnquoted;
      return;
    default:
      if (absl::ascii_isspace(c)) state_ = State::kAttributes;
  }
}

bool HtmlPosition::IsMarkup() const {
  return state_ != State::kWords && (state_ != State::kQuoted || absl::StartsWith(attribute_, "xmlns"));
}

bool HtmlPosition::HoldsAddress() const {
  constexpr absl::string_view kAddresses[] = {"href",   "src",  "action", "formaction", "background",
                                              "poster", "cite", "data",   "longdesc",   "xlink:href"};
  return std::find(std::begin(kAddresses), std::end(kAddresses), attribute_) != std::end(kAddresses);
}

bool HtmlPosition::IsFollowed() const { return InValue() && attribute_ == "href" && (tag_ == "a" || tag_ == "area"); }

}  // namespace campaign::generator
