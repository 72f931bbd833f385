#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace campaign::generator {

// Where in an HTML text one is: enough of HTML's tokenizer to tell attributes' values from tags and words. Comments are
// read as what they hold, for some mail programs show what is in conditional ones.
class HtmlPosition {
 public:
  // Goes one byte on; `rest` begins with it.
  void Advance(absl::string_view rest);

  // The byte that was taken opened, or closed, the quotes of an attribute's value; `before` is where one was before it.
  bool StartsValue(const HtmlPosition& before) const { return !before.InValue() && InValue(); }
  bool EndsValue(const HtmlPosition& before) const { return before.InValue() && !InValue(); }

  // Among the words that people read, in no tag.
  bool IsWords() const { return state_ == State::kWords; }
  // In a tag, and in no value of its attributes but the name of a name space.
  bool IsMarkup() const;
  // In or before a value without quotes.
  bool IsUnquoted() const { return state_ == State::kBeforeValue || state_ == State::kUnquoted; }
  // In the value of an attribute that is an address, but has no quotes.
  bool IsUnquotedAddress() const { return state_ == State::kUnquoted && HoldsAddress(); }
  // The attribute that one is at.
  const std::string& attribute() const { return attribute_; }
  // In the value of an attribute that is an address as a whole.
  bool IsAddress() const { return InValue() && HoldsAddress(); }
  // In the address of a link that people follow.
  bool IsFollowed() const;

 private:
  enum class State { kWords, kTagName, kAttributes, kAttributeName, kBeforeValue, kQuoted, kUnquoted, kDeclaration };

  bool InValue() const { return state_ == State::kQuoted; }
  bool HoldsAddress() const;
  void AdvanceInTag(char c);

  State state_ = State::kWords;
  char quote_ = '"';
  std::string tag_, attribute_;
};

}  // namespace campaign::generator
