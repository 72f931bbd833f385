#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// Stand-ins for the macros of newer Abseil releases.
#define RETURN_IF_ERROR(expression)                          \
  do {                                                       \
    absl::Status status_macro_value = expression;            \
    if (!status_macro_value.ok()) return status_macro_value; \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_NAMED(STATUS_CONCAT(status_or_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_NAMED(name, declaration, expression) \
  auto name = (expression);                                   \
  if (!name.ok()) return std::move(name).status();            \
  declaration = *std::move(name)
#define STATUS_CONCAT(a, b) STATUS_CONCAT_INNER(a, b)
#define STATUS_CONCAT_INNER(a, b) a##b

namespace campaign {

// INVALID_ARGUMENT in the one form that all services use, "<field path>: <value> <bound>", such as
// `offers.actions[2].discount_bps: 12000 is above 10000`. campaignctl finds the line of a campaign file by the path.
template <class Value>
absl::Status InvalidField(absl::string_view field_path, const Value& value, absl::string_view bound) {
  return absl::InvalidArgumentError(absl::StrCat(field_path, ": ", value, " ", bound));
}

// The same status with `prefix` and a dot before the field path in its message; for nested validation.
absl::Status WithFieldPrefix(absl::string_view prefix, const absl::Status& status);

}  // namespace campaign
