#include "services/generator/inheritance.h"

#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/generator/locale_range.h"

namespace campaign::generator {
namespace {

struct Source {
  const v1::Template* text;
  std::string field_path;
  bool of_brand;
};

absl::Status CheckOnly(bool allowed, const std::string& value, absl::string_view channel, std::string field_path) {
  if (allowed || value.empty()) return absl::OkStatus();
  return InvalidField(field_path, absl::StrCat(value.size(), " bytes"),
                      absl::StrCat("on a template not for ", channel));
}

absl::Status CheckChannel(const v1::Template& source, const std::string& path) {
  if (source.channel() == v1::CHANNEL_UNSPECIFIED) {
    return InvalidField(path + ".channel", "no channel", "is set; name one");
  }
  const bool email = source.channel() == v1::CHANNEL_EMAIL;
  const bool push = source.channel() == v1::CHANNEL_PUSH;
  RETURN_IF_ERROR(CheckOnly(email, source.subject(), "e-mail", path + ".subject"));
  RETURN_IF_ERROR(CheckOnly(email, source.preheader(), "e-mail", path + ".preheader"));
  RETURN_IF_ERROR(CheckOnly(email, source.html(), "e-mail", path + ".html"));
  RETURN_IF_ERROR(CheckOnly(push, source.title(), "push", path + ".title"));
  RETURN_IF_ERROR(CheckOnly(push, source.deep_link(), "push", path + ".deep_link"));
  RETURN_IF_ERROR(CheckOnly(push, source.collapse_key(), "push", path + ".collapse_key"));
  return CheckOnly(source.channel() == v1::CHANNEL_CHAT, source.plain_text(), "chat", path + ".plain_text");
}

absl::Status CheckName(const Source& source) {
  const v1::Template& text = *source.text;
  if (!source.of_brand && text.template_id().empty()) {
    return InvalidField(source.field_path + ".template_id", "no id", "is set; a campaign's template needs one");
  }
  if (text.variant().empty()) return absl::OkStatus();
  const std::string path = source.field_path + ".variant";
  if (source.of_brand) return InvalidField(path, text.variant(), "is on a template of the brand");
  const size_t slash = text.variant().find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.variant().size()) {
    return InvalidField(path, text.variant(), "is not experiment_id/variant_id");
  }
  return absl::OkStatus();
}

absl::Status CheckPartials(const PartialScope& scope) {
  absl::flat_hash_set<std::tuple<std::string, int, std::string>> seen;
  for (int i = 0; i < scope.partials->size(); ++i) {
    const v1::Partial& partial = scope.partials->Get(i);
    if (seen.emplace(partial.name(), partial.channel(), absl::AsciiStrToLower(partial.locale())).second) continue;
    return InvalidField(absl::StrCat(scope.field_path, "[", i, "].name"), partial.name(),
                        "has an earlier partial for the same channel and locale");
  }
  return absl::OkStatus();
}

absl::Status CheckSources(const std::vector<Source>& sources) {
  absl::flat_hash_set<std::tuple<bool, std::string, std::string, int, std::string>> seen;
  for (const Source& source : sources) {
    const v1::Template& text = *source.text;
    RETURN_IF_ERROR(CheckChannel(text, source.field_path));
    RETURN_IF_ERROR(CheckName(source));
    RETURN_IF_ERROR(CheckPartials({&text.partials(), source.field_path + ".partials"}));
    const bool first = seen.emplace(source.of_brand, text.template_id(), text.variant(), text.channel(),
                                    absl::AsciiStrToLower(text.locale()))
                           .second;
    if (first) continue;
    return InvalidField(source.field_path + ".template_id", text.template_id(),
                        "has an earlier template for the same channel and locale");
  }
  return absl::OkStatus();
}

std::vector<Source> SourcesOf(const v1::GenerationConfig& config) {
  std::vector<Source> sources;
  for (int i = 0; i < config.templates_size(); ++i) {
    sources.push_back({&config.templates(i), absl::StrCat("config.templates[", i, "]"), false});
  }
  for (int i = 0; i < config.brand().templates_size(); ++i) {
    sources.push_back({&config.brand().templates(i), absl::StrCat("config.brand.templates[", i, "]"), true});
  }
  return sources;
}

// The one without a variant for the id and channel of `like` whose locale is nearest. Null: none.
const Source* FindNearest(const std::vector<Source>& sources, bool of_brand, const std::string& template_id,
                          const v1::Template& like) {
  const Source* nearest = nullptr;
  int least = 0;
  for (const Source& source : sources) {
    const v1::Template& text = *source.text;
    if (source.of_brand != of_brand || text.template_id() != template_id || !text.variant().empty()) continue;
    if (text.channel() != like.channel()) continue;
    const int distance = LocaleDistance(like.locale(), text.locale());
    if (distance < 0 || (nearest != nullptr && distance >= least)) continue;
    nearest = &source;
    least = distance;
  }
  return nearest;
}

// `head` and what it inherits from, the nearest first.
std::vector<const Source*> ChainOf(const Source& head, const std::vector<Source>& sources) {
  std::vector<const Source*> chain = {&head};
  const v1::Template& text = *head.text;
  const Source* next[] = {
      text.variant().empty() ? nullptr : FindNearest(sources, /*of_brand=*/false, text.template_id(), text),
      head.of_brand ? nullptr : FindNearest(sources, /*of_brand=*/true, text.template_id(), text),
      FindNearest(sources, /*of_brand=*/true, "", text)};
  for (const Source* source : next) {
    if (source != nullptr) chain.push_back(source);
  }
  return chain;
}

TemplateText FirstOf(const std::vector<const Source*>& chain, const std::string& (v1::Template::*text)() const,
                     absl::string_view field) {
  for (const Source* source : chain) {
    const std::string& own = (source->text->*text)();
    if (!own.empty()) return {own, absl::StrCat(source->field_path, field)};
  }
  return {"", absl::StrCat(chain[0]->field_path, field)};
}

absl::Status CheckComplete(const InheritedTemplate& inherited) {
  if (inherited.channel == v1::CHANNEL_EMAIL && inherited.subject.text.empty()) {
    return InvalidField(inherited.subject.field_path, "no subject", "is set or inherited; an e-mail needs one");
  }
  if (inherited.text.text.empty()) {
    return InvalidField(inherited.text.field_path, "no text", "is set or inherited; every message needs one");
  }
  return absl::OkStatus();
}

absl::StatusOr<InheritedTemplate> Inherit(const Source& head, const std::vector<Source>& sources,
                                          const v1::GenerationConfig& config) {
  const std::vector<const Source*> chain = ChainOf(head, sources);
  InheritedTemplate inherited;
  inherited.template_id = head.text->template_id();
  inherited.variant = head.text->variant();
  inherited.channel = head.text->channel();
  inherited.locale = head.text->locale();
  inherited.field_path = head.field_path;
  inherited.subject = FirstOf(chain, &v1::Template::subject, ".subject");
  inherited.preheader = FirstOf(chain, &v1::Template::preheader, ".preheader");
  inherited.text = FirstOf(chain, &v1::Template::text, ".text");
  inherited.html = FirstOf(chain, &v1::Template::html, ".html");
  inherited.title = FirstOf(chain, &v1::Template::title, ".title");
  inherited.deep_link = FirstOf(chain, &v1::Template::deep_link, ".deep_link");
  inherited.collapse_key = FirstOf(chain, &v1::Template::collapse_key, ".collapse_key");
  inherited.plain_text = FirstOf(chain, &v1::Template::plain_text, ".plain_text");
  for (const Source* source : chain) {
    inherited.partials.push_back({&source->text->partials(), source->field_path + ".partials"});
  }
  inherited.partials.push_back({&config.partials(), "config.partials"});
  inherited.partials.push_back({&config.brand().partials(), "config.brand.partials"});
  RETURN_IF_ERROR(CheckComplete(inherited));
  return inherited;
}

bool IsOverridden(const Source& source, const std::vector<Source>& sources) {
  if (!source.of_brand) return false;
  const Source* own = FindNearest(sources, /*of_brand=*/false, source.text->template_id(), *source.text);
  return own != nullptr && LocaleDistance(source.text->locale(), own->text->locale()) == 0;
}

}  // namespace

