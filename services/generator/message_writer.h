#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "campaign/v1/generator.pb.h"
#include "services/generator/template_program.h"
#include "services/generator/variables.h"

namespace campaign::generator {

// Reasons why one customer gets no message.
inline constexpr char kActionMissing[] = "ACTION_MISSING";      // Nothing was decided that could be written about.
inline constexpr char kTemplateMissing[] = "TEMPLATE_MISSING";  // No template for id, channel and locale.
inline constexpr char kVariableMissing[] = "VARIABLE_MISSING";  // A variable has neither value nor fallback.
inline constexpr char kAddressMissing[] = "ADDRESS_MISSING";    // The customer has no address on the channel.
inline constexpr char kMessageTooLong[] = "MESSAGE_TOO_LONG";   // A text is above the API's bound once filled in.

// The templates of one campaign version, compiled. Immutable, so thread-safe.
class MessageWriter {
 public:
  // INVALID_ARGUMENT "config.templates[3].html: ...": a template that does not compile, lacks what its channel needs or
  // has what its channel cannot show; two for the same id, channel and locale; a variable named twice.
  static absl::StatusOr<MessageWriter> Compile(const v1::GenerationConfig& config);

  // Writes the customer's message, or the ItemError that says why there is none.
  void Write(const v1::GenerateItem& item, v1::GenerateItemResult& result) const;

 private:
  struct CompiledTemplate {
    std::string template_id;
    std::string locale;
    TemplateProgram subject, text, html, title, deep_link;
    std::vector<Variable> variables;
  };
  using Values = absl::InlinedVector<Value, 32>;
  // Template id, channel, locale in lower case.
  using Key = std::tuple<std::string, int, std::string>;

  MessageWriter() = default;
  static absl::StatusOr<CompiledTemplate> CompileOne(const v1::Template& source, const VariableDefaults& defaults,
                                                     const std::string& field_path);
  // As RFC 4647 looks languages up: "zh-Hant-TW", "zh-Hant", "zh", then the template without a locale. Null: none.
  const CompiledTemplate* Find(absl::string_view template_id, v1::Channel channel, absl::string_view locale) const;
  static absl::optional<v1::ItemError> Render(const CompiledTemplate& source, Values& values, v1::Message& message);

  std::map<Key, CompiledTemplate, std::less<>> templates_;
};

}  // namespace campaign::generator
