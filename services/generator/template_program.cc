#include "services/generator/template_program.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/generator/link_end.h"

namespace campaign::generator {

// Makes instructions out of tokens.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(std::vector<std::string>& variables) : variables_(variables) {}

  TemplateProgram Build(std::vector<Token> tokens) {
    for (Token& token : tokens) Emit(token);
    return std::move(program_);
  }

 private:
  using Op = TemplateProgram::Instruction::Op;

  void Emit(const Token& token) {
    switch (token.kind) {
      case Token::Kind::kText:
        return EmitText(token.text);
      case Token::Kind::kVariable:
        Add(Op::kVariable).slot = Slot(token.text);
        program_.instructions_.back().insertion = token.insertion;
        break;
      case Token::Kind::kSection:
      case Token::Kind::kInvertedSection:
        open_sections_.push_back(program_.instructions_.size());
        Add(token.kind == Token::Kind::kSection ? Op::kSection : Op::kInvertedSection).slot = Slot(token.text);
        break;
      case Token::Kind::kSectionEnd:
        program_.instructions_[open_sections_.back()].end = program_.instructions_.size();
        open_sections_.pop_back();
        break;
      case Token::Kind::kLinkStart:
        Add(Op::kLinkStart);
        break;
      case Token::Kind::kLinkEnd:
        Add(Op::kLinkEnd).link = token.link;
        program_.instructions_.back().link.slot = token.text.empty() ? -1 : Slot(token.text);
        break;
    }
    may_extend_text_ = false;
  }

  TemplateProgram::Instruction& Add(Op op) {
    program_.instructions_.emplace_back();
    program_.instructions_.back().op = op;
    return program_.instructions_.back();
  }

  // A section's end is a place to jump to: text after it must not be joined to text before it.
  void EmitText(const std::string& text) {
    if (!may_extend_text_) Add(Op::kText);
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

  std::vector<std::string>& variables_;
  TemplateProgram program_;
  std::vector<size_t> open_sections_;
  bool may_extend_text_ = false;
};

absl::StatusOr<TemplateProgram> TemplateProgram::Make(std::vector<Token> tokens, LinkText kind, size_t max_bytes,
                                                      absl::string_view field_path,
                                                      std::vector<std::string>& variables) {
  TemplateProgram program = ProgramBuilder(variables).Build(std::move(tokens));
  program.kind_ = kind;
  program.max_bytes_ = max_bytes;
  if (program.text_bytes_ > max_bytes) {
    return InvalidField(field_path, absl::StrCat(program.text_bytes_, " bytes with its partials"),
                        absl::StrCat("is above ", max_bytes));
  }
  return program;
}

bool TemplateProgram::Names(int slot) const {
  return std::any_of(instructions_.begin(), instructions_.end(),
                     [slot](const Instruction& instruction) { return instruction.slot == slot; });
}

bool TemplateProgram::Needs(int slot) const {
  using Op = Instruction::Op;
  for (size_t next = 0; next < instructions_.size();) {
    const Instruction& instruction = instructions_[next++];
    if (instruction.slot != slot) continue;
    if (instruction.op == Op::kVariable) return true;
    if (instruction.op == Op::kSection) next = instruction.end;
  }
  return false;
}

namespace {

bool IsPresent(const Value& value) { return !value.text.empty() && !value.is_fallback; }

}  // namespace

RenderResult TemplateProgram::Render(absl::Span<Value> values, const MessageLinks& links, std::string& output) const {
  using Kind = RenderResult::Kind;
  using Op = Instruction::Op;
  output.reserve(output.size() + text_bytes_ + text_bytes_ / 4);
  size_t link_start = 0;
  bool unclear = false;
  for (size_t next = 0; next < instructions_.size();) {
    const Instruction& instruction = instructions_[next++];
    switch (instruction.op) {
      case Op::kText:
        output.append(instruction.text);
        break;
      case Op::kVariable: {
        Value& value = values[instruction.slot];
        if (value.text.empty()) return {Kind::kVariableMissing, instruction.slot};
        value.used = true;
        if (!AppendValue(value.text, instruction.insertion, output)) return {Kind::kControlCharacter, instruction.slot};
        break;
      }
      case Op::kSection:
        if (!IsPresent(values[instruction.slot])) next = instruction.end;
        break;
      case Op::kInvertedSection:
        if (IsPresent(values[instruction.slot])) next = instruction.end;
        break;
      case Op::kLinkStart:
        link_start = output.size();
        break;
      case Op::kLinkEnd: {
        const LinkMark& mark = instruction.link;
        const bool is_known = mark.known && (mark.slot < 0 || values[mark.slot].is_constant);
        const LinkOutcome outcome = EndLink(mark, is_known, kind_ == LinkText::kHtml, links, link_start, output);
        if (outcome == LinkOutcome::kForbidden) return {Kind::kLinkForbidden, -1, output.substr(link_start)};
        unclear |= outcome == LinkOutcome::kUnclear;
        break;
      }
    }
    if (output.size() > max_bytes_) return {Kind::kTooLong};
  }
  if (!unclear) return {};
  std::string link = FindForbiddenLink(kind_, links.rules, output);
  if (link.empty()) return {};
  return {Kind::kLinkForbidden, -1, std::move(link)};
}

}  // namespace campaign::generator
