#pragma once

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace campaign {

// Where time comes from. Only `main` makes a SystemClock; everything else is handed a Clock. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The machine's clock.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
};

google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace campaign
