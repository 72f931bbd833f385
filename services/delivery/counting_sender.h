#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "services/delivery/channel_sender.h"

namespace campaign::delivery {

// Counts messages and drops them; logs the total when it ends. For benchmarks. Thread-safe.
class CountingSender final : public ChannelSender {
 public:
  ~CountingSender() override;

  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) override;
  // It would count a message twice.
  bool deduplicates() const override { return false; }
  absl::string_view provider() const override { return "count"; }

  int64_t count() const { return count_; }

 private:
  std::atomic<int64_t> count_ = 0;
};

}  // namespace campaign::delivery
