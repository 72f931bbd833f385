#include "services/generator/compiled_template.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/generator/html_position.h"
#include "services/generator/link_marking.h"
#include "services/generator/markdown.h"

namespace campaign::generator {
namespace {

// The bounds of Message in message.proto. A message above them would make the next service refuse its whole batch.
constexpr size_t kMaxSubjectBytes = 1024;
constexpr size_t kMaxPreheaderBytes = 512;
constexpr size_t kMaxTextBytes = 65536;
constexpr size_t kMaxHtmlBytes = 262144;
constexpr size_t kMaxTitleBytes = 512;
constexpr size_t kMaxLinkBytes = 2048;
constexpr size_t kMaxCollapseKeyBytes = 64;
constexpr size_t kMaxParameterBytes = 1024;

// Shown by inboxes after the subject, by nobody once the mail is open.
constexpr char kPreheaderStart[] =
    "<div style=\"display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all\">";
constexpr char kPreheaderEnd[] = "</div>";

// What a language model writes into; the others are no names that a tag can have.
constexpr char kModelText[] = "model_text";
constexpr char kModelSubject[] = "model_text subject";
constexpr char kModelPreheader[] = "model_text preheader";
constexpr char kModelTitle[] = "model_text title";

Token TagToken(Token::Kind kind, const char* name, Insertion insertion = Insertion::kVerbatim) {
  Token token;
  token.kind = kind;
  token.text = name;
  token.insertion = insertion;
  return token;
}

// {{#name}}{{name}}{{/name}}{{^name}} and these {{/name}}.
std::vector<Token> OrModel(const char* name, Insertion insertion, std::vector<Token> tokens) {
  std::vector<Token> either = {TagToken(Token::Kind::kSection, name), TagToken(Token::Kind::kVariable, name, insertion),
                               TagToken(Token::Kind::kSectionEnd, name), TagToken(Token::Kind::kInvertedSection, name)};
  either.insert(either.end(), std::make_move_iterator(tokens.begin()), std::make_move_iterator(tokens.end()));
  either.push_back(TagToken(Token::Kind::kSectionEnd, name));
  return either;
}

// What stands before goes on in the next value as the path of a link.
bool EndsWithinLink(absl::string_view text) {
  return absl::StrContains(text.substr(text.find_last_of(" \t\r\n>(\"") + 1), '/');
}

Token TextToken(absl::string_view text) {
  Token token;
  token.text = std::string(text);
  return token;
}

// Where `text` goes on after its <body> tag, of which it holds the start; npos: it holds none.
size_t FindBody(absl::string_view text) {
  for (size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
    if (absl::StartsWithIgnoreCase(text.substr(at), "<body")) return at;
  }
  return text.npos;
}

// Puts `preheader` where the body begins; at the very start where there is no <body>.
void PutPreheader(std::vector<Token> preheader, std::vector<Token>& html) {
  preheader.insert(preheader.begin(), TextToken(kPreheaderStart));
  preheader.push_back(TextToken(kPreheaderEnd));
  size_t from = 0;
  auto token = html.begin();
  for (; token != html.end(); ++token) {
    if (token->kind != Token::Kind::kText) continue;
    from = FindBody(token->text);
    if (from != std::string::npos) break;
  }
  // The tag may hold variables and so end in a later piece.
  size_t end = std::string::npos;
  for (; token != html.end(); ++token, from = 0) {
    end = token->kind == Token::Kind::kText ? token->text.find('>', from) : std::string::npos;
    if (end != std::string::npos) break;
  }
  if (token == html.end()) {
    html.insert(html.begin(), preheader.begin(), preheader.end());
    return;
  }
  preheader.push_back(TextToken(absl::string_view(token->text).substr(end + 1)));
  token->text.resize(end + 1);
  html.insert(token + 1, preheader.begin(), preheader.end());
}

class TemplateCompiler {
 public:
  TemplateCompiler(const InheritedTemplate& source, const v1::GenerationConfig& config, const CampaignParts& parts,
                   bool by_model)
      : source_(source), config_(config), parts_(parts), by_model_(by_model) {}

