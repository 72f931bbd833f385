#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace campaign::orchestrator {

// A customer run's key: the campaign run's number and the position in it, so that a run's customers lie together.
inline int64_t CustomerRunKey(int64_t run_number, int64_t sequence) { return run_number << 32 | sequence; }
inline int64_t RunNumberOf(int64_t customer_run) { return customer_run >> 32; }
inline int64_t SequenceOf(int64_t customer_run) { return customer_run & 0xffffffff; }

// A customer run's name: the campaign run's id and the position in it, "r4kx0c9w2m7a-17".
inline std::string CustomerRunName(absl::string_view run_id, int64_t sequence) {
  return absl::StrCat(run_id, "-", sequence);
}

// Its two parts; nullopt where the name is not of that form.
inline absl::optional<std::pair<std::string, int64_t>> ParseCustomerRunName(absl::string_view name) {
  const size_t dash = name.rfind('-');
  int64_t sequence = 0;
  if (dash == absl::string_view::npos || !absl::SimpleAtoi(name.substr(dash + 1), &sequence) || sequence < 0) {
    return absl::nullopt;
  }
  return std::make_pair(std::string(name.substr(0, dash)), sequence);
}

}  // namespace campaign::orchestrator
