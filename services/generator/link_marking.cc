#include "services/generator/link_marking.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/generator/html_position.h"

namespace campaign::generator {
namespace {

// Stands for a value that is not known yet. No address holds it.
constexpr char kUnknown = '\x01';

// A stretch of a template that is an address or may hold one.
struct Stretch {
  bool open = false;
  // All of it is an address (an attribute's value); otherwise words.
  bool whole = false;
  bool tracked = false;
  bool open_ended = false;
  bool has_section = false;
  int depth = 0;
  size_t first_token = 0;
  // What it says with the campaign's own values filled in.
  std::string sample;
  // Where in the sample variables begin, and their tokens.
  std::vector<std::pair<size_t, size_t>> variables;
};

class LinkMarker {
 public:
  LinkMarker(LinkText kind, const LinkContext& context) : kind_(kind), context_(context) {}

  absl::Status Mark(absl::string_view field_path, std::vector<Token>& tokens) {
    field_path_ = field_path;
    if (kind_ == LinkText::kAddress) Begin(/*whole=*/true, context_.tracks);
    for (Token& token : tokens) {
      if (token.kind == Token::Kind::kText) {
        AddText(token.text);
      } else if (token.kind == Token::Kind::kVariable) {
        AddVariable(std::move(token));
      } else {
        AddSection(std::move(token));
      }
      if (!fault_.ok()) return fault_;
    }
    End();
    tokens = std::move(out_);
    return fault_;
  }

  const std::string& forbidden() const { return forbidden_; }

 private:
  void AddText(const std::string& text) {
    for (size_t i = 0; i < text.size();) i += AddCharacter(absl::string_view(text).substr(i));
  }

  // How many bytes of `rest` it took.
  size_t AddCharacter(absl::string_view rest) {
    if (kind_ == LinkText::kHtml) {
      const HtmlPosition before = html_;
      html_.Advance(rest);
      if (html_.StartsValue(before)) {
        End();
        Append(rest.substr(0, 1));
        if (html_.IsAddress()) Begin(/*whole=*/true, context_.tracks && html_.IsFollowed());
        return 1;
      }
      if (html_.EndsValue(before) || html_.IsMarkup()) {
        if (html_.IsUnquotedAddress()) Forbid(html_.attribute(), "is an address without quotes");
        End();
        Append(rest.substr(0, 1));
        after_section_ = false;
        return 1;
      }
    }
    return stretch_.open && stretch_.whole ? Extend(rest.substr(0, 1)) : AddWordCharacter(rest);
  }

  size_t AddWordCharacter(absl::string_view rest) {
    const size_t gap = LinkBreakLength(rest, stretch_.sample);
    if (gap > 0) {
      End();
      Append(rest.substr(0, gap));
      after_section_ = false;
      return gap;
    }
    if (!stretch_.open) Begin(/*whole=*/false, context_.tracks && kind_ == LinkText::kRunning);
    return Extend(rest.substr(0, 1));
  }

  void AddVariable(Token token) {
    if (kind_ == LinkText::kHtml && html_.IsUnquoted()) {
      fault_ = InvalidField(field_path_, absl::StrCat("{{", token.text, "}}"), "is in an attribute without quotes");
      return;
    }
    const bool markup = kind_ == LinkText::kHtml && html_.IsMarkup();
    if (!markup) {
      if (!stretch_.open) Begin(/*whole=*/false, context_.tracks && kind_ == LinkText::kRunning);
      const std::string constant = context_.constant_of(token.text);
      stretch_.variables.emplace_back(stretch_.sample.size(), out_.size());
      stretch_.sample += constant.empty() ? std::string(1, kUnknown) : constant;
    }
    out_.push_back(std::move(token));
  }

  void AddSection(Token token) {
    if (stretch_.open && stretch_.whole) {
      stretch_.has_section = true;
    } else {
      stretch_.open_ended = true;
      End();
      after_section_ = true;
    }
    depth_ += token.kind == Token::Kind::kSectionEnd ? -1 : 1;
    out_.push_back(std::move(token));
  }