  absl::StatusOr<CompiledTemplate> Compile() {
    compiled_.template_id = source_.template_id;
    compiled_.locale = source_.locale;
    ASSIGN_OR_RETURN(compiled_.subject, Plain(source_.subject, Insertion::kHeader, kMaxSubjectBytes, kModelSubject));
    ASSIGN_OR_RETURN(compiled_.preheader,
                     Plain(source_.preheader, Insertion::kHeader, kMaxPreheaderBytes, kModelPreheader));
    ASSIGN_OR_RETURN(compiled_.title, Plain(source_.title, Insertion::kOneLine, kMaxTitleBytes, kModelTitle));
    ASSIGN_OR_RETURN(compiled_.collapse_key, Plain(source_.collapse_key, Insertion::kOneLine, kMaxCollapseKeyBytes));
    ASSIGN_OR_RETURN(compiled_.deep_link,
                     Linked(source_.deep_link, Insertion::kOneLine, LinkText::kAddress, kMaxLinkBytes));
    RETURN_IF_ERROR(CompileText());
    RETURN_IF_ERROR(CompileHtml());
    RETURN_IF_ERROR(CompileUnsubscribeUrl());
    RETURN_IF_ERROR(CompileTracking());
    if (by_model_) RETURN_IF_ERROR(FindModelSlots());
    RETURN_IF_ERROR(ResolveVariables());
    return std::move(compiled_);
  }

 private:
  absl::StatusOr<std::vector<Token>> Parse(const TemplateText& text, Insertion insertion) const {
    const bool html = insertion == Insertion::kHtml;
    return ParseTemplate(text, insertion, [&](absl::string_view name) { return source_.FindPartial(name, html); });
  }

  // A text in which nobody looks for links. A language model may word it anew where `model_name` is given.
  absl::StatusOr<TemplateProgram> Plain(const TemplateText& text, Insertion insertion, size_t max_bytes,
                                        const char* model_name = nullptr) {
    ASSIGN_OR_RETURN(std::vector<Token> tokens, Parse(text, insertion));
    if (by_model_ && model_name != nullptr && !tokens.empty()) {
      tokens = OrModel(model_name, insertion, std::move(tokens));
    }
    return TemplateProgram::Make(std::move(tokens), LinkText::kRunning, max_bytes, text.field_path, names_);
  }

  absl::StatusOr<TemplateProgram> Linked(const TemplateText& text, Insertion insertion, LinkText kind,
                                         size_t max_bytes) {
    ASSIGN_OR_RETURN(std::vector<Token> tokens, Parse(text, insertion));
    return Marked(std::move(tokens), text, kind, max_bytes);
  }

  absl::StatusOr<TemplateProgram> Marked(std::vector<Token> tokens, const TemplateText& text, LinkText kind,
                                         size_t max_bytes, bool tracks = true) {
    const auto constant_of = [&](absl::string_view name) { return parts_.defaults.ConstantOf(name); };
    tracks = tracks && parts_.links.tracks();
    if (kind == LinkText::kHtml || parts_.links.restricts() || tracks) {
      const LinkContext context{parts_.links, constant_of, parts_.unsubscribing, tracks};
      RETURN_IF_ERROR(MarkLinks(kind, context, text.field_path, tokens));
    }
    if (by_model_) RETURN_IF_ERROR(PlaceModelText(text.field_path, tokens));
    return TemplateProgram::Make(std::move(tokens), kind, max_bytes, text.field_path, names_);
  }

