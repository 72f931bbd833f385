#include "services/generator/template_program.h"

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::generator {
namespace {

namespace mustache = kainjow::mustache;

constexpr int kMaxDepth = 16;

// Of one line of a template.
struct Token {
  enum class Kind { kText, kNewline, kVariable, kSection, kInvertedSection, kSectionEnd, kComment } kind;
  std::string text;  // Name of a variable or section.
};

bool IsVariableName(absl::string_view name) {
  if (name.empty() || name == ".") return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool IsBlank(const Token& token) {
  return token.kind == Token::Kind::kNewline ||
         (token.kind == Token::Kind::kText && absl::StripAsciiWhitespace(token.text).empty());
}

bool IsStructure(const Token& token) {
  return token.kind == Token::Kind::kSection || token.kind == Token::Kind::kInvertedSection ||
         token.kind == Token::Kind::kSectionEnd || token.kind == Token::Kind::kComment;
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

absl::Status CheckOneLine(absl::string_view source, absl::string_view field_path) {
  for (size_t i = 0; i < source.size(); ++i) {
    if (ControlLength(source.substr(i)) > 0) {
      return InvalidField(field_path, absl::StrCat("character ", i), "is a line break or control character");
    }
  }
  return absl::OkStatus();
}

}  // namespace

// Makes a program out of kainjow's tree.
class ProgramBuilder {
 public:
  ProgramBuilder(absl::string_view field_path, Insertion insertion, std::vector<std::string>& variables)
      : field_path_(field_path), variables_(variables) {
    program_.insertion_ = insertion;
  }

  absl::StatusOr<TemplateProgram> Build(const std::string& source) {
    if (ChangesDelimiters(source)) return InvalidField(field_path_, "{{=", "changes the delimiters");
    mustache::context<std::string> no_values;
    mustache::context_internal<std::string> context(no_values);
    mustache::component<std::string> root;
    std::string error;
    mustache::parser<std::string>(source, context, root, error);
    if (!error.empty()) return InvalidField(field_path_, "template", absl::StrCat("does not parse: ", error));
    RETURN_IF_ERROR(Flatten(root, /*depth=*/0));
    EmitLines();
    return std::move(program_);
  }

 private:
  using Component = mustache::component<std::string>;
  using Op = TemplateProgram::Instruction::Op;

  absl::Status Flatten(const Component& parent, int depth) {
    if (depth > kMaxDepth) return InvalidField(field_path_, depth, absl::StrCat("nested sections, above ", kMaxDepth));
    for (const Component& component : parent.children) RETURN_IF_ERROR(FlattenOne(component, depth));
    return absl::OkStatus();
  }

  absl::Status FlattenOne(const Component& component, int depth) {
    const std::string& name = component.tag.name;
    switch (component.tag.type) {
      case mustache::tag_type::text:
        tokens_.push_back({component.is_newline() ? Token::Kind::kNewline : Token::Kind::kText, component.text});
        return absl::OkStatus();
      case mustache::tag_type::comment:
        tokens_.push_back({Token::Kind::kComment, ""});
        return absl::OkStatus();
      case mustache::tag_type::unescaped_variable:
        if (program_.insertion_ == Insertion::kHtml) {
          return InvalidField(field_path_, absl::StrCat("{{{", name, "}}}"), "is not escaped; write two braces");
        }
        return FlattenVariable(name);
      case mustache::tag_type::variable:
        return FlattenVariable(name);
      case mustache::tag_type::section_begin:
        return FlattenSection(Token::Kind::kSection, component, depth);
      case mustache::tag_type::section_begin_inverted:
        return FlattenSection(Token::Kind::kInvertedSection, component, depth);
      default:
        return InvalidField(field_path_, name, "is a kind of Mustache tag that is not served here");
    }
  }

  absl::Status FlattenVariable(const std::string& name) {
    if (!IsVariableName(name)) return InvalidField(field_path_, absl::StrCat("{{", name, "}}"), "names no variable");
    tokens_.push_back({Token::Kind::kVariable, name});
    return absl::OkStatus();
  }

  absl::Status FlattenSection(Token::Kind kind, const Component& component, int depth) {
    const std::string& name = component.tag.name;
    if (!IsVariableName(name)) return InvalidField(field_path_, absl::StrCat("{{#", name, "}}"), "names no variable");
    tokens_.push_back({kind, name});
    RETURN_IF_ERROR(Flatten(component, depth + 1));
    tokens_.push_back({Token::Kind::kSectionEnd, name});
    return absl::OkStatus();
  }

  void EmitLines() {
    for (auto line = tokens_.begin(); line != tokens_.end();) {
      auto end = std::find_if(line, tokens_.end(), [](const Token& t) { return t.kind == Token::Kind::kNewline; });
      if (end != tokens_.end()) ++end;
      const bool standalone = std::any_of(line, end, IsStructure) &&
                              std::all_of(line, end, [](const Token& t) { return IsBlank(t) || IsStructure(t); });
      for (; line != end; ++line) {
        if (!(standalone && IsBlank(*line))) Emit(std::move(*line));
      }
    }
  }

  void Emit(Token token) {
    switch (token.kind) {
      case Token::Kind::kText:
      case Token::Kind::kNewline:
        return EmitText(token.text);
      case Token::Kind::kVariable:
        program_.instructions_.push_back({Op::kVariable, "", Slot(token.text), 0});
        break;
      case Token::Kind::kSection:
      case Token::Kind::kInvertedSection:
        open_sections_.push_back(program_.instructions_.size());
        program_.instructions_.push_back(
            {token.kind == Token::Kind::kSection ? Op::kSection : Op::kInvertedSection, "", Slot(token.text), 0});
        break;
      case Token::Kind::kSectionEnd:
        program_.instructions_[open_sections_.back()].end = program_.instructions_.size();
        open_sections_.pop_back();
        may_extend_text_ = false;
        return;
      case Token::Kind::kComment:
        return;
    }
    may_extend_text_ = false;
  }

  // A section's end is a place to jump to: text after it must not be joined to text before it.
  void EmitText(const std::string& text) {
    if (!may_extend_text_) program_.instructions_.push_back({});
    may_extend_text_ = true;
    program_.instructions_.back().text += text;
    program_.text_bytes_ += text.size();
  }

  int Slot(const std::string& name) {
    const auto known = std::find(variables_.begin(), variables_.end(), name);
    const auto slot = known - variables_.begin();
    if (known == variables_.end()) variables_.push_back(name);
    return static_cast<int>(slot);
  }

  const absl::string_view field_path_;
  std::vector<std::string>& variables_;
  TemplateProgram program_;
  std::vector<Token> tokens_;
  std::vector<size_t> open_sections_;
  bool may_extend_text_ = false;
};

absl::StatusOr<TemplateProgram> TemplateProgram::Compile(const std::string& source, Insertion insertion,
                                                         absl::string_view field_path,
                                                         std::vector<std::string>& variables) {
  if (insertion == Insertion::kOneLine) RETURN_IF_ERROR(CheckOneLine(source, field_path));
  return ProgramBuilder(field_path, insertion, variables).Build(source);
}

namespace {

bool IsPresent(const Value& value) { return !value.text.empty() && !value.is_fallback; }

}  // namespace

RenderResult TemplateProgram::Render(absl::Span<Value> values, size_t max_bytes, std::string& output) const {
  using Kind = RenderResult::Kind;
  output.reserve(output.size() + text_bytes_ + text_bytes_ / 4);
  for (size_t next = 0; next < instructions_.size();) {
    const Instruction& instruction = instructions_[next++];
    if (instruction.op == Instruction::Op::kText) {
      output.append(instruction.text);
    } else if (instruction.op == Instruction::Op::kVariable) {
      Value& value = values[instruction.slot];
      if (value.text.empty()) return {Kind::kVariableMissing, instruction.slot};
      value.used = true;
      AppendValue(value.text, insertion_, output);
    } else if (IsPresent(values[instruction.slot]) != (instruction.op == Instruction::Op::kSection)) {
      next = instruction.end;
    }
    if (output.size() > max_bytes) return {Kind::kTooLong, -1};
  }
  return {};
}

}  // namespace campaign::generator
