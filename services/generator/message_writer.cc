#include "services/generator/message_writer.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::generator {
namespace {

// The bounds of Message in generator.proto. A message above them would make the next service refuse its whole batch.
constexpr size_t kMaxSubjectBytes = 1024;
constexpr size_t kMaxTextBytes = 65536;
constexpr size_t kMaxHtmlBytes = 262144;
constexpr size_t kMaxTitleBytes = 512;
constexpr size_t kMaxDeepLinkBytes = 2048;

v1::ItemError MakeError(absl::StatusCode code, const char* reason, std::string message) {
  v1::ItemError error;
  error.set_code(static_cast<int>(code));
  error.set_reason(reason);
  error.set_message(std::move(message));
  return error;
}

absl::string_view ChannelName(v1::Channel channel) {
  switch (channel) {
    case v1::CHANNEL_EMAIL:
      return "e-mail";
    case v1::CHANNEL_SMS:
      return "SMS";
    case v1::CHANNEL_PUSH:
      return "push";
    case v1::CHANNEL_CHAT:
      return "chat";
    default:
      return "no channel";
  }
}

absl::Status CheckOnly(bool allowed, const std::string& value, absl::string_view channel, std::string field_path) {
  if (allowed || value.empty()) return absl::OkStatus();
  return InvalidField(field_path, absl::StrCat(value.size(), " bytes"),
                      absl::StrCat("on a template not for ", channel));
}

absl::Status CheckFields(const v1::Template& source, const std::string& field_path) {
  const bool email = source.channel() == v1::CHANNEL_EMAIL;
  const bool push = source.channel() == v1::CHANNEL_PUSH;
  if (source.channel() == v1::CHANNEL_UNSPECIFIED) {
    return InvalidField(absl::StrCat(field_path, ".channel"), "no channel", "is set; name one");
  }
  if (email && source.subject().empty()) {
    return InvalidField(absl::StrCat(field_path, ".subject"), "no subject", "is set; an e-mail needs one");
  }
  RETURN_IF_ERROR(CheckOnly(email, source.subject(), "e-mail", absl::StrCat(field_path, ".subject")));
  RETURN_IF_ERROR(CheckOnly(email, source.html(), "e-mail", absl::StrCat(field_path, ".html")));
  RETURN_IF_ERROR(CheckOnly(push, source.title(), "push", absl::StrCat(field_path, ".title")));
  return CheckOnly(push, source.deep_link(), "push", absl::StrCat(field_path, ".deep_link"));
}

// Null where the customer cannot be reached there.
const v1::ContactPoint* FindContactPoint(const v1::Customer& customer, v1::Channel channel) {
  for (const v1::ContactPoint& point : customer.contact_points()) {
    if (point.channel() == channel && !point.address().empty()) return &point;
  }
  return nullptr;
}

// "zh-hant-tw" → "zh-hant" → "zh" → "". A single letter left at the end ("en-x") announces what was cut off.
absl::string_view WithoutLastSubtag(absl::string_view locale) {
  size_t dash = locale.rfind('-');
  if (dash == absl::string_view::npos) return "";
  if (dash >= 2 && locale[dash - 2] == '-') dash -= 2;
  return locale.substr(0, dash);
}

bool HasNothingToSay(const v1::ActionDecision& decision) {
  return decision.held_out() || decision.kind() == v1::ACTION_KIND_UNSPECIFIED ||
         decision.kind() == v1::ACTION_KIND_NONE || decision.channel() == v1::CHANNEL_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<MessageWriter> MessageWriter::Compile(const v1::GenerationConfig& config) {
  ASSIGN_OR_RETURN(const VariableDefaults defaults, VariableDefaults::Compile(config));
  MessageWriter writer;
  for (int i = 0; i < config.templates_size(); ++i) {
    const v1::Template& source = config.templates(i);
    const std::string field_path = absl::StrCat("config.templates[", i, "]");
    ASSIGN_OR_RETURN(CompiledTemplate compiled, CompileOne(source, defaults, field_path));
    Key key(source.template_id(), source.channel(), absl::AsciiStrToLower(source.locale()));
    if (!writer.templates_.emplace(std::move(key), std::move(compiled)).second) {
      return InvalidField(absl::StrCat(field_path, ".template_id"), source.template_id(),
                          "has an earlier template for the same channel and locale");
    }
  }
  return writer;
}

absl::StatusOr<MessageWriter::CompiledTemplate> MessageWriter::CompileOne(const v1::Template& source,
                                                                          const VariableDefaults& defaults,
                                                                          const std::string& field_path) {
  RETURN_IF_ERROR(CheckFields(source, field_path));
  CompiledTemplate compiled;
  compiled.template_id = source.template_id();
  compiled.locale = source.locale();
  std::vector<std::string> names;
  const auto compile = [&](absl::string_view field, const std::string& text, Insertion insertion,
                           TemplateProgram& program) -> absl::Status {
    ASSIGN_OR_RETURN(program, TemplateProgram::Compile(text, insertion, absl::StrCat(field_path, field), names));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(compile(".subject", source.subject(), Insertion::kOneLine, compiled.subject));
  RETURN_IF_ERROR(compile(".text", source.text(), Insertion::kVerbatim, compiled.text));
  RETURN_IF_ERROR(compile(".html", source.html(), Insertion::kHtml, compiled.html));
  RETURN_IF_ERROR(compile(".title", source.title(), Insertion::kOneLine, compiled.title));
  RETURN_IF_ERROR(compile(".deep_link", source.deep_link(), Insertion::kOneLine, compiled.deep_link));
  for (std::string& name : names) compiled.variables.push_back(defaults.Resolve(std::move(name)));
  return compiled;
}

const MessageWriter::CompiledTemplate* MessageWriter::Find(absl::string_view template_id, v1::Channel channel,
                                                           absl::string_view locale) const {
  const std::string lower = absl::AsciiStrToLower(locale);
  for (absl::string_view range = lower;; range = WithoutLastSubtag(range)) {
    const auto found = templates_.find(std::make_tuple(template_id, static_cast<int>(channel), range));
    if (found != templates_.end()) return &found->second;
    if (range.empty()) return nullptr;
  }
}

absl::optional<v1::ItemError> MessageWriter::Render(const CompiledTemplate& source, Values& values,
                                                    v1::Message& message) {
  absl::optional<v1::ItemError> error;
  const auto render = [&](const TemplateProgram& program, size_t max_bytes, std::string* output) {
    if (error.has_value()) return;
    const RenderResult result = program.Render(absl::MakeSpan(values), max_bytes, *output);
    if (result.kind == RenderResult::Kind::kVariableMissing) {
      error = MakeError(absl::StatusCode::kFailedPrecondition, kVariableMissing,
                        absl::StrCat("variable ", source.variables[result.slot].name, " of template ",
                                     source.template_id, " has no value and no fallback"));
    } else if (result.kind == RenderResult::Kind::kTooLong) {
      error = MakeError(
          absl::StatusCode::kFailedPrecondition, kMessageTooLong,
          absl::StrCat("a text of template ", source.template_id, " filled in is above ", max_bytes, " bytes"));
    }
  };
  render(source.subject, kMaxSubjectBytes, message.mutable_subject());
  render(source.text, kMaxTextBytes, message.mutable_text());
  render(source.html, kMaxHtmlBytes, message.mutable_html());
  render(source.title, kMaxTitleBytes, message.mutable_title());
  render(source.deep_link, kMaxDeepLinkBytes, message.mutable_deep_link());
  return error;
}

void MessageWriter::Write(const v1::GenerateItem& item, v1::GenerateItemResult& result) const {
  const v1::ActionDecision& decision = item.decision();
  const v1::Customer& customer = item.profile().customer();
  const absl::string_view channel_name = ChannelName(decision.channel());
  if (HasNothingToSay(decision)) {
    *result.mutable_error() = MakeError(absl::StatusCode::kFailedPrecondition, kActionMissing,
                                        "the decision has no action and channel to write for");
    return;
  }
  const CompiledTemplate* source = Find(decision.template_id(), decision.channel(), customer.locale());
  if (source == nullptr) {
    *result.mutable_error() = MakeError(absl::StatusCode::kNotFound, kTemplateMissing,
                                        absl::StrCat("no template ", decision.template_id(), " for ", channel_name,
                                                     " in locale \"", customer.locale(), "\""));
    return;
  }
  const v1::ContactPoint* contact = FindContactPoint(customer, decision.channel());
  if (contact == nullptr) {
    *result.mutable_error() = MakeError(absl::StatusCode::kFailedPrecondition, kAddressMissing,
                                        absl::StrCat("the customer has no address for ", channel_name));
    return;
  }
  Values values;
  for (const Variable& variable : source->variables) values.push_back(variable.ValueFor(item));
  v1::Message& message = *result.mutable_message();
  if (absl::optional<v1::ItemError> error = Render(*source, values, message); error.has_value()) {
    *result.mutable_error() = *std::move(error);
    return;
  }
  message.set_channel(decision.channel());
  message.set_address(contact->address());
  message.set_locale(source->locale.empty() ? customer.locale() : source->locale);
  message.set_message_class(decision.message_class() == v1::MESSAGE_CLASS_UNSPECIFIED ? v1::MESSAGE_CLASS_MARKETING
                                                                                      : decision.message_class());
  message.set_template_id(source->template_id);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].is_fallback && values[i].used) message.add_fallbacks_used(source->variables[i].name);
  }
}

}  // namespace campaign::generator
