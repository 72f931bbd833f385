#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "campaign/v1/reason.pb.h"

namespace campaign::offer {

// Sets code and text, cutting a text that is longer than a reason may be.
void SetReason(v1::Reason& reason, absl::string_view code, std::string text);

// Cuts the text that somebody has built up in place.
void CutText(v1::Reason& reason);

// Adds a fact; `value` is cut to a fact's limit.
void AddFact(v1::Reason& reason, absl::string_view name, absl::string_view value);

}  // namespace campaign::offer
