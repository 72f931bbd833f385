#include "services/generator/template_parser.h"

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::generator {
namespace {

namespace mustache = kainjow::mustache;

constexpr int kMaxDepth = 16;
// Partials that include others many times each make a small configuration huge.
constexpr int kMaxIncludes = 256;

// What a text holds before partials are put in.
struct Piece {
  enum class Kind { kText, kNewline, kVariable, kSection, kInvertedSection, kSectionEnd, kComment, kPartial } kind;
  std::string text;  // Or the name.
};

bool IsVariableName(absl::string_view name) {
  if (name.empty() || name == ".") return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool IsBlank(const Piece& piece) {
  return piece.kind == Piece::Kind::kNewline ||
         (piece.kind == Piece::Kind::kText && absl::StripAsciiWhitespace(piece.text).empty());
}

bool IsPartial(const Piece& piece) { return piece.kind == Piece::Kind::kPartial; }

bool IsStructure(const Piece& piece) {
  return piece.kind == Piece::Kind::kSection || piece.kind == Piece::Kind::kInvertedSection ||
         piece.kind == Piece::Kind::kSectionEnd || piece.kind == Piece::Kind::kComment;
}

// kainjow would read the rest of the text with the new delimiters.
bool ChangesDelimiters(absl::string_view source) {
  for (size_t tag = source.find("{{"); tag != absl::string_view::npos; tag = source.find("{{", tag + 2)) {
    absl::string_view contents = source.substr(tag + 2);
    absl::ConsumePrefix(&contents, "{");
    if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(contents), "=")) return true;
  }
  return false;
}

absl::Status CheckOneLine(const TemplateText& source) {
  for (size_t i = 0; i < source.text.size(); ++i) {
    if (ControlLength(absl::string_view(source.text).substr(i)) > 0) {
      return InvalidField(source.field_path, absl::StrCat("character ", i), "is a line break or control character");
    }
  }
  return absl::OkStatus();
}

// Takes kainjow's tree apart into pieces.
class PieceReader {
 public:
  PieceReader(const TemplateText& source, Insertion insertion) : source_(source), insertion_(insertion) {}

  absl::StatusOr<std::vector<Piece>> Read() {
    if (ChangesDelimiters(source_.text)) return InvalidField(source_.field_path, "{{=", "changes the delimiters");
    mustache::context<std::string> no_values;
    mustache::context_internal<std::string> context(no_values);
    Component root;
    std::string error;
    mustache::parser<std::string>(source_.text, context, root, error);
    if (!error.empty()) return InvalidField(source_.field_path, "template", absl::StrCat("does not parse: ", error));
    RETURN_IF_ERROR(ReadAll(root, /*depth=*/0));
    return std::move(pieces_);
  }

 private:
  using Component = mustache::component<std::string>;

  absl::Status ReadAll(const Component& parent, int depth) {
    if (depth > kMaxDepth) {
      return InvalidField(source_.field_path, depth, absl::StrCat("nested sections, above ", kMaxDepth));
    }
    for (const Component& component : parent.children) RETURN_IF_ERROR(ReadOne(component, depth));
    return absl::OkStatus();
  }

  absl::Status ReadOne(const Component& component, int depth) {
    const std::string& name = component.tag.name;
    switch (component.tag.type) {
      case mustache::tag_type::text:
        pieces_.push_back({component.is_newline() ? Piece::Kind::kNewline : Piece::Kind::kText, component.text});
        return absl::OkStatus();
      case mustache::tag_type::comment:
        pieces_.push_back({Piece::Kind::kComment, ""});
        return absl::OkStatus();
      case mustache::tag_type::unescaped_variable:
        if (insertion_ == Insertion::kHtml && !source_.escape) {
          return InvalidField(source_.field_path, absl::StrCat("{{{", name, "}}}"), "is not escaped; write two braces");
        }
        return Add(Piece::Kind::kVariable, "{{", name);
      case mustache::tag_type::variable:
        return Add(Piece::Kind::kVariable, "{{", name);
      case mustache::tag_type::partial:
        return Add(Piece::Kind::kPartial, "{{>", name);
      case mustache::tag_type::section_begin:
        return ReadSection(Piece::Kind::kSection, component, depth);
      case mustache::tag_type::section_begin_inverted:
        return ReadSection(Piece::Kind::kInvertedSection, component, depth);
      default:
        return InvalidField(source_.field_path, name, "is a kind of Mustache tag that is not served here");
    }
  }

  absl::Status Add(Piece::Kind kind, absl::string_view tag, const std::string& name) {
    if (!IsVariableName(name)) {
      return InvalidField(source_.field_path, absl::StrCat(tag, name, "}}"), "names no variable or partial");
    }
    pieces_.push_back({kind, name});
    return absl::OkStatus();
  }

  absl::Status ReadSection(Piece::Kind kind, const Component& component, int depth) {
    RETURN_IF_ERROR(Add(kind, "{{#", component.tag.name));
    RETURN_IF_ERROR(ReadAll(component, depth + 1));
    pieces_.push_back({Piece::Kind::kSectionEnd, component.tag.name});
    return absl::OkStatus();
  }

  const TemplateText& source_;
  const Insertion insertion_;
  std::vector<Piece> pieces_;
};

// Puts texts together line by line, partials in their places.
class Assembler {
 public:
  Assembler(Insertion insertion, PartialFinder find) : insertion_(insertion), find_(find) {}

  absl::Status Add(const TemplateText& source, const std::string& indentation) {
    if (insertion_ == Insertion::kOneLine || insertion_ == Insertion::kHeader) RETURN_IF_ERROR(CheckOneLine(source));
    ASSIGN_OR_RETURN(const std::vector<Piece> pieces, PieceReader(source, insertion_).Read());
    for (auto line = pieces.begin(); line != pieces.end();) {
      auto end = std::find_if(line, pieces.end(), [](const Piece& p) { return p.kind == Piece::Kind::kNewline; });
      if (end != pieces.end()) ++end;
      RETURN_IF_ERROR(AddLine(line, end, source, indentation));
      line = end;
    }
    return absl::OkStatus();
  }

  std::vector<Token> TakeTokens() { return std::move(tokens_); }

 private:
  using Iterator = std::vector<Piece>::const_iterator;

  absl::Status AddLine(Iterator line, Iterator end, const TemplateText& source, const std::string& indentation) {
    const auto is_tag = [](const Piece& piece) { return !IsBlank(piece); };
    const Iterator tag = std::find_if(line, end, is_tag);
    if (tag != end && IsPartial(*tag) && std::none_of(tag + 1, end, is_tag)) {
      std::string inner = indentation;
      for (; line != tag; ++line) inner += line->text;
      return Include(tag->text, source, inner);
    }
    if (tag != end && std::all_of(line, end, [](const Piece& p) { return IsBlank(p) || IsStructure(p); })) {
      for (; line != end; ++line) {
        if (IsStructure(*line)) RETURN_IF_ERROR(AddPiece(*line, source));
      }
      return absl::OkStatus();
    }
    if (!indentation.empty() && tag != end) AddText(indentation);
    for (; line != end; ++line) RETURN_IF_ERROR(AddPiece(*line, source));
    return absl::OkStatus();
  }

  absl::Status AddPiece(const Piece& piece, const TemplateText& source) {
    switch (piece.kind) {
      case Piece::Kind::kText:
      case Piece::Kind::kNewline:
        AddText(source.escape ? Escaped(piece.text) : piece.text);
        break;
      case Piece::Kind::kVariable:
        tokens_.push_back({Token::Kind::kVariable, piece.text, insertion_});
        break;
      case Piece::Kind::kSection:
        tokens_.push_back({Token::Kind::kSection, piece.text});
        break;
      case Piece::Kind::kInvertedSection:
        tokens_.push_back({Token::Kind::kInvertedSection, piece.text});
        break;
      case Piece::Kind::kSectionEnd:
        tokens_.push_back({Token::Kind::kSectionEnd, piece.text});
        break;
      case Piece::Kind::kComment:
        break;
      case Piece::Kind::kPartial:
        return Include(piece.text, source, "");
    }
    return absl::OkStatus();
  }

  absl::Status Include(const std::string& name, const TemplateText& source, const std::string& indentation) {
    const std::string tag = absl::StrCat("{{>", name, "}}");
    const bool inside = std::find(chain_.begin(), chain_.end(), name) != chain_.end();
    chain_.push_back(name);
    if (inside) {
      return InvalidField(source.field_path, tag, absl::StrCat("includes itself: ", absl::StrJoin(chain_, " → ")));
    }
    if (++include_count_ > kMaxIncludes || chain_.size() > kMaxDepth) {
      return InvalidField(source.field_path, tag,
                          absl::StrCat("is one of more than ", kMaxIncludes, " partials, or ", kMaxDepth, " deep"));
    }
    const absl::optional<TemplateText> partial = find_(name);
    if (!partial.has_value()) {
      return InvalidField(source.field_path, tag, "is no partial of the template, the campaign or the brand");
    }
    RETURN_IF_ERROR(Add(*partial, indentation));
    chain_.pop_back();
    return absl::OkStatus();
  }

  void AddText(const std::string& text) {
    const bool extends = !tokens_.empty() && tokens_.back().kind == Token::Kind::kText;
    if (!extends) tokens_.emplace_back();
    tokens_.back().text += text;
  }

  static std::string Escaped(const std::string& text) {
    std::string html;
    AppendHtml(text, html);
    return html;
  }

  const Insertion insertion_;
  const PartialFinder find_;
  std::vector<std::string> chain_;
  int include_count_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

absl::StatusOr<std::vector<Token>> ParseTemplate(const TemplateText& source, Insertion insertion, PartialFinder find) {
  Assembler assembler(insertion, find);
  RETURN_IF_ERROR(assembler.Add(source, ""));
  return assembler.TakeTokens();
}

}  // namespace campaign::generator
