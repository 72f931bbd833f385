#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "campaign/v1/types.pb.h"

namespace campaign::generator {

// Why one customer gets no message.
inline v1::ItemError MakeItemError(absl::StatusCode code, const char* reason, std::string message) {
  v1::ItemError error;
  error.set_code(static_cast<int>(code));
  error.set_reason(reason);
  error.set_message(std::move(message));
  return error;
}

}  // namespace campaign::generator
