#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace campaign::delivery {

// Names and values.
using FormFields = std::vector<std::pair<std::string, std::string>>;

// The fields of an application/x-www-form-urlencoded body in order, decoded; any bytes may come out. A percent sign
// that two hexadecimal digits do not follow stands for itself (WHATWG URL, "percent-decode"). Null: more than 512.
absl::optional<FormFields> ReadForm(absl::string_view body);

// The first value under a name; empty if there is none.
absl::string_view FindField(const FormFields& fields, absl::string_view name);

}  // namespace campaign::delivery
