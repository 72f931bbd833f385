#include "services/delivery/sender_options.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/delivery/counting_sender.h"

namespace campaign::delivery {

namespace {

absl::Status RequireFlag(absl::string_view name, const std::string& value) {
  if (!value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", name, " is required for provider spool"));
}

}  // namespace

absl::Status CheckSender(const std::string& provider, const SpoolOptions& spool) {
  if (provider == "count") return absl::OkStatus();
  if (provider != "spool") return InvalidField("--provider", provider, "is neither spool nor count");
  RETURN_IF_ERROR(RequireFlag("spool", spool.folder));
  RETURN_IF_ERROR(RequireFlag("sender_address", spool.sender_address));
  return SpoolSender::Check(spool);
}

absl::StatusOr<std::unique_ptr<ChannelSender>> MakeSender(const std::string& provider, const SpoolOptions& spool,
                                                          const Clock& clock) {
  RETURN_IF_ERROR(CheckSender(provider, spool));
  if (provider == "count") return std::make_unique<CountingSender>();
  return SpoolSender::Open(spool, clock);
}

}  // namespace campaign::delivery
