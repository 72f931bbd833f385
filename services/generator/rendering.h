#pragma once

#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/types/optional.h"
#include "campaign/v1/generator.pb.h"
#include "services/generator/compiled_template.h"
#include "services/generator/text_model.h"

namespace campaign::generator {

// One message while it is written from a template. Points into all that it is given.
class Rendering {
 public:
  // `texts`: by a language model, where the template leaves it a place; null: none.
  Rendering(const CompiledTemplate& source, const CampaignParts& parts, const v1::GenerateItem& item,
            const ModelTexts* texts = nullptr);

  // Fills the texts in, and names the fallbacks that were used. An error: there is no message for this customer.
  absl::optional<v1::ItemError> Fill(v1::Message& message);

 private:
  void PutModelTexts(const ModelTexts* texts);
  void FormatPhrases(const v1::GenerateItem& item);
  void FillTracking();
  void FillUnsubscribeUrl(v1::Message& message);
  void NameFallbacks(v1::Message& message);
  // Does nothing after an error.
  void Render(const TemplateProgram& program, std::string* output);
  v1::ItemError ErrorOf(const RenderResult& result, const TemplateProgram& program) const;
  v1::ItemError MissingVariable(int slot) const;

  const CompiledTemplate& source_;
  const CampaignParts& parts_;
  absl::InlinedVector<Value, 32> values_;
  // By the template's phrases. Values point into them.
  absl::InlinedVector<std::string, 4> phrases_;
  std::string tracking_;
  absl::optional<v1::ItemError> error_;
};

}  // namespace campaign::generator
