#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/folded_message.h"
#include "services/compliance/verdict.h"

namespace campaign::compliance {

// A link leads to a host that is not allowed, or to where nobody can say; BLOCK.
inline constexpr absl::string_view kLinkNotAllowed = "LINK_NOT_ALLOWED";
// An e-mail has no subject; BLOCK.
inline constexpr absl::string_view kSubjectMissing = "SUBJECT_MISSING";
inline constexpr absl::string_view kSubjectInCapitals = "SUBJECT_IN_CAPITALS";
inline constexpr absl::string_view kSubjectTooLong = "SUBJECT_TOO_LONG";
inline constexpr absl::string_view kSmsTooLong = "SMS_TOO_LONG";
// What is left where a variable was empty: " ," or "( )"; BLOCK.
inline constexpr absl::string_view kEmptyVariable = "EMPTY_VARIABLE";

// How a configuration's messages may be, other than by their words. Immutable, so thread-safe.
class CompiledContentRules {
 public:
  explicit CompiledContentRules(const v1::ContentRules& config);

  // Adds a BLOCK for each rule that the message breaks.
  void Check(const v1::Message& message, FoldedMessage& folded, Findings& findings) const;

 private:
  void CheckLinks(const v1::Message& message, Findings& findings) const;
  void CheckSubject(const v1::Message& message, Findings& findings) const;

  std::vector<std::string> allowed_hosts_;
  int max_sms_segments_;
  int max_subject_characters_;
  bool allow_capitals_;
};

// Adds CARD_NUMBER, NATIONAL_ID_NUMBER and BANK_ACCOUNT_NUMBER (id_numbers.h), each once; in messages of every class,
// whatever is configured. The number stands in no reason.
void CheckIdNumbers(const v1::Message& message, FoldedMessage& folded, Findings& findings);

// Whether it is written in capitals: at least six upper case letters, and none in lower case. Of all scripts.
bool IsInCapitals(absl::string_view subject);

}  // namespace campaign::compliance
