#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/generator/insertion.h"

namespace campaign::generator {

// What a variable stands for while one message is written.
struct Value {
  absl::string_view text;
  // `text` is the campaign's substitute for what the customer lacks.
  bool is_fallback = false;
  // Set by Render where the value went into the text.
  bool used = false;
};

// How a rendering ended.
struct RenderResult {
  enum class Kind { kOk, kVariableMissing, kTooLong } kind = Kind::kOk;
  // Of kVariableMissing: which variable.
  int slot = -1;
};

// One Mustache text, parsed by kainjow's library and flattened: runs of plain text, and variables resolved to numbers.
// kainjow's own renderer handles each blank of a text on its own, which makes an HTML e-mail cost a hundred times more.
// Lines that hold nothing but section tags or comments vanish, as the Mustache specification has it.
// Immutable, so thread-safe. Values are inserted once and never read as Mustache.
class TemplateProgram {
 public:
  // `variables` numbers the variables of all texts of a message; names that are new are added.
  // INVALID_ARGUMENT "<field_path>: ...": does not parse; a tag that is not served (partial, other delimiters, {{.}});
  // an unescaped variable in HTML; in a text of one line a control character.
  static absl::StatusOr<TemplateProgram> Compile(const std::string& source, Insertion insertion,
                                                 absl::string_view field_path, std::vector<std::string>& variables);

  // Appends the text to `output`. A variable without a value ends it. A section asks whether the customer has a value
  // of their own: a fallback is none. `max_bytes` bounds the output.
  RenderResult Render(absl::Span<Value> values, size_t max_bytes, std::string& output) const;

 private:
  friend class ProgramBuilder;

  struct Instruction {
    enum class Op { kText, kVariable, kSection, kInvertedSection } op = Op::kText;
    std::string text;
    int slot = -1;
    // Of sections: where to go on if they are skipped.
    size_t end = 0;
  };

  Insertion insertion_ = Insertion::kVerbatim;
  size_t text_bytes_ = 0;
  std::vector<Instruction> instructions_;
};

}  // namespace campaign::generator
