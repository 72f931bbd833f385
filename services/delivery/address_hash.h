#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "campaign/v1/types.pb.h"

namespace campaign::delivery {

// What the ledger keeps of an address so that a reply finds the dispatch that it answers: the first 64 bits of a
// SHA-256, of a phone number's digits alone. 0 for channels whose replies name the message that they answer, or that
// have none. Whoever has the ledger and a number can tell whether it was written to; a number cannot be read from it
// without trying them all.
int64_t AddressHash(v1::Channel channel, absl::string_view address);

}  // namespace campaign::delivery