  void Begin(bool whole, bool tracked) {
    stretch_ = {};
    stretch_.open = true;
    stretch_.whole = whole;
    stretch_.tracked = tracked;
    stretch_.open_ended = !whole && after_section_;
    after_section_ = false;
    stretch_.depth = depth_;
    stretch_.first_token = out_.size();
    fresh_ = true;
  }

  size_t Extend(absl::string_view text) {
    absl::StrAppend(&stretch_.sample, text);
    Append(text);
    return text.size();
  }

  void Append(absl::string_view text) {
    if (fresh_ || out_.empty() || out_.back().kind != Token::Kind::kText) out_.emplace_back();
    fresh_ = false;
    absl::StrAppend(&out_.back().text, text);
  }

  void End() {
    if (!stretch_.open) return;
    stretch_.open = false;
    fresh_ = true;
    if (stretch_.depth != depth_) {
      fault_ = InvalidField(field_path_, stretch_.sample, "is an attribute that begins and ends in different sections");
      return;
    }
    stretch_.whole ? EndAddress() : EndWords();
    stretch_.sample.clear();
  }

  void EndWords() {
    const size_t start = FindWebLink(stretch_.sample);
    if (start == stretch_.sample.npos && stretch_.variables.empty()) return;
    const size_t length = WithoutPunctuation(stretch_.sample).size();
    const absl::string_view sample = absl::string_view(stretch_.sample).substr(0, length);
    const bool known = start == 0 && IsKnown(sample) && !(stretch_.open_ended && AuthorityEnd(sample) == length);
    if (start != sample.npos && (known || stretch_.variables.empty())) CheckWords(sample);
    if (stretch_.variables.empty() && start > 0 && !stretch_.tracked) return;
    PutMarks(known, SplitPunctuation(length));
  }

  void EndAddress() {
    const absl::string_view sample = stretch_.sample;
    if (HasFixedScheme(sample)) return;
    const bool known = IsKnown(sample);
    if (known) Check(sample);
    const LinkTarget target = Resolve(sample);
    const bool fixed = known && stretch_.variables.empty();
    if (fixed && (target.kind != LinkTarget::Kind::kWeb || !stretch_.tracked)) return;
    if (known && target.kind != LinkTarget::Kind::kWeb) stretch_.tracked = false;
    PutMarks(known, out_.end());
  }

  // A scheme of the template's own that leads to no web page: whatever is filled in behind it stays there.
  bool HasFixedScheme(absl::string_view sample) const {
    const size_t colon = sample.find_first_of(":/?#\x01");
    if (sample.empty() || colon == sample.npos || sample[colon] != ':' || stretch_.has_section) {
      return !sample.empty() && sample[0] == '#';
    }
    const bool own = stretch_.variables.empty() || stretch_.variables[0].first > colon;
    return own && Resolve(sample.substr(0, colon + 1)).kind == LinkTarget::Kind::kElsewhere;
  }

  LinkTarget Resolve(absl::string_view address) const {
    return ResolveLink(kind_ == LinkText::kHtml ? DecodeEntities(address) : std::string(address));
  }

  static size_t AuthorityEnd(absl::string_view address) {
    const size_t colon = address.find(':');
    const size_t host = address.find_first_not_of("/\\", colon == address.npos ? 0 : colon + 1);
    return std::min(address.find_first_of("/\\?#", std::min(host, address.size())), address.size());
  }

  // Whether scheme and host stand in the template, or come from the campaign's own variable that it begins with.
  bool IsKnown(absl::string_view sample) const {
    if (stretch_.has_section) return false;
    if (stretch_.variables.empty()) return true;
    const size_t end = AuthorityEnd(sample);
    const absl::string_view authority = sample.substr(0, end);
    const bool web = absl::StartsWithIgnoreCase(sample, "http://") || absl::StartsWithIgnoreCase(sample, "https://");
    if (!web || authority.find_first_of("&\x01") != authority.npos) return false;
    return std::all_of(stretch_.variables.begin(), stretch_.variables.end(),
                       [&](const auto& variable) { return variable.first == 0 || variable.first > end; });
  }

