#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/generator.pb.h"
#include "services/generator/compiled_template.h"
#include "services/generator/text_model.h"
#include "services/generator/variables.h"

namespace campaign::generator {

// What a campaign asks its language model for. Immutable, so thread-safe.
class ModelBrief {
 public:
  // Of a campaign that asks for none.
  ModelBrief() = default;

  // INVALID_ARGUMENT "config.text_model.budget_micros: ...": no money; a deadline above 10 s; a variable that is a
  // phrase.
  static absl::StatusOr<ModelBrief> Compile(const v1::TextModelConfig& config, const CampaignParts& parts);

  // Empty: the campaign asks for none.
  const std::string& model() const { return config_.model(); }
  absl::Duration deadline() const { return deadline_; }
  bool WritesFor(v1::Channel channel) const;

  // What to ask for, where `message` is what the templates say to that customer. Instructions hold the rules and the
  // campaign's word alone. What is of the customer is a string within one JSON object of data, so that it cannot end
  // where instructions begin.
  ModelPrompt PromptFor(const WantedTexts& wanted, const v1::Message& message, const v1::GenerateItem& item) const;

  // Why what the model wrote cannot be used instead of `message`; empty: it can. A model may word what the message says
  // and no more: it writes no link, address or markup, and no number that is neither in the message nor the whole of a
  // variable that it was told.
  std::string FindNonsense(const ModelTexts& texts, const WantedTexts& wanted, const v1::Message& message,
                           const v1::GenerateItem& item) const;

 private:
  // Name and value of what the model is told; none that is empty.
  std::vector<std::pair<absl::string_view, absl::string_view>> Told(const v1::GenerateItem& item) const;

  v1::TextModelConfig config_;
  absl::Duration deadline_;
  std::vector<Variable> variables_;
};

}  // namespace campaign::generator
