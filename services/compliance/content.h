#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/folded_message.h"
#include "services/compliance/verdict.h"

namespace campaign::compliance {

// A template mark was left in the message; BLOCK.
inline constexpr absl::string_view kUnrenderedTemplate = "UNRENDERED_TEMPLATE";
// The message says nothing; BLOCK.
inline constexpr absl::string_view kEmptyMessage = "EMPTY_MESSAGE";

// Text that messages must carry, compiled. Immutable, so thread-safe.
class CompiledRequiredTexts {
 public:
  // INVALID_ARGUMENT under `field_path` ("config.required_texts"): a text that is blank.
  static absl::StatusOr<CompiledRequiredTexts> Compile(
      const google::protobuf::RepeatedPtrField<v1::RequiredText>& required_texts, absl::string_view field_path);

  // Adds a BLOCK with the configured code for each required text that a marketing message lacks: in its text (push: or
  // title), and in its HTML and the plain text of a chat where it has one; what is in the preheader alone does not
  // count. An entry without a channel is for every channel. `folded` is the same message.
  void Check(const v1::Message& message, FoldedMessage& folded, Findings& findings) const;

 private:
  struct RequiredText {
    v1::Channel channel;
    std::string code;
    std::vector<std::string> any_of;  // Folded.
    std::string names;                // For people.
  };
  std::vector<RequiredText> required_texts_;
};

// Adds EMPTY_MESSAGE and UNRENDERED_TEMPLATE, which hold for messages of every class.
void CheckContent(const v1::Message& message, Findings& findings);

}  // namespace campaign::compliance
