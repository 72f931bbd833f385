#include "services/generator/rendering.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/generator/item_error.h"
#include "services/generator/message_writer.h"

namespace campaign::generator {

namespace {

// ICU keeps a number and its unit together with spaces that are not in the alphabet of an SMS: one would more than
// halve what a segment holds.
void PutPlainSpaces(std::string& text) {
  absl::StrReplaceAll({{"\u00A0", " "}, {"\u202F", " "}, {"\u2009", " "}}, &text);
}

}  // namespace

Rendering::Rendering(const CompiledTemplate& source, const CampaignParts& parts, const v1::GenerateItem& item,
                     const ModelTexts* texts)
    : source_(source), parts_(parts) {
  for (const Variable& variable : source.variables) values_.push_back(variable.ValueFor(item));
  if (source.model.any()) PutModelTexts(texts);
  if (!source.phrases.empty()) FormatPhrases(item);
}

// Nobody else fills these in: a variable of an offer named as they are is not what a model has written.
void Rendering::PutModelTexts(const ModelTexts* texts) {
  const auto put = [&](int slot, const std::string ModelTexts::*text) {
    if (slot < 0) return;
    values_[slot] = {};
    if (texts != nullptr && !(texts->*text).empty()) {
      values_[slot].text = texts->*text;
    } else if (!source_.variables[slot].fallback.empty()) {
      values_[slot] = {.text = source_.variables[slot].fallback, .is_fallback = true};
    }
  };
  put(source_.model.subject, &ModelTexts::subject);
  put(source_.model.preheader, &ModelTexts::preheader);
  put(source_.model.title, &ModelTexts::title);
  put(source_.model.text, &ModelTexts::text);
}

void Rendering::FormatPhrases(const v1::GenerateItem& item) {
  const v1::Customer& customer = item.profile().customer();
  const std::string& locale = customer.locale().empty() ? source_.locale : customer.locale();
  phrases_.resize(source_.phrases.size());
  absl::InlinedVector<absl::string_view, 4> arguments;
  for (size_t i = 0; i < source_.phrases.size(); ++i) {
    const PhraseUse& use = source_.phrases[i];
    arguments.clear();
    bool complete = true, has_fallback = false;
    for (const int slot : use.arguments) {
      arguments.push_back(values_[slot].text);
      complete &= !values_[slot].text.empty();
      has_fallback |= values_[slot].is_fallback;
    }
    // Without them a fallback for the phrase as a whole stands in.
    if (!complete) continue;
    absl::optional<std::string> text = use.phrase->Format(locale, customer.time_zone(), arguments);
    if (!text.has_value()) continue;
    phrases_[i] = *std::move(text);
    if (item.decision().channel() == v1::CHANNEL_SMS) PutPlainSpaces(phrases_[i]);
    values_[use.slot] = {.text = phrases_[i], .is_fallback = has_fallback};
  }
}

v1::ItemError Rendering::MissingVariable(int slot) const {
  for (const PhraseUse& use : source_.phrases) {
    if (use.slot != slot) continue;
    for (const int argument : use.arguments) {
      if (values_[argument].text.empty()) return MissingVariable(argument);
    }
    std::string values;
    for (const int argument : use.arguments) {
      absl::StrAppend(&values, values.empty() ? "" : ", ", source_.variables[argument].name, " = \"",
                      values_[argument].text.substr(0, 64), "\"");
    }
    return MakeItemError(absl::StatusCode::kFailedPrecondition, kVariableInvalid,
                         absl::StrCat("phrase ", use.phrase->name(), " of template ", source_.template_id,
                                      " cannot be formatted with ", values));
  }
  return MakeItemError(absl::StatusCode::kFailedPrecondition, kVariableMissing,
                       absl::StrCat("variable ", source_.variables[slot].name, " of template ", source_.template_id,
                                    " has no value and no fallback"));
}

v1::ItemError Rendering::ErrorOf(const RenderResult& result, const TemplateProgram& program) const {
  switch (result.kind) {
    case RenderResult::Kind::kControlCharacter:
      return MakeItemError(absl::StatusCode::kFailedPrecondition, kHeaderInjection,
                           absl::StrCat("variable ", source_.variables[result.slot].name, " of template ",
                                        source_.template_id, " has a line break or control character"));
    case RenderResult::Kind::kTooLong:
      return MakeItemError(absl::StatusCode::kFailedPrecondition, kMessageTooLong,
                           absl::StrCat("a text of template ", source_.template_id, " filled in is above ",
                                        program.max_bytes(), " bytes"));
    case RenderResult::Kind::kLinkForbidden:
      return MakeItemError(
          absl::StatusCode::kFailedPrecondition, kLinkNotAllowed,
          absl::StrCat("template ", source_.template_id, " filled in leads to \"",
                       absl::string_view(result.link).substr(0, 256), "\", no host of links.allowed_hosts"));
    default:
      return MissingVariable(result.slot);
  }
}

void Rendering::Render(const TemplateProgram& program, std::string* output) {
  if (error_.has_value()) return;
  const MessageLinks links{parts_.links, tracking_, parts_.unsubscribing};
  const RenderResult result = program.Render(absl::MakeSpan(values_), links, *output);
  if (result.kind != RenderResult::Kind::kOk) error_ = ErrorOf(result, program);
}

void Rendering::FillTracking() {
  std::string tracking;
  for (const auto& [name, value] : source_.tracking) {
    absl::StrAppend(&tracking, tracking.empty() ? "" : "&", name);
    Render(value, &tracking);
  }
  tracking_ = std::move(tracking);
}

void Rendering::FillUnsubscribeUrl(v1::Message& message) {
  std::string url;
  if (!source_.must_unsubscribe) {
    // A variable that a customer lacks, or that is good for a link in the text alone.
    const MessageLinks links{parts_.links, {}, parts_.unsubscribing};
    const RenderResult result = source_.unsubscribe_url.Render(absl::MakeSpan(values_), links, url);
    if (result.kind == RenderResult::Kind::kVariableMissing || !absl::StartsWith(url, "https://")) return;
    if (result.kind != RenderResult::Kind::kOk) error_ = ErrorOf(result, source_.unsubscribe_url);
  } else {
    Render(source_.unsubscribe_url, &url);
    if (error_.has_value()) return;
    if (!absl::StartsWith(url, "https://")) {
      error_ = MakeItemError(absl::StatusCode::kFailedPrecondition, kLinkNotAllowed,
                             absl::StrCat("links.one_click_unsubscribe_url filled in is no HTTPS address"));
    }
  }
  message.set_unsubscribe_url(std::move(url));
}

void Rendering::NameFallbacks(v1::Message& message) {
  for (size_t i = 0; i < source_.phrases.size(); ++i) {
    // What a phrase was formatted from was used; the phrase is no fallback itself then.
    Value& phrase = values_[source_.phrases[i].slot];
    if (phrase.text.data() != phrases_[i].data() || !phrase.used) continue;
    phrase.is_fallback = false;
    for (const int slot : source_.phrases[i].arguments) values_[slot].used = true;
  }
  for (size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].is_fallback && values_[i].used) message.add_fallbacks_used(source_.variables[i].name);
  }
}

absl::optional<v1::ItemError> Rendering::Fill(v1::Message& message) {
  if (!source_.tracking.empty()) FillTracking();
  const auto fill = [&](const TemplateProgram& program, std::string* (v1::Message::*field)()) {
    if (!program.empty()) Render(program, (message.*field)());
  };
  fill(source_.subject, &v1::Message::mutable_subject);
  fill(source_.preheader, &v1::Message::mutable_preheader);
  fill(source_.text, &v1::Message::mutable_text);
  fill(source_.html, &v1::Message::mutable_html);
  fill(source_.title, &v1::Message::mutable_title);
  fill(source_.deep_link, &v1::Message::mutable_deep_link);
  fill(source_.collapse_key, &v1::Message::mutable_collapse_key);
  fill(source_.plain_text, &v1::Message::mutable_plain_text);
  if (!error_.has_value() && !source_.unsubscribe_url.empty()) FillUnsubscribeUrl(message);
  if (!error_.has_value()) NameFallbacks(message);
  return std::move(error_);
}

}  // namespace campaign::generator