  void CheckWords(absl::string_view words) {
    const std::string link =
        context_.rules.FindForbidden(kind_ == LinkText::kHtml ? DecodeEntities(words) : std::string(words));
    if (!link.empty()) Forbid(link, "leads to no host of links.allowed_hosts");
  }

  void Check(absl::string_view link) {
    if (!context_.rules.Allows(Resolve(link))) Forbid(link, "leads to no host of links.allowed_hosts");
  }

  void Forbid(absl::string_view link, absl::string_view why) {
    if (!context_.rules.restricts() || !forbidden_.empty()) return;
    forbidden_ = std::string(link);
    fault_ = InvalidField(field_path_, link, why);
  }

  // Cuts what follows the first `length` bytes of the sample off the last token; returns where it begins.
  std::vector<Token>::iterator SplitPunctuation(size_t length) {
    const size_t surplus = stretch_.sample.size() - length;
    if (surplus == 0 || out_.back().kind != Token::Kind::kText || out_.back().text.size() < surplus) return out_.end();
    Token rest;
    rest.text = out_.back().text.substr(out_.back().text.size() - surplus);
    out_.back().text.resize(out_.back().text.size() - surplus);
    out_.push_back(std::move(rest));
    return out_.end() - 1;
  }

  bool LeadsOut(const std::string& variable) const {
    return variable == "unsubscribe_url" || variable == "preferences_url" ||
           Unsubscribes(stretch_.sample, context_.unsubscribing);
  }

  void PutMarks(bool known, std::vector<Token>::iterator end) {
    if (!context_.rules.restricts() && !context_.rules.tracks()) return;
    Token mark;
    mark.kind = Token::Kind::kLinkEnd;
    mark.link.known = known;
    mark.link.whole = stretch_.whole;
    mark.link.tracked = stretch_.tracked;
    mark.link.open_ended = stretch_.open_ended;
    const bool leads = !stretch_.variables.empty() && stretch_.variables[0].first == 0;
    if (leads) mark.text = out_[stretch_.variables[0].second].text;
    if (LeadsOut(mark.text)) mark.link.tracked = false;
    for (const auto& [at, token] : stretch_.variables) {
      if (known && at > 0 && stretch_.sample[at - 1] == '=') out_[token].insertion = Insertion::kPercent;
      if (known && at == 0 && out_[token].insertion == Insertion::kMarkdown) {
        out_[token].insertion = Insertion::kOneLine;
      }
      mark.link.mixed |= at > 0 && !stretch_.whole && out_[token].insertion != Insertion::kPercent;
    }
    const bool checked = !context_.rules.restricts() || (known && !leads);
    if (checked && !mark.link.tracked) return;
    out_.insert(end, std::move(mark));
    Token start;
    start.kind = Token::Kind::kLinkStart;
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(stretch_.first_token), std::move(start));
  }

  const LinkText kind_;
  const LinkContext& context_;
  absl::string_view field_path_;
  HtmlPosition html_;
  Stretch stretch_;
  // The next character begins a token of its own.
  bool fresh_ = false;
  bool after_section_ = false;
  int depth_ = 0;
  std::vector<Token> out_;
  std::string forbidden_;
  absl::Status fault_;
};

}  // namespace

absl::Status MarkLinks(LinkText kind, const LinkContext& context, absl::string_view field_path,
                       std::vector<Token>& tokens) {
  return LinkMarker(kind, context).Mark(field_path, tokens);
}

std::string FindForbiddenLink(LinkText kind, const LinkRules& rules, absl::string_view text) {
  const std::vector<std::string> none;
  const auto no_constants = [](absl::string_view) { return std::string(); };
  const LinkContext context{rules, no_constants, none, /*tracks=*/false};
  LinkMarker marker(kind, context);
  std::vector<Token> tokens(1);
  tokens[0].text = std::string(text);
  marker.Mark("text", tokens).IgnoreError();
  return marker.forbidden();
}

}  // namespace campaign::generator
