#include "services/generator/message_writer.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/generator/channel_bounds.h"
#include "services/generator/inheritance.h"
#include "services/generator/item_error.h"
#include "services/generator/locale_range.h"
#include "services/generator/rendering.h"

namespace campaign::generator {
namespace {

constexpr int kDefaultSmsSegments = 3;

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

// Null where the customer cannot be reached there.
const v1::ContactPoint* FindContactPoint(const v1::Customer& customer, v1::Channel channel) {
  for (const v1::ContactPoint& point : customer.contact_points()) {
    if (point.channel() == channel && !point.address().empty()) return &point;
  }
  return nullptr;
}

bool HasNothingToSay(const v1::ActionDecision& decision) {
  return decision.held_out() || decision.kind() == v1::ACTION_KIND_UNSPECIFIED ||
         decision.kind() == v1::ACTION_KIND_NONE || decision.channel() == v1::CHANNEL_UNSPECIFIED;
}

absl::optional<v1::ItemError> CheckAddress(v1::Channel channel, const v1::ContactPoint* contact) {
  if (contact == nullptr) {
    return MakeItemError(absl::StatusCode::kFailedPrecondition, kAddressMissing,
                         absl::StrCat("the customer has no address for ", ChannelName(channel)));
  }
  if (channel == v1::CHANNEL_EMAIL && HasControlCharacter(contact->address())) {
    return MakeItemError(absl::StatusCode::kFailedPrecondition, kHeaderInjection,
                         "the customer's e-mail address has a line break or control character");
  }
  return absl::nullopt;
}

}  // namespace

absl::StatusOr<MessageWriter> MessageWriter::Compile(const v1::GenerationConfig& config, absl::string_view campaign) {
  MessageWriter writer;
  writer.brand_ = config.brand().name();
  writer.max_sms_segments_ = config.sms().max_segments() > 0 ? config.sms().max_segments() : kDefaultSmsSegments;
  ASSIGN_OR_RETURN(CampaignParts parts, CampaignParts::Compile(config, campaign));
  writer.parts_ = std::make_unique<const CampaignParts>(std::move(parts));
  ASSIGN_OR_RETURN(writer.brief_, ModelBrief::Compile(config.text_model(), *writer.parts_));
  bool model_has_place = writer.brief_.model().empty();
  ASSIGN_OR_RETURN(const std::vector<InheritedTemplate> sources, InheritTemplates(config));
  for (const InheritedTemplate& source : sources) {
    const bool by_model = writer.brief_.WritesFor(source.channel);
    ASSIGN_OR_RETURN(CompiledTemplate compiled, CompiledTemplate::Compile(source, config, *writer.parts_, by_model));
    model_has_place |= compiled.model.any();
    Choice& choice = writer.templates_[Key(source.template_id, source.channel, absl::AsciiStrToLower(source.locale))];
    if (source.variant.empty()) {
      choice.common = std::move(compiled);
    } else {
      const size_t slash = source.variant.find('/');
      choice.variants.push_back(
          {source.variant.substr(0, slash), source.variant.substr(slash + 1), std::move(compiled)});
    }
  }
  if (!model_has_place) {
    return InvalidField("config.text_model.model", writer.brief_.model(),
                        "has nothing to write: no template of its channels has a subject, preheader, title or "
                        "{{model_text}}");
  }
  return writer;
}

const CompiledTemplate* MessageWriter::Choice::For(const v1::ActionDecision& decision) const {
  for (int i = variants.empty() ? 0 : decision.assignments_size(); i-- > 0;) {
    const v1::Assignment& assignment = decision.assignments(i);
    for (const Variant& variant : variants) {
      if (variant.experiment_id == assignment.experiment_id() && variant.variant_id == assignment.variant_id()) {
        return &variant.text;
      }
    }
  }
  return common.has_value() ? &*common : nullptr;
}

const CompiledTemplate* MessageWriter::Find(const v1::ActionDecision& decision, absl::string_view locale) const {
  const std::string lower = absl::AsciiStrToLower(locale);
  const absl::string_view template_id = decision.template_id();
  for (absl::string_view range = lower;; range = WiderLocale(range)) {
    const auto found = templates_.find(std::make_tuple(template_id, static_cast<int>(decision.channel()), range));
    const CompiledTemplate* source = found == templates_.end() ? nullptr : found->second.For(decision);
    if (source != nullptr || range.empty()) return source;
  }
}

WantedTexts MessageWriter::WantedFor(const v1::GenerateItem& item) const {
  const v1::Channel channel = item.decision().channel();
  if (!brief_.WritesFor(channel)) return {};
  const CompiledTemplate* source = Find(item.decision(), item.profile().customer().locale());
  if (source == nullptr) return {};
  const bool of_paragraphs = channel == v1::CHANNEL_EMAIL || channel == v1::CHANNEL_CHAT;
  return {.subject = source->model.subject >= 0,
          .preheader = source->model.preheader >= 0,
          .title = source->model.title >= 0,
          .text = source->model.text >= 0 && !of_paragraphs,
          .paragraphs = source->model.text >= 0 && of_paragraphs};
}

void MessageWriter::Write(const v1::GenerateItem& item, v1::GenerateItemResult& result, const ModelTexts* texts) const {
  const v1::ActionDecision& decision = item.decision();
  const v1::Customer& customer = item.profile().customer();
  if (HasNothingToSay(decision)) {
    *result.mutable_error() = MakeItemError(absl::StatusCode::kFailedPrecondition, kActionMissing,
                                            "the decision has no action and channel to write for");
    return;
  }
  const CompiledTemplate* source = Find(decision, customer.locale());
  if (source == nullptr) {
    *result.mutable_error() =
        MakeItemError(absl::StatusCode::kNotFound, kTemplateMissing,
                      absl::StrCat("no template ", decision.template_id(), " for ", ChannelName(decision.channel()),
                                   " in locale \"", customer.locale(), "\""));
    return;
  }
  const v1::ContactPoint* contact = FindContactPoint(customer, decision.channel());
  absl::optional<v1::ItemError> error = CheckAddress(decision.channel(), contact);
  v1::Message& message = *result.mutable_message();
  if (!error.has_value()) error = Rendering(*source, *parts_, item, texts).Fill(message);
  if (!error.has_value() && decision.channel() == v1::CHANNEL_SMS) error = CheckSms(max_sms_segments_, message);
  if (!error.has_value() && decision.channel() == v1::CHANNEL_PUSH) error = CheckPush(message);
  if (error.has_value()) {
    *result.mutable_error() = *std::move(error);
    return;
  }
  message.set_channel(decision.channel());
  message.set_address(contact->address());
  message.set_locale(source->locale.empty() ? customer.locale() : source->locale);
  message.set_message_class(decision.message_class() == v1::MESSAGE_CLASS_UNSPECIFIED ? v1::MESSAGE_CLASS_MARKETING
                                                                                      : decision.message_class());
  message.set_template_id(source->template_id);
  if (!brand_.empty()) message.set_brand(brand_);
}

}  // namespace campaign::generator
