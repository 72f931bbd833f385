#include "services/offer/reasons.h"

#include <utility>

namespace campaign::offer {
namespace {

// Limits of v1.Reason and v1.Fact.
constexpr size_t kMaxTextBytes = 1024;
constexpr size_t kMaxFactBytes = 2048;

// The longest start of `text` within `max_bytes` that does not end inside a UTF-8 character.
absl::string_view Cut(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

void Assign(std::string& target, absl::string_view text) { target.assign(text.data(), text.size()); }

}  // namespace

void SetReason(v1::Reason& reason, absl::string_view code, std::string text) {
  Assign(*reason.mutable_code(), code);
  text.resize(Cut(text, kMaxTextBytes).size());
  *reason.mutable_text() = std::move(text);
}

void CutText(v1::Reason& reason) {
  std::string& text = *reason.mutable_text();
  text.resize(Cut(text, kMaxTextBytes).size());
}

void AddFact(v1::Reason& reason, absl::string_view name, absl::string_view value) {
  v1::Fact& fact = *reason.add_facts();
  Assign(*fact.mutable_name(), name);
  Assign(*fact.mutable_value(), Cut(value, kMaxFactBytes));
}

}  // namespace campaign::offer