absl::optional<TemplateText> InheritedTemplate::FindPartial(absl::string_view name, bool html) const {
  for (const PartialScope& scope : partials) {
    int nearest = -1, least = 0;
    for (int i = 0; i < scope.partials->size(); ++i) {
      const v1::Partial& partial = scope.partials->Get(i);
      const bool any_channel = partial.channel() == v1::CHANNEL_UNSPECIFIED;
      if (partial.name() != name || (!any_channel && partial.channel() != channel)) continue;
      const int distance = LocaleDistance(locale, partial.locale());
      const int rank = 2 * distance + (any_channel ? 1 : 0);
      if (distance < 0 || (nearest >= 0 && rank >= least)) continue;
      nearest = i;
      least = rank;
    }
    if (nearest < 0) continue;
    const v1::Partial& partial = scope.partials->Get(nearest);
    const bool own_html = html && !partial.html().empty();
    return TemplateText{own_html ? partial.html() : partial.text(),
                        absl::StrCat(scope.field_path, "[", nearest, own_html ? "].html" : "].text"),
                        html && !own_html};
  }
  return absl::nullopt;
}

absl::StatusOr<std::vector<InheritedTemplate>> InheritTemplates(const v1::GenerationConfig& config) {
  RETURN_IF_ERROR(CheckPartials({&config.partials(), "config.partials"}));
  RETURN_IF_ERROR(CheckPartials({&config.brand().partials(), "config.brand.partials"}));
  const std::vector<Source> sources = SourcesOf(config);
  RETURN_IF_ERROR(CheckSources(sources));
  std::vector<InheritedTemplate> templates;
  for (const Source& source : sources) {
    if (source.text->template_id().empty() || IsOverridden(source, sources)) continue;
    ASSIGN_OR_RETURN(InheritedTemplate inherited, Inherit(source, sources, config));
    templates.push_back(std::move(inherited));
  }
  return templates;
}

}  // namespace campaign::generator