  absl::Status CompileText() {
    if (source_.channel != v1::CHANNEL_CHAT) {
      ASSIGN_OR_RETURN(compiled_.text, Linked(source_.text, Insertion::kVerbatim, LinkText::kRunning, kMaxTextBytes));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(std::vector<Token> markdown, Parse(source_.text, Insertion::kMarkdown));
    std::vector<Token> plain = WithoutMarkdown(markdown);
    ASSIGN_OR_RETURN(compiled_.text, Marked(std::move(markdown), source_.text, LinkText::kRunning, kMaxTextBytes));
    if (!source_.plain_text.text.empty()) {
      ASSIGN_OR_RETURN(plain, Parse(source_.plain_text, Insertion::kVerbatim));
    }
    const TemplateText& origin = source_.plain_text.text.empty() ? source_.text : source_.plain_text;
    ASSIGN_OR_RETURN(compiled_.plain_text, Marked(std::move(plain), origin, LinkText::kRunning, kMaxTextBytes));
    return absl::OkStatus();
  }

  absl::Status CompileHtml() {
    if (source_.html.text.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<Token> html, Parse(source_.html, Insertion::kHtml));
    if (!source_.preheader.text.empty()) {
      TemplateText escaped = source_.preheader;
      escaped.escape = true;
      ASSIGN_OR_RETURN(std::vector<Token> preheader, Parse(escaped, Insertion::kHtml));
      if (by_model_) preheader = OrModel(kModelPreheader, Insertion::kHtml, std::move(preheader));
      PutPreheader(std::move(preheader), html);
    }
    ASSIGN_OR_RETURN(compiled_.html, Marked(std::move(html), source_.html, LinkText::kHtml, kMaxHtmlBytes));
    return absl::OkStatus();
  }

  absl::Status CompileUnsubscribeUrl() {
    if (source_.channel != v1::CHANNEL_EMAIL) return absl::OkStatus();
    const std::string& own = config_.links().one_click_unsubscribe_url();
    compiled_.must_unsubscribe = !own.empty();
    if (const LinkTarget target = ResolveLink(own); target.kind != LinkTarget::Kind::kElsewhere && !target.https) {
      return InvalidField("config.links.one_click_unsubscribe_url", own, "is not HTTPS");
    }
    const TemplateText text{own.empty() ? "{{unsubscribe_url}}" : own, "config.links.one_click_unsubscribe_url"};
    ASSIGN_OR_RETURN(std::vector<Token> tokens, Parse(text, Insertion::kHeader));
    ASSIGN_OR_RETURN(compiled_.unsubscribe_url,
                     Marked(std::move(tokens), text, LinkText::kAddress, kMaxLinkBytes, /*tracks=*/false));
    return absl::OkStatus();
  }

  absl::Status CompileTracking() {
    for (int i = 0; i < config_.links().tracking_parameters_size(); ++i) {
      const v1::Fact& parameter = config_.links().tracking_parameters(i);
      const TemplateText text{parameter.value(), absl::StrCat("config.links.tracking_parameters[", i, "].value")};
      ASSIGN_OR_RETURN(std::vector<Token> tokens, Parse(text, Insertion::kPercent));
      for (Token& token : tokens) {
        if (token.kind != Token::Kind::kText) continue;
        std::string encoded;
        if (!AppendValue(token.text, Insertion::kPercent, encoded)) continue;
        token.text = std::move(encoded);
      }
      ASSIGN_OR_RETURN(TemplateProgram value, TemplateProgram::Make(std::move(tokens), LinkText::kRunning,
                                                                    kMaxParameterBytes, text.field_path, names_));
      compiled_.tracking.emplace_back(absl::StrCat(parameter.name(), "="), std::move(value));
    }
    return absl::OkStatus();
  }

  // What the model writes keeps its lines, and is no part of a link or of a tag, whether links are restricted or not.
  static absl::Status PlaceModelText(absl::string_view field_path, std::vector<Token>& tokens) {
    bool in_link = false;
    HtmlPosition html;
    for (size_t i = 0; i < tokens.size(); ++i) {
      Token& token = tokens[i];
      if (token.kind == Token::Kind::kText) {
        for (size_t at = 0; at < token.text.size(); ++at) html.Advance(absl::string_view(token.text).substr(at));
      }
      if (token.kind == Token::Kind::kLinkStart) in_link = false;
      if (token.kind == Token::Kind::kLinkEnd && token.link.whole && in_link) {
        return InvalidField(field_path, "{{model_text}}", "is part of a link");
      }
      if (token.kind != Token::Kind::kVariable || token.text != kModelText) continue;
      if (token.insertion == Insertion::kHtml && !html.IsWords()) {
        return InvalidField(field_path, "{{model_text}}", "is part of a tag");
      }
      in_link = true;
      const Token* before = nullptr;
      for (size_t j = i; j-- > 0 && before == nullptr;) {
        if (tokens[j].kind == Token::Kind::kText || tokens[j].kind == Token::Kind::kVariable) before = &tokens[j];
      }
      const bool glued = before != nullptr && before->kind == Token::Kind::kText && EndsWithinLink(before->text);
      if (glued || token.insertion == Insertion::kPercent) {
        return InvalidField(field_path, "{{model_text}}", "is part of a link");
      }
      // A chat's plain text.
      if (token.insertion == Insertion::kOneLine) token.insertion = Insertion::kVerbatim;
      if (token.insertion == Insertion::kHtml) token.insertion = Insertion::kHtmlLines;
      if (token.insertion == Insertion::kMarkdown) token.insertion = Insertion::kMarkdownLines;
    }
    return absl::OkStatus();
  }

  int FindSlot(absl::string_view name) const {
    const auto known = std::find(names_.begin(), names_.end(), name);
    return known == names_.end() ? -1 : static_cast<int>(known - names_.begin());
  }

  absl::Status FindModelSlots() {
    compiled_.model = {FindSlot(kModelSubject), FindSlot(kModelPreheader), FindSlot(kModelTitle), FindSlot(kModelText)};
    const int slot = compiled_.model.text;
    if (slot < 0) return absl::OkStatus();
    if (parts_.phrases.Has(kModelText)) {
      return InvalidField(source_.field_path, "{{model_text}}", "is what a language model writes, and a phrase");
    }
    for (const TemplateProgram* other : {&compiled_.subject, &compiled_.preheader, &compiled_.title,
                                         &compiled_.deep_link, &compiled_.collapse_key, &compiled_.unsubscribe_url}) {
      if (other->Names(slot)) return NotForModel();
    }
    for (const auto& [name, value] : compiled_.tracking) {
      if (value.Names(slot)) return NotForModel();
    }
    if (!compiled_.html.empty() && compiled_.html.Names(slot) != compiled_.text.Names(slot)) {
      return InvalidField(source_.field_path, "{{model_text}}", "is in only one of text and html");
    }
    const bool needed = compiled_.text.Needs(slot) || compiled_.html.Needs(slot) || compiled_.plain_text.Needs(slot);
    if (needed && parts_.defaults.Resolve(kModelText).fallback.empty()) {
      return InvalidField(
          source_.field_path, "{{model_text}}",
          "has nothing to stand for it: write "
          "{{#model_text}}{{model_text}}{{/model_text}}{{^model_text}}your own words{{/model_text}}, or "
          "give a fallback");
    }
    return absl::OkStatus();
  }

  absl::Status NotForModel() const {
    return InvalidField(source_.field_path, "{{model_text}}", "is in what a language model may not write");
  }

  // Phrases add their arguments to the variables.
  absl::Status ResolveVariables() {
    for (size_t slot = 0; slot < names_.size(); ++slot) {
      const std::string name = names_[slot];
      if (const Phrase* phrase = parts_.phrases.Find(name, source_.locale); phrase != nullptr) {
        PhraseUse use{phrase, static_cast<int>(slot), {}};
        for (const std::string& argument : phrase->arguments()) use.arguments.push_back(SlotOf(argument));
        compiled_.phrases.push_back(std::move(use));
      } else if (parts_.phrases.Has(name)) {
        return InvalidField(source_.field_path, absl::StrCat("{{", name, "}}"),
                            absl::StrCat("is a phrase that has no pattern for locale \"", source_.locale, "\""));
      }
    }
    for (std::string& name : names_) compiled_.variables.push_back(parts_.defaults.Resolve(std::move(name)));
    return absl::OkStatus();
  }

  int SlotOf(const std::string& name) {
    const auto known = std::find(names_.begin(), names_.end(), name);
    const auto slot = static_cast<int>(known - names_.begin());
    if (known == names_.end()) names_.push_back(name);
    return slot;
  }

  const InheritedTemplate& source_;
  const v1::GenerationConfig& config_;
  const CampaignParts& parts_;
  const bool by_model_;
  // Of the variables, by slot.
  std::vector<std::string> names_;
  CompiledTemplate compiled_;
};

std::vector<std::string> UnsubscribingOf(const VariableDefaults& defaults, const v1::LinkPolicy& policy) {
  const std::string& one_click = policy.one_click_unsubscribe_url();
  const std::string fixed = one_click.substr(0, std::min(one_click.find("{{"), one_click.find_first_of("?#")));
  std::vector<std::string> starts;
  for (std::string start : {defaults.ConstantOf("unsubscribe_url"), defaults.ConstantOf("preferences_url"), fixed}) {
    if (ResolveLink(start).kind == LinkTarget::Kind::kWeb) starts.push_back(std::move(start));
  }
  return starts;
}

}  // namespace

absl::StatusOr<CampaignParts> CampaignParts::Compile(const v1::GenerationConfig& config, absl::string_view campaign) {
  CampaignParts parts;
  ASSIGN_OR_RETURN(parts.defaults, VariableDefaults::Compile(config, campaign));
  ASSIGN_OR_RETURN(parts.phrases, Phrases::Compile(config));
  ASSIGN_OR_RETURN(parts.links, LinkRules::Compile(config.links()));
  parts.unsubscribing = UnsubscribingOf(parts.defaults, config.links());
  return parts;
}

absl::StatusOr<CompiledTemplate> CompiledTemplate::Compile(const InheritedTemplate& source,
                                                           const v1::GenerationConfig& config,
                                                           const CampaignParts& parts, bool by_model) {
  return TemplateCompiler(source, config, parts, by_model).Compile();
}

}  // namespace campaign::generator
