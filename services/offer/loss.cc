#include "services/offer/loss.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "services/offer/reasons.h"

namespace campaign::offer {
namespace {

// Limit of Reason.facts.
constexpr int kMaxFacts = 16;

}  // namespace

std::string& Loss::AddChange(absl::string_view code, absl::string_view name, absl::string_view value) {
  v1::Reason& change = *losing_.mutable_smallest_change();
  std::string& text = *change.mutable_text();
  if (change.code().empty()) {
    change.mutable_code()->assign(code.data(), code.size());
    text.reserve(96);
  } else {
    text.append("; ");
  }
  if (change.facts_size() < kMaxFacts) AddFact(change, name, value);
  return text;
}

void Loss::Finish() {
  if (hopeless_) return losing_.clear_smallest_change();
  if (losing_.has_smallest_change()) CutText(*losing_.mutable_smallest_change());
}

std::string AmountText(double amount) {
  constexpr double kExact = 1e13;
  if (!(std::abs(amount) < kExact)) return absl::StrCat(std::abs(amount));
  // A little less than it is: 0.1 + 0.2 is not to become 0.31.
  const auto hundredths = static_cast<int64_t>(std::ceil(std::abs(amount) * 100 - 1e-6));
  if (hundredths % 100 == 0) return absl::StrCat(hundredths / 100);
  return absl::StrCat(hundredths / 100, hundredths % 100 < 10 ? ".0" : ".", hundredths % 100);
}

}  // namespace campaign::offer
