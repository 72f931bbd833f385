#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/generator/insertion.h"
#include "services/generator/link_marking.h"
#include "services/generator/link_rules.h"
#include "services/generator/template_parser.h"

namespace campaign::generator {

// What a variable stands for while one message is written.
struct Value {
  absl::string_view text;
  // `text` is the campaign's substitute for what the customer lacks.
  bool is_fallback = false;
  // `text` is the campaign's own, the same for every customer.
  bool is_constant = false;
  // Set by Render where the value went into the text.
  bool used = false;
};

// How a rendering ended.
struct RenderResult {
  enum class Kind { kOk, kVariableMissing, kTooLong, kControlCharacter, kLinkForbidden } kind = Kind::kOk;
  // Of kVariableMissing and kControlCharacter: which variable.
  int slot = -1;
  // Of kLinkForbidden.
  std::string link = {};
};

// What one message's links follow and carry.
struct MessageLinks {
  const LinkRules& rules;
  // "utm_source=a&utm_medium=b"; percent-encoded. Empty: nothing.
  absl::string_view tracking = {};
  // Starts of addresses that unsubscribe.
  const std::vector<std::string>& unsubscribing;
};

// One Mustache text, flattened: runs of plain text, variables resolved to numbers, and the places where links end.
// kainjow's own renderer handles each blank of a text on its own, which makes an HTML e-mail cost a hundred times more.
// Immutable, so thread-safe. Values are inserted once and never read as Mustache.
class TemplateProgram {
 public:
  TemplateProgram() = default;

  // `variables` numbers the variables of all texts of a message; names that are new are added. INVALID_ARGUMENT
  // "<field_path>: ...": its own text alone is longer than `max_bytes`.
  static absl::StatusOr<TemplateProgram> Make(std::vector<Token> tokens, LinkText kind, size_t max_bytes,
                                              absl::string_view field_path, std::vector<std::string>& variables);

  // Appends the text to `output`. A variable without a value ends it. A section asks whether the customer has a value
  // of their own: a fallback is none.
  RenderResult Render(absl::Span<Value> values, const MessageLinks& links, std::string& output) const;

  // Whether the variable's value goes into the text, or decides what does.
  bool Names(int slot) const;
  // Whether it may go into the text where no section has asked for it, so that without a value there is no text.
  bool Needs(int slot) const;

  bool empty() const { return instructions_.empty(); }
  size_t max_bytes() const { return max_bytes_; }

 private:
  friend class ProgramBuilder;

  struct Instruction {
    enum class Op { kText, kVariable, kSection, kInvertedSection, kLinkStart, kLinkEnd } op = Op::kText;
    Insertion insertion = Insertion::kVerbatim;
    int slot = -1;
    // Of sections: where to go on if they are skipped.
    size_t end = 0;
    LinkMark link = {};
    std::string text = {};
  };

  LinkText kind_ = LinkText::kRunning;
  size_t max_bytes_ = 0;
  size_t text_bytes_ = 0;
  std::vector<Instruction> instructions_;
};

}  // namespace campaign::generator
