#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "campaign/v1/generator.pb.h"
#include "services/generator/inheritance.h"
#include "services/generator/link_rules.h"
#include "services/generator/phrases.h"
#include "services/generator/template_program.h"
#include "services/generator/variables.h"

namespace campaign::generator {

// What all templates of a campaign share.
struct CampaignParts {
  VariableDefaults defaults;
  Phrases phrases;
  LinkRules links;
  // Starts of addresses that unsubscribe: they carry no tracking parameters.
  std::vector<std::string> unsubscribing;

  // INVALID_ARGUMENT: what these say.
  static absl::StatusOr<CampaignParts> Compile(const v1::GenerationConfig& config, absl::string_view campaign);
};

// A variable that is a phrase.
struct PhraseUse {
  const Phrase* phrase;
  int slot;
  // Slots of its arguments, in the phrase's order.
  std::vector<int> arguments;
};

// Where a language model writes into a template: slots of the variables that hold its texts; -1: nowhere. Subject,
// preheader and title it words anew; of the text it writes what stands for {{model_text}}, so that links, the way to
// unsubscribe and legal words are always the template's.
struct ModelSlots {
  int subject = -1;
  int preheader = -1;
  int title = -1;
  int text = -1;

  bool any() const { return subject >= 0 || preheader >= 0 || title >= 0 || text >= 0; }
};

// A template with all that it inherits and includes, ready to be written from.
struct CompiledTemplate {
  std::string template_id;
  std::string locale;
  TemplateProgram subject, preheader, text, html, title, deep_link, collapse_key, plain_text, unsubscribe_url;
  // The campaign says where to unsubscribe; otherwise a variable does, for customers who have it.
  bool must_unsubscribe = false;
  // Values of tracking parameters behind "name=".
  std::vector<std::pair<std::string, TemplateProgram>> tracking;
  // By slot.
  std::vector<Variable> variables;
  std::vector<PhraseUse> phrases;
  // Of a campaign whose language model writes for the channel.
  ModelSlots model;

  // `by_model`: a language model writes for its channel.
  // INVALID_ARGUMENT "config.templates[3].html: ...": a text that does not parse; a link that leads where it may not; a
  // phrase that has no pattern for the locale; {{model_text}} where no language model may write, or without other words
  // for when it has none.
  static absl::StatusOr<CompiledTemplate> Compile(const InheritedTemplate& source, const v1::GenerationConfig& config,
                                                  const CampaignParts& parts, bool by_model = false);
};

}  // namespace campaign::generator
