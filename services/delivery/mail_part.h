#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace campaign::delivery {

// Header fields (RFC 5322 section 2.2) in order, as a reader of other people's mail has to take them: lines end with or
// without CR, what is no field is passed over, and of more than 200 fields the rest is.
class MailFields {
 public:
  // Takes fields off the front of `text`, and the empty line after them.
  static MailFields Take(absl::string_view& text);

  // The first value under a name in any case, unfolded, without blanks around it; empty if there is none.
  absl::string_view Find(absl::string_view name) const;
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// A message or a part of one.
struct MailPart {
  MailFields fields;
  absl::string_view body;

  static MailPart Read(absl::string_view text);
  // Of Content-Type, in lower case; "text/plain" without one (RFC 2045 section 5.2).
  std::string type() const;
  // The parts of a multipart (RFC 2046 section 5.1.1), at most 16; the last may lack its end. None if it is no
  // multipart, or has no boundary.
  std::vector<MailPart> Parts() const;
};

// Takes a line off the front of `text`, without its end.
absl::string_view TakeLine(absl::string_view& text);

// The value of a parameter such as "boundary" in a Content-Type (RFC 2045 section 5.1), unquoted; empty if it has none.
std::string MailParameter(absl::string_view value, absl::string_view name);

}  // namespace campaign::delivery
