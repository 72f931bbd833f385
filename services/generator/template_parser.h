#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "services/generator/insertion.h"

namespace campaign::generator {

// A text of the configuration and where it stands there ("config.templates[3].html").
struct TemplateText {
  std::string text;
  std::string field_path;
  // Plain text that goes into HTML: what it says itself is escaped too.
  bool escape = false;
};

// What is to be known of a link when it has been written.
struct LinkMark {
  // The variable that the link begins with; -1: none.
  int slot = -1;
  // Leads where it may, as long as the variable that it begins with is the campaign's own.
  bool known = false;
  // Gets tracking parameters.
  bool tracked = false;
  // All of it is one address, such as an attribute's value; otherwise it is a text that may hold some.
  bool whole = false;
  // Words whose values may bring blanks, and other links behind them.
  bool mixed = false;
  // Section tags touch it, so that it may go on before or after.
  bool open_ended = false;
};

// A piece of a template, in order.
struct Token {
  enum class Kind { kText, kVariable, kSection, kInvertedSection, kSectionEnd, kLinkStart, kLinkEnd };

  Kind kind = Kind::kText;
  // The text itself, or the name of a variable or section. Of kLinkEnd: the variable that the link begins with.
  std::string text;
  // Of kVariable.
  Insertion insertion = Insertion::kVerbatim;
  // Of kLinkEnd.
  LinkMark link = {};
};

// The partial of a name; none if there is no such.
using PartialFinder = absl::FunctionRef<absl::optional<TemplateText>(absl::string_view name)>;

// Parses Mustache with kainjow's library and puts the partials in. Lines that hold nothing but section tags or comments
// vanish; a partial alone on its line is indented as its tag is, both as the Mustache specification has it.
// INVALID_ARGUMENT "<field_path>: ...": does not parse; a tag that is not served (other delimiters, {{.}}); an
// unescaped variable in HTML; in a text of one line a control character; a partial that is not there or includes
// itself.
absl::StatusOr<std::vector<Token>> ParseTemplate(const TemplateText& source, Insertion insertion, PartialFinder find);

}  // namespace campaign::generator
