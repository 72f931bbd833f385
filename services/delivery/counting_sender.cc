#include "services/delivery/counting_sender.h"

#include "common/log.h"

namespace campaign::delivery {

CountingSender::~CountingSender() { LOG(INFO) << "counted " << count_ << " messages; none was sent"; }

std::vector<SendOutcome> CountingSender::Send(absl::Span<const OutgoingMessage> messages) {
  count_ += static_cast<int64_t>(messages.size());
  return std::vector<SendOutcome>(messages.size(), SendOutcome::Accepted());
}

}  // namespace campaign::delivery
