#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace campaign {

// The one conversion between the two: same code, same message.
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace campaign
