#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "campaign/v1/generator.pb.h"
#include "services/generator/compiled_template.h"
#include "services/generator/text_model_prompt.h"

namespace campaign::generator {

// Reasons why one customer gets no message; those of one channel are in channel_bounds.h.
inline constexpr char kActionMissing[] = "ACTION_MISSING";      // Nothing was decided that could be written about.
inline constexpr char kTemplateMissing[] = "TEMPLATE_MISSING";  // No template for id, channel and locale.
inline constexpr char kVariableMissing[] = "VARIABLE_MISSING";  // A variable has neither value nor fallback.
inline constexpr char kVariableInvalid[] = "VARIABLE_INVALID";  // A phrase needs a number or a date, and it is none.
inline constexpr char kAddressMissing[] = "ADDRESS_MISSING";    // The customer has no address on the channel.
inline constexpr char kMessageTooLong[] = "MESSAGE_TOO_LONG";   // A text is above the API's bound once filled in.
inline constexpr char kLinkNotAllowed[] =
    "LINK_NOT_ALLOWED";  // A link leads to a host that the campaign does not name.
// A line break or control character is in what becomes a header of an e-mail.
inline constexpr char kHeaderInjection[] = "HEADER_INJECTION";

// The templates of one campaign version, compiled. Immutable, so thread-safe.
class MessageWriter {
 public:
  // INVALID_ARGUMENT "config.templates[3].html: ...": what InheritTemplates, CampaignParts, ModelBrief and
  // CompiledTemplate refuse; a language model that no template leaves a place.
  static absl::StatusOr<MessageWriter> Compile(const v1::GenerationConfig& config, absl::string_view campaign = "");

  // Writes the customer's message, or the ItemError that says why there is none. With `texts` by a language model where
  // the template leaves it a place: as values, which are escaped and never read as Mustache.
  void Write(const v1::GenerateItem& item, v1::GenerateItemResult& result, const ModelTexts* texts = nullptr) const;

  // What the campaign asks of a language model.
  const ModelBrief& brief() const { return brief_; }
  // Which texts of that customer's message a language model may write; none where the campaign asks for no model.
  WantedTexts WantedFor(const v1::GenerateItem& item) const;

 private:
  // What there is for one template id, channel and locale.
  struct Choice {
    struct Variant {
      std::string experiment_id, variant_id;
      CompiledTemplate text;
    };
    // Without a variant.
    absl::optional<CompiledTemplate> common;
    std::vector<Variant> variants;

    // The variant that the customer was assigned to, of several the last assignment's; else the common one. Null: none.
    const CompiledTemplate* For(const v1::ActionDecision& decision) const;
  };
  // Template id, channel, locale in lower case.
  using Key = std::tuple<std::string, int, std::string>;

  MessageWriter() = default;
  // As RFC 4647 looks languages up: "zh-Hant-TW", "zh-Hant", "zh", then the template without a locale. Null: none. The
  // locale decides before the variant: nobody is written to in another language because an experiment lacks theirs.
  const CompiledTemplate* Find(const v1::ActionDecision& decision, absl::string_view locale) const;

  std::string brand_;
  ModelBrief brief_;
  int max_sms_segments_ = 0;
  std::unique_ptr<const CampaignParts> parts_;
  std::map<Key, Choice, std::less<>> templates_;
};

}  // namespace campaign::generator
